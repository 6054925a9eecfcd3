import MarbleRaft

/// A message on the network, with the payloads of the entries it carries.
struct TestPacket: Sendable {
    var message: RaftMessage
    var entries: [TestEntry] = []
}

/// A node of a test cluster: a core, and the plainest driver that keeps its contract.
final class TestNode {
    struct Write {
        var persist: RaftPersist
        var entries: [TestEntry]
        var messages: [TestPacket]
    }

    let id: RaftNodeID
    var core: RaftCore
    var disk = TestDisk()
    /// Handed to the disk and not durable yet, oldest first.
    var writes: [Write] = []
    /// Payloads of the log's entries.
    var memory: [RaftIndex: TestEntry] = [:]
    var applied = TestSnapshot()
    var install: (from: RaftNodeID, index: RaftIndex)?
    var isUp = true
    var mayVote = true
    var output = RaftOutput()

    init(id: RaftNodeID, core: RaftCore) {
        self.id = id
        self.core = core
    }

    var log: [TestEntry] {
        guard core.firstIndex <= core.lastIndex else { return [] }
        return (core.firstIndex...core.lastIndex).compactMap { memory[$0] }
    }
}
