import MarbleFlight
import MarbleRaft
import NIOCore
import Testing

@testable import MarbleCluster

/// What a peer may say to a running server, by action and by stream.
@Suite("Peers' calls", .serialized, .timeLimit(.minutes(5)))
struct RaftMessageActionTests {
    enum Way: CaseIterable, Sendable {
        case action, stream
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var words: [String]
        var change: @Sendable (inout RaftHello) -> Void

        init(
            _ name: String, _ words: [String],
            _ change: @escaping @Sendable (inout RaftHello) -> Void
        ) {
            testDescription = name
            self.words = words
            self.change = change
        }
    }

    static let refusals = [
        Refusal("another cluster", ["cluster \"other\"", "\"test\"", "cluster ID"]) {
            $0.clusterID = "other"
        },
        Refusal("an unknown node", ["node 9", "isn't a peer", "same list"]) { $0.nodeID = 9 },
        Refusal("node 0", ["node 0", "isn't a peer"]) { $0.nodeID = 0 },
        Refusal("the largest node", ["isn't a peer"]) { $0.nodeID = .max },
        Refusal("the server itself", ["node 1", "isn't a peer"]) { $0.nodeID = 1 },
        Refusal("a wrong endpoint", ["elsewhere:1", "isn't a peer"]) {
            $0.endpoint = "elsewhere:1"
        },
        Refusal("a later version", ["versions 2 to 3", "version 1", "upgrade"]) {
            $0.versionMin = 2
            $0.versionMax = 3
        },
        Refusal("an earlier version", ["versions 0 to 0"]) {
            $0.versionMin = 0
            $0.versionMax = 0
        },
    ]

    /// A server that waits for its two peers, and a client that plays node 2.
    private func with(
        _ body: (RaftServer, FlightClient, RaftHello) async throws -> Void
    ) async throws {
        let cluster = try TestCluster(count: 3)
        let server = try await cluster.start(0)
        let endpoint = try Endpoint(cluster.config.nodeEndpoints[0])
        let client = FlightClient(
            configuration: FlightClientConfiguration(host: endpoint.host, port: endpoint.port))
        let hello = RaftHello(
            clusterID: "test", nodeID: 2, endpoint: cluster.config.nodeEndpoints[1],
            incarnation: 77)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(server, client, hello))
        } catch {
            result = .failure(error)
        }
        await client.close()
        await cluster.stopAll()
        try result.get()
    }

    private func heartbeat(term: RaftTerm, from: RaftNodeID = 2) -> RaftMessage {
        RaftMessage(
            from: from, to: 1, term: term, body: .heartbeat(commitIndex: 0, readSequence: 0))
    }

    private func envelope(_ hello: RaftHello?, _ messages: [RaftMessage] = []) -> ByteBuffer {
        var envelope = RaftEnvelope(group: RaftServer.groupID, messages: messages)
        envelope.hello = hello
        return envelope.encoded()
    }

    private func act(_ client: FlightClient, _ metadata: ByteBuffer) async throws -> [FlightResult]
    {
        try await client.doAction(
            FlightAction(
                type: RaftWire.messageAction,
                body: FlightData(appMetadata: metadata).serialized()))
    }

    private func openStream(
        _ client: FlightClient, _ metadata: ByteBuffer
    ) async throws -> FlightClientStream<FlightData, FlightData> {
        var headers = FlightMetadata()
        headers.add(RaftWire.clusterHeader, bytes: Array("test".utf8))
        let stream = client.doExchange(options: FlightCallOptions(metadata: headers))
        try await stream.write(
            FlightData(descriptor: .path([RaftWire.pathHead, "test"]), appMetadata: metadata))
        return stream
    }

    /// How the server refuses what comes first.
    private func refusal(
        _ way: Way, _ client: FlightClient, _ metadata: ByteBuffer
    ) async -> FlightError? {
        await #expect(throws: FlightError.self) {
            switch way {
            case .action: _ = try await act(client, metadata)
            case .stream:
                var responses = try await openStream(client, metadata).responses
                    .makeAsyncIterator()
                _ = try await responses.next()
            }
        }
    }

    private func term(_ server: RaftServer, reaches term: RaftTerm) async throws {
        _ = try await eventually("term \(term)") {
            try await server.status.term == term ? true : nil
        }
    }

    @Test func `a message that comes as an action is taken`() async throws {
        try await with { server, client, hello in
            let counter = try #require(server.metrics.counter("messages_received"))
            #expect(counter.value == 0)
            let results = try await act(client, envelope(hello, [heartbeat(term: 5)]))
            #expect(results.count == 1)
            try await term(server, reaches: 5)
            #expect(counter.value == 1)
            let status = try await server.status
            #expect(status.role == .follower)
        }
    }

    @Test func `a stream is answered by a hello and its messages are taken`() async throws {
        try await with { server, client, hello in
            let stream = try await openStream(client, envelope(hello))
            try await stream.write(
                FlightData(
                    appMetadata: envelope(nil, [heartbeat(term: 6), heartbeat(term: 7)])))
            var responses = stream.responses.makeAsyncIterator()
            let first = try #require(try await responses.next())
            let answer = try #require(try RaftEnvelope(decoding: first.appMetadata).hello)
            #expect(answer.nodeID == 1)
            #expect(answer.clusterID == "test")
            #expect(answer.endpoint == server.transport.localEndpoint)
            #expect(answer.versionMin <= 1 && answer.versionMax >= 1)
            #expect(answer.incarnation != 0)
            #expect(answer.knownIncarnation == 0)
            try await term(server, reaches: 7)
            #expect(server.metrics.counter("messages_received")?.value == 2)

            var other = hello
            other.incarnation = 78
            let second = try await openStream(client, envelope(other))
            var answers = second.responses.makeAsyncIterator()
            let later = try #require(try await answers.next())
            let known = try RaftEnvelope(decoding: later.appMetadata).hello?.knownIncarnation
            #expect(known == 77)
            stream.cancel()
            second.cancel()
        }
    }

    @Test(arguments: Way.allCases)
    func `a speaker that isn't a peer is refused with the reason`(_ way: Way) async throws {
        try await with { server, client, hello in
            for refusal in Self.refusals {
                var stranger = hello
                refusal.change(&stranger)
                let error = await self.refusal(
                    way, client, envelope(stranger, [heartbeat(term: 99)]))
                #expect(error?.code == .failedPrecondition, "\(refusal.testDescription)")
                for words in refusal.words {
                    #expect(error?.message.contains(words) == true, "\(error as Any)")
                }
            }
            #expect(server.metrics.counter("messages_received")?.value == 0)
            let status = try await server.status
            #expect(status.term < 99)
            if way == .stream {
                #expect(
                    server.metrics.counter("peer_refusals")?.value == UInt64(Self.refusals.count))
            }
        }
    }

    @Test(arguments: Way.allCases)
    func `a speaker that doesn't say who it is is refused`(_ way: Way) async throws {
        try await with { server, client, _ in
            let nameless = await refusal(way, client, envelope(nil, [heartbeat(term: 99)]))
            #expect(nameless?.code == .invalidArgument)
            #expect(nameless?.message.contains("hello") == true)
            let garbage = await refusal(way, client, ByteBuffer(bytes: [0x0A, 0x7F, 1]))
            #expect(garbage?.code == .invalidArgument)
            #expect(server.metrics.counter("messages_received")?.value == 0)
        }
    }

    @Test func `a peer can't speak for another or to another group`() async throws {
        try await with { server, client, hello in
            _ = try await act(client, envelope(hello, [heartbeat(term: 50, from: 3)]))
            var elsewhere = heartbeat(term: 51)
            elsewhere.to = 3
            _ = try await act(client, envelope(hello, [elsewhere]))
            var other = RaftEnvelope(group: 2, messages: [heartbeat(term: 52)])
            other.hello = hello
            _ = try await act(client, other.encoded())
            _ = try await act(client, envelope(hello, [heartbeat(term: 5)]))
            try await term(server, reaches: 5)
            #expect(server.metrics.counter("messages_received")?.value == 1)
        }
    }

    @Test func `a stream that turns malformed is ended and the server goes on`() async throws {
        try await with { server, client, hello in
            let stream = try await openStream(client, envelope(hello))
            var responses = stream.responses.makeAsyncIterator()
            _ = try await responses.next()
            try await stream.write(
                FlightData(
                    dataHeader: ByteBuffer(string: "no record batch"),
                    appMetadata: envelope(nil, [heartbeat(term: 50)])))
            let error = await #expect(throws: FlightError.self) { _ = try await responses.next() }
            #expect(error?.code == .invalidArgument)
            _ = try await act(client, envelope(hello, [heartbeat(term: 5)]))
            try await term(server, reaches: 5)
        }
    }
}
