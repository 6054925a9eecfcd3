import MarbleFlight
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(5)))
struct LargeMessagesTests {
    /// About where a message is copied, read by its stream, or leaves in several frames.
    private static let byteCounts = [
        0, 60_000, 65_536, 70_000, 262_144, 300_001, 1_048_576, 1_100_000, 3_333_333,
    ]

    @Test func `large and small messages of several streams keep their bytes`() async throws {
        try await withServer(TestService()) { _, client in
            try await withThrowingTaskGroup { group in
                for stream in 0..<3 {
                    group.addTask { try await echo(Self.messages(stream), by: client) }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a stream that ends amid a large message leaves the others whole`() async throws {
        try await withServer(TestService()) { server, client in
            for round in 0..<10 {
                let call = client.doExchange()
                for _ in 0..<3 {
                    try await call.write(
                        FlightData(dataBody: ByteBuffer(repeating: 1, count: 3 << 20)))
                }
                call.cancel()
                try await echo(Self.messages(round), by: client)
            }
            try await eventually("no call is open") { server.counters.callsOpen == 0 }
            #expect(server.counters.partialMessageByteCount == 0)
        }
    }

    private static func messages(_ seed: Int) -> [FlightData] {
        byteCounts.map { byteCount in
            let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: ($0 &+ seed) % 251) }
            return FlightData(
                appMetadata: ByteBuffer(string: "\(seed) \(byteCount)"),
                dataBody: ByteBuffer(bytes: bytes))
        }
    }

    private func echo(_ messages: [FlightData], by client: FlightClient) async throws {
        let call = client.doExchange()
        async let sent: Void = {
            for message in messages { try await call.write(message) }
            call.finishWriting()
        }()
        var count = 0
        for try await answer in call.responses {
            #expect(answer.appMetadata == messages[count].appMetadata)
            #expect(answer.dataBody == messages[count].dataBody)
            count += 1
        }
        try await sent
        #expect(count == messages.count)
    }
}
