import Logging
import MarbleFlight
import NIOCore
import Testing

@testable import MarbleCluster

/// Transports without a Raft server on top, for any bytes.
@Suite("ArrowFlightTransport", .serialized, .timeLimit(.minutes(5)))
struct ArrowFlightTransportTests {
    private func with(
        _ count: Int, _ body: ([ArrowFlightTransport]) async throws -> Void
    ) async throws {
        var logger = Logger(label: "transport")
        logger.logLevel = .critical
        let transports = try TestCluster.freePorts(count).map {
            ArrowFlightTransport(localEndpoint: "127.0.0.1:\($0)", logger: logger)
        }
        for transport in transports { try await transport.start() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(transports)) } catch { result = .failure(error) }
        for transport in transports { await transport.stop(gracefully: .zero) }
        try result.get()
    }

    private func count(_ transport: ArrowFlightTransport, _ name: String) -> UInt64? {
        transport.metrics.counter(name)?.value
    }

    @Test func `any bytes are exchanged both ways and counted`() async throws {
        try await with(2) { transports in
            let (a, b) = (transports[0], transports[1])
            try await a.connect(to: b.localEndpoint)
            #expect(b.receive()?.bytes == nil)
            let all = ByteBuffer(bytes: Array(UInt8.min...UInt8.max))
            let large = ByteBuffer(repeating: 7, count: 1 << 20)
            for bytes in [all, ByteBuffer(), large] {
                try await a.send(bytes, to: b.localEndpoint)
            }
            var messages = b.messages.makeAsyncIterator()
            let first = await messages.next()
            #expect(first?.bytes == all)
            #expect(first?.sender == a.localEndpoint)
            #expect(b.receive()?.bytes == ByteBuffer())
            #expect(await messages.next()?.bytes == large)
            #expect(b.receive()?.bytes == nil)

            try await b.send(ByteBuffer(string: "back"), to: a.localEndpoint)
            let back = a.receive()
            #expect(back?.bytes == ByteBuffer(string: "back"))
            #expect(back?.sender == b.localEndpoint)
            #expect(count(a, "messages_sent") == 3)
            #expect(count(b, "messages_received") == 3)
            #expect(count(b, "messages_sent") == 1)
            #expect(count(a, "messages_received") == 1)
            #expect(count(a, "bytes_sent") == 256 + 1 << 20)
            #expect(count(b, "bytes_received") == 256 + 1 << 20)
        }
    }

    @Test func `a sender's messages keep their order`() async throws {
        try await with(2) { transports in
            for number in 0..<50 {
                try await transports[0].send(
                    ByteBuffer(integer: number), to: transports[1].localEndpoint)
            }
            var received: [Int?] = []
            while let message = transports[1].receive() {
                received.append(message.bytes.getInteger(at: message.bytes.readerIndex))
            }
            #expect(received == (0..<50).map { $0 })
        }
    }

    @Test func `a peer that isn't there is named with the cause`() async throws {
        try await with(1) { transports in
            let nobody = "127.0.0.1:\(try TestCluster.freePorts(1)[0])"
            let connecting = await #expect(throws: RaftError.self) {
                try await transports[0].connect(to: nobody)
            }
            let sending = await #expect(throws: RaftError.self) {
                try await transports[0].send(ByteBuffer(string: "x"), to: nobody)
            }
            for error in [connecting, sending] {
                #expect(error?.code == .transport)
                #expect(error?.message.contains("peer \(nobody)") == true)
                #expect(error?.message.contains("connection refused") == true)
            }
            let unreadable = await #expect(throws: RaftError.self) {
                try await transports[0].connect(to: "nowhere")
            }
            #expect(unreadable?.code == .invalidConfiguration)
            #expect(count(transports[0], "messages_sent") == 0)
        }
    }

    @Test func `a connection that was closed is made again`() async throws {
        try await with(2) { transports in
            let peer = transports[1].localEndpoint
            try await transports[0].send(ByteBuffer(string: "one"), to: peer)
            await transports[0].disconnect(from: peer)
            await transports[0].disconnect(from: peer)
            try await transports[0].send(ByteBuffer(string: "two"), to: peer)
            #expect(transports[1].receive()?.bytes == ByteBuffer(string: "one"))
            #expect(transports[1].receive()?.bytes == ByteBuffer(string: "two"))
        }
    }

    @Test func `a full inbox refuses a message until its owner reads`() async throws {
        try await with(2) { transports in
            let peer = transports[1].localEndpoint
            let large = ByteBuffer(repeating: 1, count: 30 << 20)
            try await transports[0].send(large, to: peer)
            try await transports[0].send(large, to: peer)
            let error = await #expect(throws: RaftError.self) {
                try await transports[0].send(large, to: peer)
            }
            #expect(error?.code == .transport)
            #expect(error?.message.contains(peer) == true)
            #expect(error?.message.contains("full") == true)
            #expect((error?.cause as? FlightError)?.code == .resourceExhausted)
            #expect(count(transports[1], "messages_received") == 2)
            #expect(count(transports[0], "messages_sent") == 2)
            _ = transports[1].receive()
            try await transports[0].send(large, to: peer)
        }
    }

    @Test func `a transport that stops ends its reader and refuses to send`() async throws {
        try await with(2) { transports in
            let peer = transports[1].localEndpoint
            let reader = Task {
                var count = 0
                for await _ in transports[0].messages { count += 1 }
                return count
            }
            try await transports[1].send(ByteBuffer(string: "x"), to: transports[0].localEndpoint)
            await transports[0].stop(gracefully: .zero)
            #expect(await reader.value == 1)
            let error = await #expect(throws: RaftError.self) {
                try await transports[0].send(ByteBuffer(string: "x"), to: peer)
            }
            #expect(error?.code == .stopped)
        }
    }

    @Test func `an endpoint that is taken is refused`() async throws {
        try await with(1) { transports in
            let error = await #expect(throws: RaftError.self) {
                try await ArrowFlightTransport(
                    localEndpoint: transports[0].localEndpoint, logger: transports[0].logger
                ).start()
            }
            #expect(error?.code == .transport)
            let port = transports[0].localEndpoint.split(separator: ":")[1]
            #expect(error?.message.contains(port) == true)
        }
    }

    @Test func `a transport's health says whether it listens`() async throws {
        let transport = ArrowFlightTransport(localEndpoint: "127.0.0.1:0")
        guard case .unhealthy(let reason)? = transport.health[.transport] else {
            Issue.record("a transport that isn't started is healthy")
            return
        }
        #expect(reason.contains("127.0.0.1:0"))
        try await transport.start()
        #expect(transport.health == [.transport: .healthy])
        await transport.stop()
        #expect(transport.health[.transport]?.isHealthy == false)
    }
}
