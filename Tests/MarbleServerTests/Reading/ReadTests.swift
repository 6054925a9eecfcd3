import MarbleArrow
import MarbleDB
import MarbleFlight
import MarbleJSON
import NIOCore
import Testing

@testable import MarbleServer

extension ClusterTests {
    @Suite(.serialized) struct ReadTests {
        @Test func `a flight's ticket is pinned and good on every node`() async throws {
            try await TestCluster.with { cluster in
                let (leader, _) = try await cluster.leaderAndFollower()
                _ = try await cluster.put("t", [(TestCluster.batch([(1, "a")]), nil)], on: leader)
                let info = try await cluster.clients[leader].getFlightInfo(.path(["t"]))
                #expect(info.totalRecords == 1)
                let ticket = String(buffer: try #require(info.endpoints.first).ticket.bytes)
                #expect(ticket.contains("\"index\""))
                for node in cluster.clients.indices {
                    #expect(try await cluster.get(ticket, on: node).rows == ["1=a"])
                }
            }
        }

        @Test func `scans take columns, order, limit and offset`() async throws {
            try await TestCluster.with(nodeCount: 1) { cluster in
                _ = try await cluster.leaderAndFollower()
                let rows = (1...9).map { (Int64($0), String?("n\($0)")) }
                _ = try await cluster.put("t", [(TestCluster.batch(rows), nil)], on: 0)
                let (names, summary) = try await cluster.get(
                    """
                    {"table": "t", "columns": ["name"], "order": "-key", "limit": 2, "offset": 1,
                     "consistency": "stale"}
                    """, on: 0)
                #expect(names == ["n8", "n7"])
                #expect(summary.contains("\"rows\":2"))
            }
        }

        @Test func `a read with bounded staleness sees what was written before the bound`()
            async throws
        {
            try await TestCluster.with { cluster in
                let (leader, follower) = try await cluster.leaderAndFollower()
                _ = try await cluster.put("t", [(TestCluster.batch([(1, "a")]), nil)], on: leader)
                let ticket = """
                    {"table": "t", "consistency": "stale", "max_staleness_ms": 0}
                    """
                #expect(try await cluster.get(ticket, on: follower).rows == ["1=a"])
                let relaxed = """
                    {"table": "t", "consistency": "stale", "max_staleness_ms": 3600000}
                    """
                #expect(try await cluster.get(relaxed, on: follower).rows == ["1=a"])
            }
        }

        @Test(arguments: [
            "{\"table\": \"t\", \"whre\": \"x\"}", "{\"table\": \"t\", \"limit\": -1}",
            "{\"table\": \"t\", \"columns\": [\"nope\"]}", "{}", "[]",
            "{\"system\": \"log\", \"x\": 1}",
            "{\"system\": \"log\", \"columns\": [\"nope\"]}", "not json", "",
        ])
        func `a malformed ticket is refused`(ticket: String) async throws {
            try await TestCluster.with(nodeCount: 1) { cluster in
                _ = try await cluster.leaderAndFollower()
                _ = try await cluster.put("t", [(TestCluster.batch([(1, "a")]), nil)], on: 0)
                let error = await #expect(throws: FlightError.self) {
                    _ = try await cluster.get(ticket, on: 0)
                }
                #expect(error?.code == .invalidArgument)
            }
        }

        @Test func `the log names tables that were dropped since, wherever it is read from`()
            async throws
        {
            try await TestCluster.with(nodeCount: 1) { cluster in
                _ = try await cluster.leaderAndFollower()
                let results = try await cluster.put(
                    "gone", [(TestCluster.batch([(1, "a")]), nil)], on: 0)
                _ = try await cluster.action("drop_table", "{\"table\": \"gone\"}", on: 0)
                let receipt = try JSONValue(
                    parsing: ByteBuffer(string: try #require(results.first)), subject: "a result")
                let index = try #require(receipt["index"]?.integerValue)
                for from in [0, index] {
                    let (log, _) = try await cluster.get(
                        """
                        {"system": "log", "columns": ["kind", "table"], "from": \(from)}
                        """, on: 0)
                    #expect(log.contains("upsert=gone"))
                    #expect(log.contains("drop_table=gone"))
                }
            }
        }

        @Test func `log, members and tables are flights`() async throws {
            try await TestCluster.with(nodeCount: 1) { cluster in
                _ = try await cluster.leaderAndFollower()
                _ = try await cluster.put("t", [(TestCluster.batch([(1, "a")]), nil)], on: 0)
                let (log, _) = try await cluster.get(
                    "{\"system\": \"log\", \"columns\": [\"kind\", \"table\"]}", on: 0)
                #expect(log.contains("upsert=t"))
                let (members, _) = try await cluster.get(
                    "{\"system\": \"members\", \"columns\": [\"kind\"]}", on: 0)
                #expect(members == ["voter"])
                let (tables, _) = try await cluster.get(
                    "{\"system\": \"tables\", \"columns\": [\"table\", \"primary_key\"]}", on: 0)
                #expect(tables == ["t=id"])
                var listed: [FlightDescriptor?] = []
                for try await info in try await cluster.clients[0].listFlights() {
                    listed.append(info.descriptor)
                }
                #expect(listed.contains(.path(["t"])))
                #expect(listed.contains(.path(["system", "log"])))
            }
        }
    }
}
