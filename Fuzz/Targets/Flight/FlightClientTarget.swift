import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2

@testable import MarbleFlight

/// What a server sends a client that has one call of each kind open, from its first byte on.
///
/// The first byte says in pieces of how many bytes the rest arrives; 0: in one. The second says which
/// method has the first stream. Every call must have ended exactly once when the connection is closed.
enum FlightClientTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        var input = FuzzInput(bytes)
        let pieceByteCount = Int(input.byte())
        let client = EmbeddedClient(first: Int(input.byte()))
        while !input.isEmpty, client.isOpen {
            let piece = pieceByteCount == 0 ? input.takeRest() : input.take(pieceByteCount)
            client.receive(ByteBuffer(copying: piece))
        }
        let outcome: FuzzTarget.Outcome = client.hasAnswer ? .accepted : .refused
        client.end()
        return outcome
    }
}

/// A client's side of one connection, without a socket: the handlers that a real one has.
private final class EmbeddedClient {
    private static let metrics = FlightMetrics(client: nil, peer: "the server")

    private let channel = EmbeddedChannel()
    private let budget = BufferBudget(byteCountMax: 1 << 22)
    private let calls: [Call]

    init(first: Int) {
        let methods = FlightMethod.allCases
        let position = first % methods.count
        calls = (methods[position...] + methods[..<position]).map { Call($0) }
        let configuration = FlightClientConfiguration(host: "localhost", port: 1)
        let connection = FlightConnectionHandler(peerName: "the server")
        do {
            let http2 = try HTTP2Connection.add(
                to: channel, .client, configuration.http2, handler: connection)
            try channel.connect(to: SocketAddress(unixDomainSocketPath: "/fuzz")).wait()
            for call in calls { open(call, http2, connection, configuration) }
        } catch {
            fatalError("a connection can't be begun: \(error)")
        }
        channel.embeddedEventLoop.run()
        takeOutput()
    }

    var isOpen: Bool { channel.isActive }
    var hasAnswer: Bool { calls.contains { $0.hasAnswer } }

    func receive(_ bytes: ByteBuffer) {
        _ = try? channel.writeInbound(bytes)
        channel.embeddedEventLoop.run()
        takeOutput()
    }

    /// Closes the connection and looks whether all of it is gone.
    func end() {
        _ = try? channel.finish(acceptAlreadyClosed: true)
        channel.embeddedEventLoop.run()
        takeOutput()
        for call in calls {
            precondition(call.endCount == 1, "\(call.method) ended \(call.endCount) times")
        }
        precondition(budget.usedByteCount == 0, "\(budget.usedByteCount) bytes are still held")
    }

    private func open(
        _ call: Call, _ http2: HTTP2Connection, _ connection: FlightConnectionHandler,
        _ configuration: FlightClientConfiguration
    ) {
        let limits = FlightStreamLimits(
            messageByteCountMax: 1 << 20, writeHighWatermark: configuration.writeHighWatermark,
            writeLowWatermark: configuration.writeLowWatermark, budget: budget,
            metrics: Self.metrics, tracing: nil)
        let stream = FlightStream(
            method: call.method, role: .client, eventLoop: channel.eventLoop, limits: limits)
        stream.headersToSend = [
            ":method": "POST", ":scheme": "http", ":path": call.method.path,
            ":authority": "localhost", "te": "trailers", "content-type": "application/grpc",
        ]
        stream.delegate = call
        stream.send(FlightData())
        stream.endInput()
        let transport = http2.open()
        transport.attach(stream)
        stream.attach(transport, connection: connection)
    }

    private func takeOutput() {
        while (try? channel.readOutbound(as: IOData.self)) != nil {}
        while (try? channel.readInbound(as: HTTP2Frame.self)) != nil {}
    }
}

/// One call, which counts what becomes of it.
private final class Call: FlightStreamDelegate {
    let method: FlightMethod
    private(set) var hasAnswer = false
    private(set) var endCount = 0

    init(_ method: FlightMethod) {
        self.method = method
    }

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        precondition(endCount == 0, "a message came after the end")
        hasAnswer = true
    }

    func flightStreamInputEnded(_ stream: FlightStream) {}

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {
        endCount += 1
    }
}
