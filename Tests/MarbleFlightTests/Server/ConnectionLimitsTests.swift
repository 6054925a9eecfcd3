import MarbleFlight
import NIOCore
import NIOHPACK
import TestLog
import Testing

/// What ends connections and calls that take too long, or too much.
@Suite(.timeLimit(.minutes(5)))
struct ConnectionLimitsTests {
    /// Runs `body` with a raw peer that has begun HTTP/2; an honest client must work before and after.
    private func withPeer(
        _ configure: (inout FlightServerConfiguration) -> Void = { _ in },
        _ body: (RawPeer, FlightServer, FlightClient) async throws -> Void
    ) async throws {
        try await withServer(TestService(), serverConfiguration: configure) { server, client in
            _ = try await client.listActions()
            let peer = try await RawPeer.connect(port: client.configuration.port)
            try await peer.sendPreface()
            try await body(peer, server, client)
            try await peer.close()
            #expect(try await client.listActions().count == 2)
        }
    }

    /// The error code and the text of the last GOAWAY.
    private func goAway(_ peer: RawPeer) -> (code: UInt32, text: String)? {
        guard let frame = peer.frames().last(where: { $0.type == 7 }) else { return nil }
        let code = frame.payload.getInteger(at: frame.payload.readerIndex + 4, as: UInt32.self)
        return (
            code ?? 0, String(decoding: frame.payload.readableBytesView.dropFirst(8), as: UTF8.self)
        )
    }

    private func pings(_ count: Int) -> ByteBuffer {
        var bytes = ByteBuffer()
        for _ in 0..<count {
            bytes.writeFrame(type: 6, flags: 0, stream: 0, payload: ByteBuffer(integer: UInt64(1)))
        }
        return bytes
    }

    private func acknowledgedPings(_ peer: RawPeer) -> Int {
        peer.frames().count { $0.type == 6 && $0.flags == 1 }
    }

    @Test func `too many pings end the connection, with the reason`() async throws {
        try await withPeer({ $0.pingsPerMinuteMax = 10 }) { peer, _, _ in
            try await peer.send(pings(10))
            try await eventually("ten are answered") { acknowledgedPings(peer) == 10 }
            try await peer.send(pings(1))
            try await eventually("the connection is closed") { peer.isClosed }
            #expect(goAway(peer)?.code == 11)
            #expect(goAway(peer)?.text == "too_many_pings")
        }
    }

    @Test func `a client that pings too often pings half as often from then on`() async throws {
        let log = CapturedLog()
        try await withServer(TestService(), serverConfiguration: { $0.pingsPerMinuteMax = 2 }) {
            _, client in
            var configuration = client.configuration
            configuration.keepaliveInterval = .milliseconds(10)
            let eager = FlightClient(configuration: configuration, logger: log.logger)
            for interval in ["0.02", "0.04"] {
                // A call without a word: nothing but pings goes over the connection.
                let call = eager.doExchange()
                try await eventually("the client pings every \(interval) seconds") {
                    log.lines.contains {
                        $0.hasPrefix("warning") && $0.contains("\(interval) seconds")
                    }
                }
                call.cancel()
            }
            await eager.close()
        }
    }

    @Test func `pings between answers are welcome`() async throws {
        try await withPeer({ $0.pingsPerMinuteMax = 10 }) { peer, _, _ in
            for number in 0..<10 as Range<UInt32> {
                let stream = 2 * number + 1
                var bytes = pings(9)
                bytes.writeImmutableBuffer(try peer.headers(stream, RawPeer.request("ListActions")))
                bytes.writeImmutableBuffer(.data(stream, .message([]), end: true))
                try await peer.send(bytes)
                try await eventually("the answer ends") { peer.hasResponseEnd(stream) }
            }
            #expect(!peer.isClosed)
            #expect(acknowledgedPings(peer) == 90)
        }
    }

    @Test func `a connection without calls ends after a while, in an orderly way`() async throws {
        try await withPeer({ $0.connectionIdleMax = .milliseconds(300) }) { peer, _, _ in
            try await eventually("the server says that it goes") { goAway(peer) != nil }
            #expect(goAway(peer)?.code == 0)
        }
    }

    @Test func `a connection that is too old takes no more calls and finishes the open ones`()
        async throws
    {
        try await withPeer({ $0.connectionAgeMax = .milliseconds(500) }) { _, server, client in
            let call = client.doExchange()
            var answers = call.responses.makeAsyncIterator()
            try await call.write(FlightData(appMetadata: ByteBuffer(string: "x")))
            #expect(try await answers.next() != nil)
            let accepted = server.counters.connectionsAccepted
            try await eventually("the client's next calls take another connection") {
                _ = try await client.listActions()
                return server.counters.connectionsAccepted > accepted
            }
            try await call.write(FlightData(appMetadata: ByteBuffer(string: "y")))
            #expect(try await answers.next() != nil)
            call.finishWriting()
            #expect(try await answers.next() == nil)
        }
    }

    @Test func `the calls of a connection that is too old are cut off after the grace period`()
        async throws
    {
        try await withPeer({
            $0.connectionAgeMax = .milliseconds(500)
            $0.connectionGraceMax = .milliseconds(300)
        }) { _, _, client in
            let call = client.doExchange()
            var answers = call.responses.makeAsyncIterator()
            let error = await flightError { _ = try await answers.next() }
            #expect(error?.code == .unavailable)
        }
    }

    @Test(arguments: [("DoAction", []), ("DoAction", [0]), ("DoPut", [0, 0, 0, 1, 0, 18])])
    func `a request that doesn't come, and a message that doesn't go on, end the call`(
        method: String, bytes: [UInt8]
    ) async throws {
        try await withPeer({ $0.messageTimeout = .milliseconds(300) }) { peer, server, _ in
            var frames = try peer.headers(1, RawPeer.request(method))
            if !bytes.isEmpty { frames.writeImmutableBuffer(.data(1, ByteBuffer(bytes: bytes))) }
            try await peer.send(frames)
            try await eventually("the call ends") { peer.hasResponseEnd(1) }
            let trailers = try #require(try peer.responseHeaders(1).last)
            #expect(trailers.first(name: "grpc-status") == "4")
            #expect(server.counters.partialMessageByteCount == 0)
        }
    }

    @Test func `a stream may be silent between its messages`() async throws {
        try await withServer(
            TestService(), serverConfiguration: { $0.messageTimeout = .milliseconds(100) }
        ) { _, client in
            let call = client.doExchange()
            var answers = call.responses.makeAsyncIterator()
            for _ in 0..<2 {
                try await Task.sleep(for: .milliseconds(400))
                try await call.write(FlightData(appMetadata: ByteBuffer(string: "x")))
                #expect(try await answers.next() != nil)
            }
            call.finishWriting()
            #expect(try await answers.next() == nil)
        }
    }
}
