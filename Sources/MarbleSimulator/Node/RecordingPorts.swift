internal import MarbleCluster
internal import MarbleRaft

/// The driver's ports: what it asks for is kept in order, for the simulation to carry out when the
/// driver has returned.
final class RecordingPorts: RaftDriverPorts {
    enum Request {
        case write(RaftLogWrite)
        case read(RaftLogRead)
        case send(RaftBatch, to: RaftNodeID)
        case apply([RaftEntry], through: RaftIndex)
        case makeSnapshot(SnapshotStore.Name)
        case installSnapshot(SnapshotStore.Name, from: RaftNodeID)
        case roleChanged(RaftRole, term: RaftTerm, leader: RaftNodeID?)
    }

    private(set) var requests: [Request] = []

    func takeRequests() -> [Request] {
        let taken = requests
        requests = []
        return taken
    }

    func write(_ write: RaftLogWrite) { requests.append(.write(write)) }
    func read(_ read: RaftLogRead) { requests.append(.read(read)) }

    func send(_ batch: RaftBatch, to peer: RaftNodeID) -> Bool {
        requests.append(.send(batch, to: peer))
        return true
    }

    func apply(_ entries: [RaftEntry], through: RaftIndex) {
        requests.append(.apply(entries, through: through))
    }

    func makeSnapshot(index: RaftIndex, term: RaftTerm) {
        requests.append(.makeSnapshot(SnapshotStore.Name(index: index, term: term)))
    }

    func installSnapshot(from peer: RaftNodeID, index: RaftIndex, term: RaftTerm) {
        requests.append(
            .installSnapshot(SnapshotStore.Name(index: index, term: term), from: peer))
    }

    func roleChanged(role: RaftRole, term: RaftTerm, leader: RaftNodeID?) {
        requests.append(.roleChanged(role, term: term, leader: leader))
    }
}
