internal import MarbleCluster
internal import MarbleEnvironment
internal import MarbleRaft
internal import NIOCore

/// A cluster in one thread: the drivers, cores, logs and snapshot stores of production over a
/// virtual network, virtual disks and virtual time, with clients, faults, and checks after each step.
package final class Simulation {
    static let electionTimeout: Duration = .milliseconds(150)
    static let heartbeatInterval: Duration = .milliseconds(30)

    let configuration: SimulationConfiguration
    let profile: FaultProfile
    var now: VirtualNanoseconds = 0
    var step = 0
    var queue = EventQueue()
    var network: VirtualNetwork
    var nodes: [SimulatedNode] = []
    var checker: InvariantChecker
    var trace: Trace
    var counts = SimulationReport.Counts()

    // Each has its own stream of numbers.
    var faultRandom: SplitMix64
    var diskRandom: SplitMix64
    var clientRandom: SplitMix64
    var nodeRandom: SplitMix64

    let inbox = ClientInbox()
    var clients: [SimulatedClient]
    var clientOfToken: [Int] = []
    /// The highest state that a completed read has shown.
    var readIndexMax: RaftIndex = 0
    /// The node that was the last to lead, by what clients can know.
    var lastLeader: RaftNodeID?

    var wipedCount = 0
    /// The first proposal that is made after everything has healed.
    var healedToken: UInt64?
    /// Where a proposal was committed that was made after everything had healed.
    var healedIndex: RaftIndex?

    /// - Parameter onTraceLine: called with each event as it happens.
    package init(
        _ configuration: SimulationConfiguration, onTraceLine: ((String) -> Void)? = nil
    ) {
        self.configuration = configuration
        var random = SplitMix64(seed: configuration.seed)
        var profileRandom = random.split()
        profile = FaultProfile(random: &profileRandom)
        network = VirtualNetwork(
            nodeCount: configuration.nodeCount, profile: profile, random: random.split())
        faultRandom = random.split()
        diskRandom = random.split()
        clientRandom = random.split()
        nodeRandom = random.split()
        clients = Array(repeating: SimulatedClient(), count: profile.clientCount)
        checker = InvariantChecker(
            nodeCount: configuration.nodeCount, outcomesOnly: configuration.checksOutcomesOnly)
        trace = Trace(onLine: onTraceLine)
        for id in 1...RaftNodeID(configuration.nodeCount) {
            let clock = NodeClock(
                origin: nodeRandom.next(below: 1 << 50),
                skewPerMille: nodeRandom.next(below: profile.clockSkewPerMilleMax + 1))
            nodes.append(SimulatedNode(id: id, clock: clock))
        }
    }

    /// Runs to the end, or to the first broken promise.
    package func run() -> SimulationReport {
        for node in nodes { start(node) }
        for client in clients.indices {
            schedule(.clientStart(client: client), in: .milliseconds(50))
        }
        schedule(.fault, in: .milliseconds(100))
        while step < configuration.stepCount, checker.violation == nil { runStep() }
        if checker.violation == nil { heal() }
        return report()
    }

    func runStep() {
        guard let (due, event) = queue.next() else { return }
        if let id = event.node, node(id).pausedUntil > due {
            return queue.schedule(event, at: node(id).pausedUntil)
        }
        step += 1
        now = max(now, due)
        trace.add(event, at: now, step: step)
        dispatch(event)
        deliverLetters()
    }

    private func report() -> SimulationReport {
        counts.committedEntries = Int(checker.committedIndex)
        counts.acknowledgedProposals = checker.proposals.acknowledgedCount
        counts.virtualNanoseconds = now
        trace.add(words: checker.committedIndex, UInt64(counts.acknowledgedProposals), now)
        return SimulationReport(
            configuration: configuration, violation: checker.violation, step: step,
            traceHash: trace.value,
            traceTail: checker.violation == nil ? [] : trace.tailLines, counts: counts)
    }

    // MARK: Parts

    func node(_ id: RaftNodeID) -> SimulatedNode { nodes[Int(id) - 1] }

    func schedule(_ event: SimulationEvent, in delay: VirtualNanoseconds) {
        queue.schedule(event, at: now + delay)
    }

    func note(_ text: @autoclosure () -> String) {
        trace.add(note: text(), at: now, step: step)
    }

    /// The process that an event was meant for, if it still runs.
    func process(_ id: RaftNodeID, _ incarnation: UInt64) -> NodeProcess? {
        let node = node(id)
        return node.incarnation == incarnation ? node.process : nil
    }

    func instant(on node: SimulatedNode) -> RaftInstant { node.clock.instant(at: now) }
}
