internal import MarbleCluster
internal import MarbleDB
internal import MarbleFlight
internal import NIOConcurrencyHelpers
internal import NIOCore

extension DatabaseFlightService {
    /// Finds out where a `do_put` stream goes, and makes its table on the leader where it is missing.
    ///
    /// - Parameters:
    ///   - table: the name in the stream's descriptor.
    ///   - schema: the stream's schema message.
    ///   - deadline: how long a leader is waited for.
    ///   - isForwarded: another node passed the stream on to this one as the leader.
    func route(
        table: String, schema: ByteBuffer, until deadline: ContinuousClock.Instant,
        isForwarded: Bool
    ) async throws(FlightError) -> PutRoute {
        while true {
            switch try await findLeader(until: deadline, isForwarded: isForwarded) {
            case .there(let client, let endpoint): return .leader(client, endpoint)
            case .here(let raft):
                do {
                    try await catchUp(raft)
                    return .here(try await writer(table: table, schema: schema), raft)
                } catch let error as RaftError where error.code == .notLeader {
                    // Creating a table that is there already does no harm, so asking again is safe.
                    try await pauseForLeader(until: deadline)
                } catch {
                    throw FlightError(answering: error)
                }
            }
        }
    }

    /// A leader that has just been elected may not have applied its predecessors' entries yet: waits
    /// for that once a term, so that the catalog is the one that clients have seen.
    private func catchUp(_ raft: RaftServer) async throws {
        let term = try await raft.status.term
        guard barrierTerm.withLockedValue({ $0 }) != term else { return }
        _ = try await raft.readIndex()
        barrierTerm.withLockedValue { $0 = max($0, term) }
    }

    private func writer(table: String, schema: ByteBuffer) async throws -> TableWriter {
        do {
            return try database.writer(table: table, schemaMessage: schema)
        } catch {
            guard error.code == .notFound else { throw error }
        }
        try await commit(
            try database.createTableCommand(
                name: table, schemaMessage: schema, primaryKey: nil, ifNotExists: true))
        return try database.writer(table: table, schemaMessage: schema)
    }
}
