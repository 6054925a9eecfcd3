import Foundation
import MarbleFlight
import NIOCore

/// The cluster's leader, and a table of this run on it.
struct CommitTarget: Sendable {
    private static let leaderTimeLimit = Duration.seconds(30)
    private static let leaderPollInterval = Duration.milliseconds(100)

    let leader: ServerAddress
    /// What the streams of the load send; the table exists.
    let work: StreamClient.Work

    /// Finds the leader, so that no entry pays for a forward by a follower, and makes the table.
    init(cluster: ServerAddressList, valueByteCount: Int) async throws {
        let name = "bench_" + String(UInt64.random(in: .min ... .max), radix: 36)
        let table = SampleTable.binary
        let opening = table.opening(path: name)
        leader = try await Self.findLeader(cluster)
        work = StreamClient.Work(
            method: .doPut, opening: [opening],
            message: table.oneRow(valueByteCount: valueByteCount))
        try await FlightClient.withLoadClient(to: leader, connections: 1) { client, _ in
            let stream = client.doPut()
            try await stream.write(opening)
            stream.finishWriting()
            for try await _ in stream.responses {}
        }
    }

    private static func findLeader(_ cluster: ServerAddressList) async throws -> ServerAddress {
        let deadline = ContinuousClock.now + leaderTimeLimit
        var failure: (any Error)?
        while ContinuousClock.now < deadline {
            for address in cluster.addresses {
                do {
                    if try await leads(address) { return address }
                } catch {
                    failure = error
                }
            }
            try await Task.sleep(for: leaderPollInterval)
        }
        throw BenchError(
            .unavailable,
            "none of the endpoints says that it leads; check that a majority of the nodes runs",
            cause: failure)
    }

    private static func leads(_ address: ServerAddress) async throws -> Bool {
        let results = try await FlightClient.withLoadClient(to: address, connections: 1) {
            client, _ in
            try await client.doAction(
                FlightAction(type: "status"), options: FlightCallOptions(timeout: .seconds(5)))
        }
        guard let body = results.first?.body else { return false }
        let status = try JSONDecoder().decode(Status.self, from: Data(body.readableBytesView))
        return status.groups.first?.role == "leader"
    }
}

/// What is read of the answer of the action `status`.
private struct Status: Decodable {
    struct Group: Decodable {
        let role: String
    }

    let groups: [Group]
}
