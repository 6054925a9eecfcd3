internal import MarbleEnvironment
internal import MarbleRaft

/// A seat of the cluster: a machine with a clock and a disk, on which processes come and go.
final class SimulatedNode {
    let id: RaftNodeID
    let clock: NodeClock
    var disk = VirtualFileSystem()
    /// Counts processes, and the crashes between them.
    var incarnation: UInt64 = 0
    var process: NodeProcess?
    /// What earlier incarnations have sent, and is still on its way, is lost.
    var incarnationHeard: UInt64 = 0
    /// Nothing happens on the node before then.
    var pausedUntil: VirtualNanoseconds = 0
    /// False for good once the disk was wiped.
    var mayVote = true
    /// Operations of the disk at which something goes wrong.
    var armedOperations: [Int] = []

    init(id: RaftNodeID, clock: NodeClock) {
        self.id = id
        self.clock = clock
    }

    func arm(_ fault: VirtualFault, operationsFromNow count: Int) {
        let operation = disk.operationCount + count
        disk.setFault(fault, atOperation: operation)
        armedOperations.append(operation)
    }

    /// An armed fault has happened since the last crash.
    var hasMetFault: Bool {
        disk.isStopped || armedOperations.contains { $0 < disk.operationCount }
    }

    func disarm() {
        for operation in armedOperations { disk.setFault(nil, atOperation: operation) }
        armedOperations = []
    }
}
