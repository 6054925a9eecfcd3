import MarbleFlight
import NIOCore
import NIOHPACK
import Testing

@Suite(.timeLimit(.minutes(5)))
struct CompressionTests {
    @Test(arguments: FlightCompression.allCases, FlightCompression.allCases)
    func `calls work whatever client and server compress with`(
        ours: FlightCompression, theirs: FlightCompression
    ) async throws {
        try await withServer(
            TestService(), clientConfiguration: { $0.compression = ours },
            serverConfiguration: { $0.compression = theirs }
        ) { _, client in
            let body = ByteBuffer(repeating: 3, count: 300_000)
            let results = try await client.doAction(FlightAction(type: "echo", body: body))
            #expect(results == [FlightResult(body: body)])
            let call = client.doExchange()
            async let answers = collect(call.responses)
            for number in 0..<20 {
                try await call.write(
                    FlightData(
                        appMetadata: ByteBuffer(integer: number),
                        dataBody: ByteBuffer(repeating: 9, count: 500_000)))
            }
            call.finishWriting()
            let received = try await answers
            #expect(received.map(\.appMetadata) == (0..<20).map { ByteBuffer(integer: $0) })
            #expect(received.allSatisfy { $0.dataBody.readableBytes == 500_000 })
        }
    }

    private func collect(_ reader: FlightReader<FlightData>) async throws -> [FlightData] {
        var all: [FlightData] = []
        for try await data in reader { all.append(data) }
        return all
    }

    @Test func `a call's options say otherwise than the client's configuration`() async throws {
        try await withServer(TestService(), clientConfiguration: { $0.compression = .gzip }) {
            _, client in
            for compression in FlightCompression.allCases {
                let options = FlightCallOptions(compression: compression)
                let action = FlightAction(
                    type: "headers", body: ByteBuffer(string: "grpc-encoding"))
                let results = try await client.doAction(action, options: options)
                let expected = compression == .identity ? "none" : compression.rawValue
                #expect(results.map { String(buffer: $0.body) } == [expected])
            }
        }
    }

    @Test(
        arguments: [
            ([], nil), ([("grpc-accept-encoding", "identity,gzip")], "gzip"),
            ([("grpc-accept-encoding", "identity,deflate")], nil),
        ] as [([(String, String)], String?)])
    func `answers are compressed where the client accepts it`(
        request: [(String, String)], encoding: String?
    ) async throws {
        try await withServer(
            TestService(), serverConfiguration: { $0.compression = .gzip }
        ) { _, client in
            let peer = try await RawPeer.connect(port: client.configuration.port)
            try await peer.sendPreface()
            var bytes = try peer.headers(1, RawPeer.request("DoAction", request))
            let action: [UInt8] =
                [10, 4] + "echo".utf8 + [18, 100] + Array(repeating: 7, count: 100)
            bytes.writeImmutableBuffer(.data(1, .message(action), end: true))
            try await peer.send(bytes)
            try await eventually("the answer ends") { peer.hasResponseEnd(1) }
            let headers = try #require(try peer.responseHeaders(1).first)
            #expect(headers.first(name: "grpc-encoding") == encoding)
            let data = try #require(peer.frames().first { $0.type == 0 && $0.stream == 1 })
            #expect(data.payload.readableBytesView.first == (encoding == nil ? 0 : 1))
            try await peer.close()
        }
    }

    /// 40 messages of a few kilobytes each stand for 600 MB, more than may be held at a time.
    @Test func `a stream of messages that stand for much more is read as fast as it is taken`()
        async throws
    {
        try await withServer(
            TestService(), clientConfiguration: { $0.compression = .gzip },
            serverConfiguration: { $0.partialMessagesByteCountMax = 64 << 20 }
        ) { server, client in
            let call = client.doPut()
            for _ in 0..<40 {
                try await call.write(
                    FlightData(dataBody: ByteBuffer(repeating: 0, count: 15 << 20)))
            }
            call.finishWriting()
            var count = 0
            for try await _ in call.responses {
                count += 1
                #expect(server.counters.partialMessageByteCount <= 64 << 20)
            }
            #expect(count == 40)
            try await eventually("nothing is held") {
                server.counters.partialMessageByteCount == 0
            }
        }
    }
}
