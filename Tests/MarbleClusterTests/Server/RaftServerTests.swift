import Foundation
import MarbleCluster
import MarbleRaft
import NIOCore
import Testing

@Suite("RaftServer", .serialized)
struct RaftServerTests {
    @Test func `a single node commits by itself`() async throws {
        let cluster = try TestCluster(count: 1)
        try await cluster.startAll()
        let leader = try await cluster.leader()
        let result = try await leader.propose(ByteBuffer(string: "one"))
        #expect(String(buffer: result.outcome) == "1")
        #expect(cluster.tallies[0].commands == ["one"])
        await cluster.stopAll()
    }

    @Test func `three nodes apply the same commands in the same order`() async throws {
        let cluster = try TestCluster(count: 3)
        try await cluster.startAll()
        let leader = try await cluster.leader()
        try await withThrowingTaskGroup { group in
            for number in 0..<200 {
                group.addTask {
                    _ = try await leader.propose(ByteBuffer(string: "command \(number)"))
                }
            }
            try await group.waitForAll()
        }
        for (node, server) in cluster.servers.enumerated() {
            try await server?.readIndex()
            #expect(cluster.tallies[node].commands == cluster.tallies[0].commands)
            #expect(cluster.tallies[node].commands.count == 200)
        }
        #expect((leader.metrics.counter("messages_sent")?.value ?? 0) > 0)
        #expect((leader.metrics.counter("messages_received")?.value ?? 0) > 0)
        await cluster.stopAll()
    }

    @Test func `a follower refuses a proposal and names the leader`() async throws {
        let cluster = try TestCluster(count: 3)
        try await cluster.startAll()
        let leader = try await cluster.leader()
        let follower = try await eventually("a follower that knows the leader") {
            cluster.servers.compactMap { $0 }.first { !$0.isLeader && $0.leader != nil }
        }
        let error = await #expect(throws: RaftError.self) {
            _ = try await follower.propose(ByteBuffer(string: "misplaced"))
        }
        #expect(error?.code == .notLeader)
        #expect(error?.leader == leader.transport.localEndpoint)
        await cluster.stopAll()
    }

    @Test func `what is acknowledged survives the stop of all nodes`() async throws {
        let cluster = try TestCluster(count: 3)
        try await cluster.startAll()
        for number in 0..<20 { try await cluster.write("\(number)") }
        for node in 0..<3 { await cluster.stop(node) }
        try await cluster.startAll()
        for node in 0..<3 {
            _ = try await eventually("node \(node) has everything") {
                cluster.tallies[node].commands.count == 20 ? true : nil
            }
            #expect(cluster.tallies[node].commands == (0..<20).map(String.init))
        }
        await cluster.stopAll()
    }

    @Test func `a stopping leader hands leadership over`() async throws {
        let cluster = try TestCluster(count: 3)
        try await cluster.startAll()
        let leader = try await cluster.allCount()
        let position =
            try #require(
                cluster.config.nodeID(of: leader.transport.localEndpoint)) - 1
        let others = cluster.servers.compactMap { $0 }.filter { $0 !== leader }
        await cluster.stop(Int(position))
        #expect(others.contains { $0.leader != nil && $0.leader?.nodeID != position + 1 })
        await cluster.stopAll()
    }

    @Test func `a member that the log can't catch up gets a snapshot`() async throws {
        let cluster = try TestCluster(count: 3, snapshotDistance: 20)
        try await cluster.startAll()
        try await cluster.write("first")
        let lagging = try await eventually("a follower") {
            cluster.servers.firstIndex { $0?.isLeader == false }
        }
        await cluster.stop(lagging)
        for number in 0..<100 { try await cluster.write("\(number)") }
        let leader = try await cluster.leader()
        _ = try await eventually("the log is compacted") {
            try await leader.status.firstIndex > 40 ? true : nil
        }
        try await cluster.start(lagging)
        _ = try await eventually("the member has everything") {
            cluster.tallies[lagging].commands.count == 101 ? true : nil
        }
        let installed = cluster.servers[lagging]?.metrics.counter("snapshots_installed")?.value
        #expect(installed == 1)
        await cluster.stopAll()
    }

    @Test func `a member whose directory was lost catches up but doesn't vote`() async throws {
        let cluster = try TestCluster(count: 3)
        try await cluster.startAll()
        for number in 0..<10 { try await cluster.write("\(number)") }
        let wiped = try await eventually("a follower") {
            cluster.servers.firstIndex { $0?.isLeader == false }
        }
        await cluster.stop(wiped)
        try FileManager.default.removeItem(atPath: cluster.directory(wiped))
        try await cluster.start(wiped)
        _ = try await eventually("the member has everything") {
            cluster.tallies[wiped].commands.count == 10 ? true : nil
        }
        let leader = try await cluster.leader()
        let kind = try await eventually("the leader knows the learner") {
            try await leader.status.members[wiped].matchIndex ?? 0 > 0
                ? try await leader.status.members[wiped].kind : nil
        }
        #expect(kind == .learner)
        await cluster.stopAll()
    }

    @Test func `a directory of another cluster is refused`() async throws {
        let cluster = try TestCluster(count: 1)
        try await cluster.startAll()
        await cluster.stop(0)
        var other = cluster.config
        other.clusterID = "other"
        let error = await #expect(throws: RaftError.self) {
            try await cluster.start(0, config: other)
        }
        #expect(error?.code == .foreignData)
        #expect(error?.message.contains("\"test\"") == true)
        await cluster.stopAll()
    }
}
