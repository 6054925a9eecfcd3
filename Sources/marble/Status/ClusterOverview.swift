import MarbleFlight
import MarbleJSON
import MarbleServer
import NIOCore

/// All nodes of a cluster, each as it describes itself.
struct ClusterOverview: Sendable {
    struct Node: Sendable {
        var member: NodeStatus.Member
        /// nil for a node that doesn't answer.
        var status: NodeStatus?
        var failure: String?
    }

    var clusterID: String
    var nodes: [Node]

    static func fetch(
        from endpoint: String, _ access: ClientAccess
    ) async throws(ServerError) -> ClusterOverview {
        var base = FlightClientConfiguration(host: "", port: 0)
        try access.apply(to: &base)
        let configuration = base
        let first = try await NodeStatus.fetch(from: endpoint, configuration)
        let nodes = await withTaskGroup(of: Node.self) { tasks in
            for member in first.members {
                tasks.addTask {
                    do throws(ServerError) {
                        let status = try await NodeStatus.fetch(
                            from: member.endpoint, configuration)
                        return Node(member: member, status: status)
                    } catch {
                        return Node(member: member, failure: error.message)
                    }
                }
            }
            var nodes: [Node] = []
            for await node in tasks { nodes.append(node) }
            return nodes.sorted { $0.member.nodeID < $1.member.nodeID }
        }
        return ClusterOverview(clusterID: first.clusterID, nodes: nodes)
    }

    /// The highest commit index that any node knows.
    private var commitIndex: Int64 { nodes.compactMap(\.status?.commitIndex).max() ?? 0 }

    /// How many committed entries a node has yet to apply.
    private func lag(_ status: NodeStatus) -> Int64 {
        max(0, commitIndex - status.appliedIndex)
    }

    var table: String {
        var rows = [["NODE", "ENDPOINT", "ROLE", "TERM", "COMMIT", "APPLIED", "LAG"]]
        for node in nodes {
            let seat = [String(node.member.nodeID), node.member.endpoint]
            guard let status = node.status else {
                rows.append(seat + ["unreachable", "-", "-", "-", "-"])
                continue
            }
            rows.append(
                seat + [
                    node.member.kind == "voter" ? status.role : node.member.kind,
                    String(status.term), String(status.commitIndex), String(status.appliedIndex),
                    String(lag(status)),
                ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            zip(row, widths).map { text, width in
                text + String(repeating: " ", count: width - text.count)
            }.joined(separator: "  ").trimmingSuffix(" ")
        }
        return (["cluster \(clusterID)"] + lines).joined(separator: "\n")
    }

    var json: ByteBuffer {
        JSONWriter.object { writer in
            writer.member("cluster_id", clusterID)
            writer.key("nodes")
            writer.array(nodes) { writer, node in
                writer.object { writer in
                    writer.member("node_id", node.member.nodeID)
                    writer.member("endpoint", node.member.endpoint)
                    writer.member("kind", node.member.kind)
                    writer.member("reachable", node.status != nil)
                    if let status = node.status {
                        writer.member("role", status.role)
                        writer.member("term", status.term)
                        writer.member("commit_index", status.commitIndex)
                        writer.member("applied_index", status.appliedIndex)
                        writer.member("last_index", status.lastIndex)
                        writer.member("lag", lag(status))
                    }
                    if let failure = node.failure { writer.member("error", failure) }
                }
            }
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ character: Character) -> String {
        var text = self
        while text.last == character { text.removeLast() }
        return text
    }
}
