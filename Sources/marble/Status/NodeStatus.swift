import MarbleCluster
import MarbleDB
import MarbleFlight
import MarbleJSON
import MarbleServer
import NIOCore

/// What one node says about itself: the answer of the `status` action.
struct NodeStatus: Sendable {
    struct Member: Sendable {
        var nodeID: Int64
        var endpoint: String
        var kind: String
    }

    /// A node that doesn't answer within this time counts as unreachable.
    private static let timeLimit = Duration.seconds(3)

    var clusterID: String
    var nodeID: Int64
    var role: String
    var term: Int64
    var leaderEndpoint: String?
    var commitIndex: Int64
    var appliedIndex: Int64
    var lastIndex: Int64
    var members: [Member]

    /// - Parameter base: TLS and credentials, if the node wants any.
    static func fetch(
        from endpoint: String,
        _ base: FlightClientConfiguration = FlightClientConfiguration(host: "", port: 0)
    ) async throws(ServerError) -> NodeStatus {
        let body: ByteBuffer
        do {
            let address = try Endpoint(endpoint)
            var configuration = base
            configuration.host = address.host
            configuration.port = address.port
            configuration.connectTimeout = timeLimit
            let client = FlightClient(configuration: configuration)
            do {
                let results = try await client.doAction(
                    FlightAction(type: "status"), options: FlightCallOptions(timeout: timeLimit))
                body = results.first?.body ?? ByteBuffer()
                await client.close()
            } catch {
                await client.close()
                throw error
            }
        } catch let error as RaftError {
            throw ServerError(.configuration, error.message, cause: error)
        } catch let error as FlightError {
            throw ServerError(
                .unreachable, "\(endpoint) can't be asked: \(error.message)", cause: error)
        } catch {
            throw ServerError(.unreachable, "\(endpoint) can't be asked: \(error)", cause: error)
        }
        return try NodeStatus(json: body, endpoint: endpoint)
    }

    init(json: ByteBuffer, endpoint: String) throws(ServerError) {
        let text = try? JSONValue(parsing: json, subject: "the status")
        guard let text, let clusterID = text["cluster_id"]?.stringValue,
            let nodeID = text["node_id"]?.integerValue,
            let group = text["groups"]?.arrayValue?.first,
            let role = group["role"]?.stringValue, let term = group["term"]?.integerValue,
            let commitIndex = group["commit_index"]?.integerValue,
            let appliedIndex = group["applied_index"]?.integerValue,
            let lastIndex = group["last_index"]?.integerValue,
            let members = group["members"]?.arrayValue
        else {
            throw ServerError(
                .protocolViolation,
                "\(endpoint) answers, but not as a MarbleDB node of this version does")
        }
        self.clusterID = clusterID
        self.nodeID = nodeID
        self.role = role
        self.term = term
        leaderEndpoint = group["leader"]?["endpoint"]?.stringValue
        self.commitIndex = commitIndex
        self.appliedIndex = appliedIndex
        self.lastIndex = lastIndex
        self.members = members.compactMap { member in
            guard let nodeID = member["node_id"]?.integerValue,
                let endpoint = member["endpoint"]?.stringValue
            else { return nil }
            return Member(
                nodeID: nodeID, endpoint: endpoint,
                kind: member["kind"]?.stringValue ?? "voter")
        }
    }
}
