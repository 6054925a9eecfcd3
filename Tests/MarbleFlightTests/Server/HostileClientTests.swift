import MarbleFlight
import NIOCore
import NIOHPACK
import Testing

/// Bytes that no well-meaning client sends: they may end their own connection, nothing else.
@Suite(.timeLimit(.minutes(5)))
struct HostileClientTests {
    /// Runs `body` with a server, and checks afterwards that it still works and holds nothing.
    private func withVictim(
        _ configure: (inout FlightServerConfiguration) -> Void = { _ in },
        _ body: (RawPeer, FlightServer) async throws -> Void
    ) async throws {
        try await withServer(TestService(), serverConfiguration: configure) { server, client in
            let peer = try await RawPeer.connect(port: client.configuration.port)
            try await body(peer, server)
            try await peer.close()
            let results = try await client.doAction(
                FlightAction(type: "echo", body: ByteBuffer(string: "alive")))
            #expect(results.map { String(buffer: $0.body) } == ["alive"])
            try await eventually("no call is open") { server.counters.callsOpen == 0 }
            #expect(server.counters.partialMessageByteCount == 0)
        }
    }

    @Test(arguments: [
        "GIT / HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX", "\u{16}\u{3}\u{1}", "\0",
    ])
    func `what begins like no HTTP is closed`(bytes: String) async throws {
        try await withVictim { peer, _ in
            try await peer.send(bytes)
            try await eventually("the connection is closed") { peer.isClosed }
        }
    }

    @Test func `random bytes behind the preface end the connection only`() async throws {
        try await withVictim { peer, _ in
            var generator = SystemRandomNumberGenerator()
            var bytes = ByteBuffer(string: RawPeer.preface)
            for _ in 0..<100_000 { bytes.writeInteger(generator.next()) }
            try? await peer.send(bytes)
            try await eventually("the connection is closed") { peer.isClosed }
        }
    }

    @Test func `a connection that never finishes its preface is closed after the timeout`()
        async throws
    {
        try await withVictim({ $0.handshakeTimeout = .seconds(2) }) { peer, _ in
            // On a busy machine the time may be over by now.
            try? await peer.send("PRI * HT")
            try await eventually("the connection is closed") { peer.isClosed }
        }
    }

    @Test func `half a request leaves nothing behind`() async throws {
        try await withVictim { peer, server in
            try await peer.sendPreface()
            try await peer.send(try peer.headers(1, RawPeer.request("DoPut")))
            let half = ByteBuffer.message(claimed: 1_000_000, [10, 1, 2])
            try await peer.send(.data(1, half))
            try await eventually("the message has begun") {
                server.counters.partialMessageByteCount > 0
            }
            try await peer.close()
            try await eventually("its memory is given back") {
                server.counters.partialMessageByteCount == 0
            }
        }
    }

    @Test func `a message of 2 GiB is refused by its length, with the limit named`() async throws {
        try await withVictim { peer, server in
            let message = ByteBuffer.message(claimed: 1 << 31, [1])
            let trailers = try await answer(peer, RawPeer.request("DoPut"), message)
            #expect(trailers.first(name: "grpc-status") == "8")
            #expect(trailers.first(name: "grpc-message")?.contains("67108864") == true)
            #expect(server.counters.partialMessageByteCount == 0)
        }
    }

    @Test func `many half messages together stay below the budget`() async throws {
        let budget = 8 << 20
        try await withVictim({ $0.partialMessagesByteCountMax = budget }) { peer, server in
            try await peer.sendPreface()
            let begun = ByteBuffer.message(
                claimed: 60 << 20, Array(repeating: 0, count: 16_000))
            for number in 0..<20 as Range<UInt32> {
                let stream = number * 2 + 1
                try await peer.send(try peer.headers(stream, RawPeer.request("DoPut")))
                try await peer.send(.data(stream, begun))
            }
            try await eventually("the last stream is refused") { peer.hasResponseEnd(39) }
            let trailers = try #require(try peer.responseHeaders(39).last)
            #expect(trailers.first(name: "grpc-status") == "8")
            #expect(server.counters.partialMessageByteCount <= budget)
        }
    }

    @Test(arguments: [
        ("Nothing", [], [UInt8](), "12"),
        ("DoPut", [("grpc-timeout", "soon")], [], "3"),
        ("DoAction", [], [0xFF, 0xFF], "3"),
        ("DoPut", [], [0x12, 0x7F], "3"),
        ("GetFlightInfo", [], [0x08, 0x09], "3"),
        ("GetFlightInfo", [], [0x1A, 2, 0xC3, 0x28, 0x08, 1], "3"),
    ])
    func `a request that makes no sense gets a status`(
        method: String, extra: [(String, String)], content: [UInt8], status: String
    ) async throws {
        try await withVictim { peer, _ in
            let request = RawPeer.request(method, extra)
            let trailers = try await answer(peer, request, .message(content), end: true)
            #expect(trailers.first(name: "grpc-status") == status)
        }
    }

    @Test func `an encoding that isn't known is refused, with those that are`() async throws {
        try await withVictim { peer, _ in
            let request = RawPeer.request("DoAction", [("grpc-encoding", "br")])
            let trailers = try await answer(peer, request, .message(flag: 1, [1, 2]))
            #expect(trailers.first(name: "grpc-status") == "12")
            #expect(trailers.first(name: "grpc-accept-encoding") == "identity,deflate,gzip")
        }
    }

    @Test(arguments: [[], [("grpc-encoding", "identity")], [("grpc-encoding", "gzip")]])
    func `a compressed message without encoding, or of rubbish, is an internal error`(
        headers: [(String, String)]
    ) async throws {
        try await withVictim { peer, _ in
            let request = RawPeer.request("DoAction", headers)
            let trailers = try await answer(peer, request, .message(flag: 1, [1, 2]))
            #expect(trailers.first(name: "grpc-status") == "13")
        }
    }

    @Test(arguments: [0, 2, 3])
    func `a call with another number of requests than its one is unimplemented`(count: Int)
        async throws
    {
        try await withVictim { peer, _ in
            let request = RawPeer.request("DoAction")
            var body = ByteBuffer()
            for _ in 0..<count { body.writeImmutableBuffer(.message([10, 5] + "sleep".utf8)) }
            let trailers = try await answer(peer, request, body, end: count == 0)
            #expect(trailers.first(name: "grpc-status") == "12")
        }
    }

    @Test func `other content types and methods get their HTTP status`() async throws {
        try await withVictim { peer, _ in
            let json = RawPeer.request("DoAction", contentType: "application/json")
            let headers = try await answer(peer, json, ByteBuffer(), end: true)
            #expect(headers.first(name: ":status") == "415")
        }
        try await withVictim { peer, _ in
            let get = RawPeer.request("DoAction", httpMethod: "GET")
            let headers = try await answer(peer, get, ByteBuffer(), end: true)
            #expect(headers.first(name: ":status") == "405")
        }
    }

    @Test func `headers over the limit get a status, and the connection goes on`() async throws {
        try await withVictim({ $0.headerListByteCountMax = 5000 }) { peer, server in
            let long = String(repeating: "x", count: 5000)
            let request = RawPeer.request("DoAction", [("a", long)])
            let trailers = try await answer(peer, request, ByteBuffer(), end: true)
            #expect(trailers.first(name: "grpc-status") == "8")
            #expect(trailers.first(name: "grpc-message")?.contains("5000") == true)
            #expect(server.counters.callsStarted == 0)
            var bytes = try peer.headers(3, RawPeer.request("ListActions"))
            bytes.writeImmutableBuffer(.data(3, .message([]), end: true))
            try await peer.send(bytes)
            try await eventually("the next answer ends") { peer.hasResponseEnd(3) }
        }
    }

    @Test func `headers far over the limit are refused`() async throws {
        try await withVictim { peer, server in
            let long = String(repeating: "x", count: 40_000)
            let request = RawPeer.request("DoAction", [("a", long), ("b", long)])
            try await peer.sendPreface()
            try? await peer.send(try peer.headers(1, request))
            try await eventually("the request is refused") {
                peer.isClosed || peer.frames().contains { $0.type == 3 || $0.type == 7 }
            }
            #expect(server.counters.callsStarted == 0)
        }
    }

    @Test func `streams that are reset as soon as they are opened end the connection`()
        async throws
    {
        try await withVictim({ $0.streamResetsMax = 500 }) { peer, _ in
            try await peer.sendPreface()
            var cancel = ByteBuffer()
            cancel.writeInteger(UInt32(8))
            for number in 0..<2000 as Range<UInt32> where !peer.isClosed {
                var burst = try peer.headers(number * 2 + 1, RawPeer.request("DoPut"))
                burst.writeFrame(type: 3, flags: 0, stream: number * 2 + 1, payload: cancel)
                try? await peer.send(burst)
            }
            try await eventually("the connection is closed") { peer.isClosed }
        }
    }

    @Test func `thousands of small calls leave nothing behind`() async throws {
        try await withServer(TestService()) { server, client in
            try await withThrowingTaskGroup { group in
                for _ in 0..<20 {
                    group.addTask {
                        for _ in 0..<150 { _ = try await client.listActions() }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually("no call is open") { server.counters.callsOpen == 0 }
            #expect(server.counters.callsStarted == 3000)
            #expect(server.counters.connectionsOpen == 1)
        }
    }

    /// Sends one request and waits for the end of its answer.
    private func answer(
        _ peer: RawPeer, _ request: HPACKHeaders, _ body: ByteBuffer, end: Bool = false
    ) async throws -> HPACKHeaders {
        try await peer.sendPreface()
        var bytes = try peer.headers(1, request)
        bytes.writeImmutableBuffer(.data(1, body, end: end))
        try await peer.send(bytes)
        try await eventually("the answer ends") { peer.hasResponseEnd(1) }
        return try peer.responseHeaders(1).reduce(into: HPACKHeaders()) {
            $0.add(contentsOf: $1)
        }
    }
}
