import Logging
import MarbleCluster
import MarbleRaft
import NIOCore
import Testing

@Suite("RaftServer in trouble", .serialized, .timeLimit(.minutes(5)))
struct RaftServerFailureTests {
    @Test func `a node of another cluster doesn't disturb`() async throws {
        let cluster = try TestCluster(count: 3)
        try await cluster.startAll()
        try await cluster.write("before")
        let leader = try await cluster.allCount()
        let before = try await leader.status

        var config = cluster.config
        config.clusterID = "foreign"
        let own = "127.0.0.1:\(try TestCluster.freePorts(1)[0])"
        config.nodeEndpoints[2] = own
        var logger = Logger(label: "foreign")
        logger.logLevel = .critical
        let foreign = RaftServer(
            config: config, transport: ArrowFlightTransport(localEndpoint: own, logger: logger),
            stateMachine: Tally(), dataDirectory: cluster.root + "/foreign", logger: logger)
        try await foreign.start()
        for endpoint in config.nodeEndpoints[..<2] {
            let reason = try await eventually("\(endpoint) refuses") { () -> String? in
                guard case .unhealthy(let reason)? = foreign.health[.peer(endpoint)],
                    reason != "not connected yet"
                else { return nil }
                return reason
            }
            #expect(reason.contains("cluster \"foreign\""))
            #expect(reason.contains("\"test\""))
        }
        let refused = cluster.servers[..<2].compactMap {
            $0?.metrics.counter("peer_refusals")?.value
        }
        #expect(refused.allSatisfy { $0 > 0 })
        try await cluster.write("after")
        let after = try await leader.status
        #expect(after.term == before.term)
        #expect(after.role == .leader)
        #expect(foreign.leader == nil)
        await foreign.stop()
        await cluster.stopAll()
    }

    @Test func `a proposal that is too large is refused and the next one isn't`() async throws {
        let cluster = try TestCluster(count: 1)
        try await cluster.startAll()
        let leader = try await cluster.leader()
        let error = await #expect(throws: RaftError.self) {
            _ = try await leader.propose(ByteBuffer(repeating: 1, count: 60 << 20 + 1))
        }
        #expect(error?.code == .tooLarge)
        #expect(error?.message.contains("\(60 << 20)") == true)
        _ = try await leader.propose(ByteBuffer(string: "small"))
        #expect(cluster.tallies[0].commands == ["small"])
        await cluster.stopAll()
    }

    @Test func `health says which peer can't be reached and why`() async throws {
        let cluster = try TestCluster(count: 3)
        try await cluster.startAll()
        let leader = try await cluster.allCount()
        let position = try #require(cluster.servers.firstIndex { $0 !== leader })
        let endpoint = cluster.config.nodeEndpoints[position]
        _ = try await eventually("all is well") {
            leader.health.values.allSatisfy(\.isHealthy) ? true : nil
        }
        await cluster.stop(position)
        let reason = try await eventually("the peer is missed") { () -> String? in
            guard case .unhealthy(let reason)? = leader.health[.peer(endpoint)],
                reason.contains("connection refused")
            else { return nil }
            return reason
        }
        #expect(reason.contains(endpoint))
        #expect(leader.health[.log] == .healthy)
        #expect(leader.health[.leader] == .healthy)
        let member = try await leader.status.members[position]
        #expect(!member.isHealthy)
        #expect(member.reason?.contains("connection refused") == true)
        try await cluster.start(position)
        _ = try await eventually("the peer is back") {
            leader.health[.peer(endpoint)] == .healthy ? true : nil
        }
        await cluster.stopAll()
        #expect(Array(leader.health.keys) == [.raft])
    }

    @Test func `a node without a majority says that there is no leader`() async throws {
        let cluster = try TestCluster(count: 3)
        let server = try await cluster.start(0)
        guard case .unhealthy(let reason)? = server.health[.leader] else {
            Issue.record("healthy without a leader")
            return await cluster.stopAll()
        }
        #expect(reason.contains("majority"))
        let proposing = await #expect(throws: RaftError.self) {
            _ = try await server.propose(ByteBuffer(string: "x"))
        }
        #expect(proposing?.code == .notLeader)
        #expect(proposing?.leader == nil)
        let reading = await #expect(throws: RaftError.self) { try await server.readIndex() }
        #expect(reading?.code == .unavailable)
        await cluster.stopAll()
    }

    @Test func `a stop fails the proposals that are open`() async throws {
        let cluster = try TestCluster(count: 1)
        let log = FaultyLog()
        try await cluster.start(0, logStore: log)
        let leader = try await cluster.leader()
        _ = try await leader.propose(ByteBuffer(string: "done"))
        log.holdSync()
        let open = Task { try await leader.propose(ByteBuffer(string: "open")) }
        _ = try await eventually("the proposal waits for the disk") {
            log.isSyncWaiting ? true : nil
        }
        let stop = Task { await leader.stop() }
        let error = await #expect(throws: RaftError.self) { _ = try await open.value }
        #expect(error?.code == .stopped)
        log.releaseSync()
        await stop.value
        #expect(cluster.tallies[0].commands == ["done"])
        let late = await #expect(throws: RaftError.self) {
            _ = try await leader.propose(ByteBuffer(string: "late"))
        }
        #expect(late?.code == .stopped)
        await cluster.stopAll()
    }

    @Test func `a full disk refuses proposals and loses none`() async throws {
        let cluster = try TestCluster(count: 1)
        let log = FaultyLog()
        try await cluster.start(0, logStore: log)
        let leader = try await cluster.leader()
        _ = try await leader.propose(ByteBuffer(string: "one"))
        log.setFull(true)
        let waiting = Task { try await leader.propose(ByteBuffer(string: "two")) }
        _ = try await eventually("the log isn't well") {
            leader.health[.log] == .healthy ? nil : true
        }
        let error = await #expect(throws: RaftError.self) {
            _ = try await leader.propose(ByteBuffer(string: "refused"))
        }
        #expect(error?.code == .overloaded)
        #expect(error?.message.contains("full") == true)
        #expect(cluster.tallies[0].commands == ["one"])
        log.setFull(false)
        _ = try await waiting.value
        _ = try await eventually("the log is well again") {
            leader.health[.log] == .healthy ? true : nil
        }
        _ = try await leader.propose(ByteBuffer(string: "three"))
        #expect(cluster.tallies[0].commands == ["one", "two", "three"])
        await cluster.stopAll()
    }

    @Test func `a log that fails ends the node and acknowledges nothing`() async throws {
        let cluster = try TestCluster(count: 1)
        let log = FaultyLog()
        try await cluster.start(0, logStore: log)
        let leader = try await cluster.leader()
        log.failSyncs([.storage])
        let error = await #expect(throws: RaftError.self) {
            _ = try await leader.propose(ByteBuffer(string: "lost"))
        }
        #expect(error?.code == .stopped)
        #expect(await leader.waitForEnd()?.code == .storage)
        #expect(leader.health[.log] == .unhealthy(reason: "planted: sync"))
        #expect(cluster.tallies[0].commands == [])
        await cluster.stopAll()
    }
}
