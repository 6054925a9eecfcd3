internal import MarbleCluster
internal import MarbleDB
package import MarbleFlight
internal import MarbleJSON
internal import NIOCore

extension DatabaseFlightService {
    package func listActions(context: FlightCallContext) async throws -> [FlightActionType] {
        ServerAction.allCases.map {
            FlightActionType(type: $0.rawValue, description: $0.summary)
        }
    }

    package func doAction(
        _ action: FlightAction, writer: FlightWriter<FlightResult>, context: FlightCallContext
    ) async throws {
        let results = try await answering {
            let kind = try ServerAction(type: action.type)
            try context.require(kind.requiredRole, for: "the action \(kind.rawValue)")
            guard kind.needsLeader else { return [try await perform(kind, action.body)] }
            return try await performOnLeader(
                kind, action, isForwarded: context.metadata.first(Forwarding.header) != nil)
        }
        try await writer.write(contentsOf: results)
    }

    /// Carries the action out here if this node leads, else passes it on to the leader.
    private func performOnLeader(
        _ kind: ServerAction, _ action: FlightAction, isForwarded: Bool
    ) async throws -> [FlightResult] {
        let deadline = leaderDeadline
        while true {
            switch try await findLeader(until: deadline, isForwarded: isForwarded) {
            case .here:
                do {
                    return [try await perform(kind, action.body)]
                } catch let error as RaftError where error.code == .notLeader {
                    // Nothing happened: whoever leads now can be asked.
                    try await pauseForLeader(until: deadline)
                }
            case .there(let client, _):
                var options = FlightCallOptions()
                options.metadata.add(Forwarding.header, String(nodeID))
                do {
                    return try await client.doAction(action, options: options)
                } catch {
                    guard error.isUnprocessed else { throw error }
                    // The leader has just died, perhaps: another one is waited for.
                    try await pauseForLeader(until: deadline)
                }
            }
        }
    }

    private func perform(_ kind: ServerAction, _ body: ByteBuffer) async throws -> FlightResult {
        let reader = try JSONObjectReader(text: body, subject: "the body of \(kind.rawValue)")
        let text: ByteBuffer =
            switch kind {
            case .createTable: try await createTable(reader)
            case .dropTable: try await dropTable(reader)
            case .status: try await status(reader)
            case .health: try await health(reader)
            case .metrics: try metrics(reader)
            case .setLogLevel: try setLogLevel(reader)
            case .transferLeadership: try await transferLeadership(reader)
            }
        return FlightResult(body: text)
    }
}
