internal import MarbleEnvironment

/// What kind of bad luck a run has, drawn from its seed. Runs differ in what goes wrong rather than
/// all having a little of everything, so that rare combinations come up ("swarm testing", Groce
/// and others, ISSTA 2012).
struct FaultProfile {
    var delayMin: VirtualNanoseconds
    var delayMax: VirtualNanoseconds
    var dropPerMille: UInt64
    var duplicatePerMille: UInt64
    /// Messages that are held up for longer than an election takes.
    var strayPerMille: UInt64
    var diskDelayMax: VirtualNanoseconds
    var applyDelayMax: VirtualNanoseconds
    /// Node clocks run up to this much faster than virtual time.
    var clockSkewPerMilleMax: UInt64
    var faultIntervalMax: VirtualNanoseconds
    /// How often a leader is hit just when it was elected, and just when it has committed.
    var troubleAtElectionPerMille: UInt64
    var troubleAtCommitPerMille: UInt64
    /// How often each kind of fault comes up against the others.
    var weights: [(kind: FaultKind, weight: UInt64)]
    var weightSum: UInt64

    // The shape of the cluster's configuration.
    var snapshotDistance: UInt64
    var trailingEntryCount: UInt64
    var maxEntriesPerSend: Int
    var commitNoticeDelay: Duration
    var maxInFlightMessages: Int
    var sendByteCountMax: Int
    var tailByteCountMax: Int
    var segmentByteCount: Int
    var payloadByteCountMax: UInt64
    var preVote: Bool
    var checkQuorum: Bool

    // Clients.
    var clientCount: Int
    var thinkTimeMax: VirtualNanoseconds
    var readPerMille: UInt64

    init(random: inout SplitMix64) {
        func pick<Value>(_ choices: [Value]) -> Value {
            choices[Int(random.next(below: UInt64(choices.count)))]
        }
        delayMin = pick([.microseconds(50), .microseconds(500), .milliseconds(1)])
        delayMax = delayMin + pick([.milliseconds(1), .milliseconds(5), .milliseconds(40)])
        dropPerMille = pick([0, 0, 5, 50, 150])
        duplicatePerMille = pick([0, 10, 100])
        strayPerMille = pick([0, 0, 5, 30])
        diskDelayMax = pick([.microseconds(100), .milliseconds(2), .milliseconds(15)])
        applyDelayMax = pick([.microseconds(50), .milliseconds(1), .milliseconds(20)])
        clockSkewPerMilleMax = pick([0, 1, 100])
        faultIntervalMax = pick([.milliseconds(150), .milliseconds(500), .milliseconds(1500)])
        troubleAtElectionPerMille = pick([0, 0, 200, 500])
        troubleAtCommitPerMille = pick([0, 0, 10, 100])
        weights = FaultKind.allCases.map { kind in
            let isAbsent = kind != .healNetwork && random.chance(1, in: 4)
            return (kind, isAbsent ? 0 : kind.weight * (1 + random.next(below: 3)))
        }
        weightSum = weights.reduce(0) { $0 + $1.weight }
        snapshotDistance = pick([15, 40, 150, 10_000])
        trailingEntryCount = pick([0, 5, 20])
        maxEntriesPerSend = pick([1, 2, 8, 4096])
        maxInFlightMessages = pick([1, 4, 256])
        sendByteCountMax = pick([64, 1 << 20])
        tailByteCountMax = pick([0, 1500, 64 << 20])
        segmentByteCount = pick([4096, 4096, 16_384])
        payloadByteCountMax = pick([0, 32, 400])
        preVote = random.chance(3, in: 4)
        checkQuorum = random.chance(3, in: 4)
        clientCount = Int(pick([2, 4, 6]))
        thinkTimeMax = pick([.milliseconds(2), .milliseconds(20), .milliseconds(80)])
        readPerMille = pick([50, 300, 600])
        commitNoticeDelay = pick([.zero, .milliseconds(1), .milliseconds(40)])
    }
}

/// What can go wrong beside single messages.
enum FaultKind: CaseIterable {
    /// A node's process ends between two events.
    case crash
    case crashLeader
    /// A node's process ends within one of its next disk operations.
    case crashWithinDiskOperation
    /// The power fails for several nodes, or all, at once.
    case powerFailure
    /// The nodes fall into two parts that don't hear each other.
    case partition
    /// One node, often the leader, is cut off.
    case isolate
    /// Some links carry messages one way only.
    case oneWay
    case healNetwork
    /// A process stands still for a while, then goes on as if no time had passed.
    case pause
    /// A disk operation fails, or the disk is full; the node gives up and starts again.
    case diskError
    case transferLeadership
    /// A node notices that a connection broke.
    case connectionBreak
    /// A node loses its whole disk, and may never vote again.
    case wipeDisk

    var weight: UInt64 {
        switch self {
        case .crash: 6
        case .crashLeader: 6
        case .crashWithinDiskOperation: 8
        case .powerFailure: 4
        case .partition: 6
        case .isolate: 6
        case .oneWay: 5
        case .healNetwork: 14
        case .pause: 4
        case .diskError: 2
        case .transferLeadership: 4
        case .connectionBreak: 4
        case .wipeDisk: 1
        }
    }
}
