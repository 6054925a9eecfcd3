internal import MarbleEnvironment
internal import MarbleRaft

/// The links between nodes: whether each carries messages, and how badly.
struct VirtualNetwork {
    private let nodeCount: Int
    private let profile: FaultProfile
    private var isCut: [Bool]
    private var random: SplitMix64
    /// Nothing is lost, doubled or held up any longer.
    private var isReliable = false

    init(nodeCount: Int, profile: FaultProfile, random: SplitMix64) {
        self.nodeCount = nodeCount
        self.profile = profile
        self.random = random
        isCut = Array(repeating: false, count: nodeCount * nodeCount)
    }

    private func link(_ from: RaftNodeID, _ to: RaftNodeID) -> Int {
        (Int(from) - 1) * nodeCount + Int(to) - 1
    }

    func carries(from: RaftNodeID, to: RaftNodeID) -> Bool { !isCut[link(from, to)] }

    mutating func cut(from: RaftNodeID, to: RaftNodeID) { isCut[link(from, to)] = true }

    /// Cuts every link between the two sides, both ways.
    mutating func cut(between side: [RaftNodeID], and other: [RaftNodeID]) {
        for one in side {
            for two in other where one != two {
                cut(from: one, to: two)
                cut(from: two, to: one)
            }
        }
    }

    mutating func heal() {
        for position in isCut.indices { isCut[position] = false }
    }

    mutating func becomeReliable() {
        heal()
        isReliable = true
    }

    /// How long a message takes from here on; nil when it is lost. Messages overtake each other.
    mutating func delay(from: RaftNodeID, to: RaftNodeID) -> VirtualNanoseconds? {
        guard carries(from: from, to: to) else { return nil }
        if isReliable { return profile.delayMin }
        if random.chance(profile.dropPerMille, in: 1000) { return nil }
        let spread = random.next(below: profile.delayMax - profile.delayMin + 1)
        let stray: VirtualNanoseconds =
            random.chance(profile.strayPerMille, in: 1000)
            ? .milliseconds(100 + random.next(below: 900)) : 0
        return profile.delayMin + spread + stray
    }

    mutating func doubles() -> Bool {
        !isReliable && random.chance(profile.duplicatePerMille, in: 1000)
    }
}
