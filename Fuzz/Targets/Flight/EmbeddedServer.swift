import Logging
import NIOCore
import NIOEmbedded

@testable import MarbleFlight

/// One connection of a server, without a socket.
final class EmbeddedServer {
    // Shared by all connections, as in a real server; they come one after the other.
    private static let open = makeServer(nil)
    private static let guarded = makeServer(FuzzAuthenticator())

    private let server: FlightServer
    private let channel = EmbeddedChannel()

    /// - Parameter authenticates: Whether the server asks who calls.
    init(authenticates: Bool) {
        server = authenticates ? Self.guarded : Self.open
        JobsOfThread.keep()
        do {
            try channel.connect(to: SocketAddress(unixDomainSocketPath: "/fuzz")).wait()
            try server.accept(channel)
        } catch {
            fatalError("a connection can't be begun: \(error)")
        }
    }

    private static func makeServer(_ authenticator: (any FlightAuthenticator)?) -> FlightServer {
        var configuration = FlightServerConfiguration()
        configuration.messageByteCountMax = 1 << 20
        configuration.partialMessagesByteCountMax = 1 << 22
        configuration.authenticator = authenticator
        configuration.resources = [
            FlightHTTPResource(path: "/page", requiredRole: .writer) {
                FlightHTTPResponse(body: ByteBuffer(string: "{}"))
            }
        ]
        let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
        return FlightServer(configuration: configuration, service: EchoService(), logger: logger)
    }

    var isOpen: Bool { channel.isActive }

    /// - Returns: what the server sends.
    @discardableResult
    func receive(_ bytes: ByteBuffer) -> ByteBuffer {
        _ = try? channel.writeInbound(bytes)
        return settle()
    }

    /// Lets the connection's time run out, closes it, and looks whether all of it is gone.
    func end() {
        channel.embeddedEventLoop.advanceTime(by: .minutes(3))
        _ = settle()
        _ = try? channel.finish(acceptAlreadyClosed: true)
        _ = settle()
        JobsOfThread.letGo()
        precondition(!channel.isActive, "the connection stays open")
        let counters = server.counters
        precondition(counters.connectionsOpen == 0, "the connection isn't forgotten")
        precondition(
            counters.callsOpen == 0, "\(counters.callsOpen) calls outlive their connection")
        precondition(
            counters.partialMessageByteCount == 0,
            "\(counters.partialMessageByteCount) bytes are still held")
    }

    /// Goes on until neither the loop nor a task has anything to do.
    /// - Returns: what was sent.
    private func settle() -> ByteBuffer {
        repeat { channel.embeddedEventLoop.run() } while JobsOfThread.run()
        while (try? channel.readInbound(as: ByteBuffer.self)) != nil {}
        var sent = ByteBuffer()
        while case .byteBuffer(let bytes)? = try? channel.readOutbound(as: IOData.self) {
            sent.writeImmutableBuffer(bytes)
        }
        return sent
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
