import Logging
import NIOCore
import NIOEmbedded

@testable import MarbleFlight

/// One connection of a server, without a socket.
final class EmbeddedServer {
    /// Shared by all connections, as in a real server; they come one after the other.
    private static let server: FlightServer = {
        var configuration = FlightServerConfiguration()
        configuration.messageByteCountMax = 1 << 20
        configuration.partialMessagesByteCountMax = 1 << 22
        let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
        return FlightServer(configuration: configuration, service: EchoService(), logger: logger)
    }()

    private let channel = EmbeddedChannel()

    init() {
        do {
            try channel.connect(to: SocketAddress(unixDomainSocketPath: "/fuzz")).wait()
            try Self.server.accept(channel)
        } catch {
            fatalError("a connection can't be begun: \(error)")
        }
    }

    var isOpen: Bool { channel.isActive }

    func receive(_ bytes: ByteBuffer) {
        _ = try? channel.writeInbound(bytes)
        channel.embeddedEventLoop.run()
        takeOutput()
    }

    /// Lets the connection's time run out, closes it, and looks whether all of it is gone.
    func end() {
        channel.embeddedEventLoop.advanceTime(by: .minutes(3))
        takeOutput()
        _ = try? channel.finish(acceptAlreadyClosed: true)
        channel.embeddedEventLoop.run()
        takeOutput()
        precondition(!channel.isActive, "the connection stays open")
        let counters = Self.server.counters
        precondition(counters.connectionsOpen == 0, "the connection isn't forgotten")
        precondition(
            counters.callsOpen == 0, "\(counters.callsOpen) calls outlive their connection")
        precondition(
            counters.partialMessageByteCount == 0,
            "\(counters.partialMessageByteCount) bytes are still held")
    }

    private func takeOutput() {
        while (try? channel.readOutbound(as: IOData.self)) != nil {}
        while (try? channel.readInbound(as: ByteBuffer.self)) != nil {}
    }
}

/// Sends back every message, on the event loop.
private struct EchoService: FlightService {
    func streamDelegate(for call: FlightCall) -> (any FlightStreamDelegate)? { Echo() }

    private final class Echo: FlightStreamDelegate {
        func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
            stream.send(contentsOf: messages)
        }

        func flightStreamInputEnded(_ stream: FlightStream) {
            stream.finish()
        }

        func flightStream(_ stream: FlightStream, closed error: FlightError?) {}
    }
}
