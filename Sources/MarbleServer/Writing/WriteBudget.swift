internal import Synchronization

/// How many bytes all `do_put` streams of a node have in Raft's hands: past the limit each stream keeps
/// to a small share, so that many streams together don't run into Raft's own limit, which would end
/// them with an error.
final class WriteBudget: Sendable {
    /// Half of what Raft lets wait.
    static let byteCountMax = 128 << 20

    private let byteCount = Atomic<Int>(0)

    var isSpent: Bool { byteCount.load(ordering: .relaxed) >= Self.byteCountMax }

    func add(_ count: Int) {
        byteCount.wrappingAdd(count, ordering: .relaxed)
    }

    func subtract(_ count: Int) {
        byteCount.wrappingSubtract(count, ordering: .relaxed)
    }
}
