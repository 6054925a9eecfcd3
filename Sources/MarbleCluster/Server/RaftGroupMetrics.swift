internal import CoreMetrics
internal import MarbleRaft

/// Where one group is, as gauges. Set when something has changed.
struct RaftGroupMetrics: Sendable {
    private let term: Gauge
    private let commitIndex: Gauge
    private let appliedIndex: Gauge
    private let hasLeader: Gauge
    private let isLeader: Gauge
    private let isCandidate: Gauge
    private let isFollower: Gauge

    init(_ id: RaftGroupID, factory: any MetricsFactory) {
        let group = ("group", String(id))
        func gauge(_ name: String, _ more: [(String, String)] = []) -> Gauge {
            Gauge(label: "raft_\(name)", dimensions: [group] + more, factory: factory)
        }
        term = gauge("term")
        commitIndex = gauge("commit_index")
        appliedIndex = gauge("applied_index")
        hasLeader = gauge("has_leader")
        isLeader = gauge("role", [("role", "leader")])
        isCandidate = gauge("role", [("role", "candidate")])
        isFollower = gauge("role", [("role", "follower")])
    }

    func roleChanged(_ role: RaftRole, term: RaftTerm, hasLeader: Bool) {
        self.term.record(term)
        self.hasLeader.record(hasLeader ? 1 : 0)
        isLeader.record(role == .leader ? 1 : 0)
        isFollower.record(role == .follower ? 1 : 0)
        isCandidate.record(role == .candidate || role == .preCandidate ? 1 : 0)
    }

    func committed(_ index: RaftIndex) { commitIndex.record(index) }

    func applied(_ index: RaftIndex) { appliedIndex.record(index) }
}
