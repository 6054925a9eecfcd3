import MarbleArrow
import MarbleFlight
import NIOCore
import Testing

@testable import MarbleServer

extension ClusterTests {
    @Suite(.serialized) struct PutTests {
        @Test func `a follower takes writes for the leader, and every node reads them`()
            async throws
        {
            try await TestCluster.with { cluster in
                let (leader, follower) = try await cluster.leaderAndFollower()
                let first = try await cluster.put(
                    "t", [(TestCluster.batch([(1, "a"), (2, nil)]), nil)], on: follower)
                #expect(first.count == 1)
                #expect(first[0].contains("\"rows\":2"))
                let second = try await cluster.put(
                    "t",
                    [(TestCluster.batch([(2, "b")]), nil), (TestCluster.batch([(3, "c")]), nil)],
                    on: leader)
                #expect(second.count == 2)
                for node in cluster.clients.indices {
                    let (rows, summary) = try await cluster.get("{\"table\": \"t\"}", on: node)
                    #expect(rows == ["1=a", "2=b", "3=c"])
                    #expect(summary.contains("\"index\":"))
                    #expect(summary.contains("\"rows\":3"))
                }
            }
        }

        @Test func `a bad batch ends the stream with its number, and those before it stay`()
            async throws
        {
            try await TestCluster.with(nodeCount: 1) { cluster in
                _ = try await cluster.leaderAndFollower()
                let error = await #expect(throws: FlightError.self) {
                    _ = try await cluster.put(
                        "t",
                        [
                            (TestCluster.batch([(1, "a")]), nil),
                            (TestCluster.batch([(1, "z")]), "{\"operation\": \"insert\"}"),
                        ], on: 0)
                }
                let failure = try #require(error)
                #expect(failure.code == .alreadyExists)
                #expect(failure.message.contains("batch 1"))
                #expect(try await cluster.get("{\"table\": \"t\"}", on: 0).rows == ["1=a"])
            }
        }

        @Test func `an unknown key of app_metadata is named`() async throws {
            try await TestCluster.with(nodeCount: 1) { cluster in
                _ = try await cluster.leaderAndFollower()
                let error = await #expect(throws: FlightError.self) {
                    _ = try await cluster.put(
                        "t", [(TestCluster.batch([(1, "a")]), "{\"operatoin\": \"insert\"}")], on: 0
                    )
                }
                let failure = try #require(error)
                #expect(failure.code == .invalidArgument)
                #expect(failure.message.contains("operatoin"))
                #expect(failure.message.contains("batch 0"))
            }
        }

        @Test func `a session's retry gets the first outcome`() async throws {
            try await TestCluster.with(nodeCount: 1) { cluster in
                _ = try await cluster.leaderAndFollower()
                let metadata = "{\"session\": \"s\", \"sequence\": 1}"
                let batch = TestCluster.batch([(1, "a")], keyed: false)
                let first = try await cluster.put("t", [(batch, metadata)], keyed: false, on: 0)
                let second = try await cluster.put("t", [(batch, metadata)], keyed: false, on: 0)
                #expect(first == second)
                #expect(try await cluster.get("{\"table\": \"t\"}", on: 0).rows == ["1=a"])
            }
        }

        @Test func `many small batches are all answered, in order`() async throws {
            try await TestCluster.with { cluster in
                let (_, follower) = try await cluster.leaderAndFollower()
                let batches = (0..<5000).map {
                    (TestCluster.batch([($0, "n")]), metadata: String?.none)
                }
                let results = try await cluster.put("t", batches, on: follower)
                #expect(results.count == 5000)
                let indices = results.compactMap { text in
                    text.dropFirst("{\"index\":".count).split(separator: ",").first.flatMap {
                        Int($0)
                    }
                }
                #expect(indices == indices.sorted())
                let (rows, _) = try await cluster.get(
                    "{\"table\": \"t\", \"columns\": [\"id\"], \"order\": \"key\"}", on: 0)
                #expect(rows == (0..<5000).map { String($0) })
            }
        }

        @Test func `more than may be in flight gets through, slowed down`() async throws {
            try await TestCluster.with { cluster in
                let (_, follower) = try await cluster.leaderAndFollower()
                let text = String(repeating: "x", count: 1 << 20)
                let batches = (0..<40).map {
                    (TestCluster.batch([($0, text)], keyed: false), metadata: String?.none)
                }
                #expect(batches.count << 20 > 2 * LeaderPut.inFlightByteCountMax)
                let results = try await cluster.put("t", batches, keyed: false, on: follower)
                #expect(results.count == 40)
                let (rows, _) = try await cluster.get(
                    "{\"table\": \"t\", \"columns\": [\"id\"]}", on: follower)
                #expect(rows == (0..<40).map { String($0) })
            }
        }

        @Test func `a follower finds the next leader when the old one has gone`() async throws {
            try await TestCluster.with { cluster in
                let (leader, follower) = try await cluster.leaderAndFollower()
                _ = try await cluster.put("t", [(TestCluster.batch([(1, "a")]), nil)], on: follower)
                await cluster.nodes[leader].stop()
                _ = try await cluster.put("t", [(TestCluster.batch([(2, "b")]), nil)], on: follower)
                let (rows, _) = try await cluster.get("{\"table\": \"t\"}", on: follower)
                #expect(rows == ["1=a", "2=b"])
            }
        }

        @Test func `a node without a majority says what to do`() async throws {
            try await TestCluster.with { cluster in
                let (leader, follower) = try await cluster.leaderAndFollower()
                for node in cluster.nodes.indices where node != follower {
                    await cluster.nodes[node].stop()
                }
                let error = await #expect(throws: FlightError.self) {
                    _ = try await cluster.put(
                        "t", [(TestCluster.batch([(1, "a")]), nil)], on: follower)
                }
                #expect(error?.code == .unavailable)
                #expect(leader != follower)
            }
        }

        @Test func `a follower passes a batch that is refused on once, and no more`() async throws {
            try await TestCluster.with { cluster in
                let (_, follower) = try await cluster.leaderAndFollower()
                let batch = TestCluster.batch([(1, "a")])
                _ = try await cluster.put("t", [(batch, nil)], on: follower)
                let error = await #expect(throws: FlightError.self) {
                    _ = try await cluster.put(
                        "t", [(batch, "{\"operation\": \"insert\"}")], on: follower)
                }
                #expect(error?.code == .alreadyExists)
                let (log, _) = try await cluster.get(
                    "{\"system\": \"log\", \"columns\": [\"kind\"]}", on: follower)
                #expect(log.count { $0 == "insert" } == 1)
            }
        }

        @Test func `an error in the middle of a large stream comes through a follower`()
            async throws
        {
            try await TestCluster.with { cluster in
                let (_, follower) = try await cluster.leaderAndFollower()
                let text = String(repeating: "x", count: 1 << 20)
                var batches = (0..<30).map {
                    (TestCluster.batch([($0, text)]), metadata: String?.none)
                }
                batches[5].metadata = "{\"operation\": \"nothing\"}"
                for _ in 0..<5 {
                    let error = await #expect(throws: FlightError.self) {
                        _ = try await cluster.put("t", batches, on: follower)
                    }
                    #expect(error?.code == .invalidArgument, "\(error?.message ?? "")")
                    #expect(error?.message.contains("batch 5") == true)
                }
            }
        }

        @Test func `a stream without a usable descriptor is refused`() async throws {
            try await TestCluster.with(nodeCount: 1) { cluster in
                _ = try await cluster.leaderAndFollower()
                for descriptor in [
                    nil, FlightDescriptor.path(["a", "b"]), .command(ByteBuffer(string: "x")),
                ] {
                    let call = cluster.clients[0].doPut()
                    var first = FlightData(schema: TestCluster.schema())
                    first.descriptor = descriptor
                    try await call.writer.write(first)
                    call.finishWriting()
                    let error = await #expect(throws: FlightError.self) {
                        for try await _ in call.responses {}
                    }
                    #expect(error?.code == .invalidArgument)
                    #expect(error?.message.contains("PATH [table]") == true)
                }
            }
        }
    }
}
