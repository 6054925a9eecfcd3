internal import Foundation
internal import MarbleEnvironment
internal import MarbleRaft

/// Who a data directory belongs to: kept in its `identity.json` from the first start on.
///
/// The incarnation is drawn when the directory is made. Peers remember it, so a seat whose
/// directory was lost shows itself: the same node ID with another incarnation. Such a node must not
/// vote: it has forgotten whom it voted for, and which entries it promised to keep.
struct NodeIdentity: Sendable, Equatable, Codable {
    var clusterID: String
    var nodeID: RaftNodeID
    var endpoint: String
    var incarnation: UInt64
    /// Every other member has said that it knows this seat by this incarnation, or not at all.
    var isProven: Bool
    /// The incarnations by which this node knows its peers, by node ID.
    var peers: [String: UInt64]

    private enum CodingKeys: String, CodingKey {
        case clusterID = "cluster_id"
        case nodeID = "node_id"
        case endpoint
        case incarnation
        case isProven = "proven"
        case peers
    }

    static let fileName = "identity.json"

    /// Reads the directory's identity, or gives it one, and checks that it is this node's.
    static func load(
        fileSystem: any FileSystem, directory: String, config: RaftClusterConfig, nodeID: RaftNodeID
    ) throws(RaftError) -> NodeIdentity {
        let path = FilePaths.join(directory, fileName)
        let endpoint = config.nodeEndpoints[Int(nodeID) - 1]
        let bytes: [UInt8]
        do {
            guard try fileSystem.exists(path) else {
                let identity = NodeIdentity(
                    clusterID: config.clusterID, nodeID: nodeID, endpoint: endpoint,
                    incarnation: .random(in: 1...UInt64(Int64.max)),
                    isProven: config.nodeEndpoints.count == 1, peers: [:])
                try identity.save(fileSystem: fileSystem, directory: directory)
                return identity
            }
            bytes = try fileSystem.readAll(path, byteCountMax: 1 << 20)
        } catch let error as FileSystemError {
            throw RaftError(.storage, error.message, cause: error)
        } catch let error as RaftError {
            throw error
        } catch {
            throw RaftError(.storage, "\(path) can't be read", cause: error)
        }
        guard let identity = try? JSONDecoder().decode(NodeIdentity.self, from: Data(bytes)) else {
            throw RaftError(
                .storage,
                "\(path) isn't readable as a node's identity; restore it, or give the node an empty data directory"
            )
        }
        guard identity.clusterID == config.clusterID else {
            throw RaftError(
                .foreignData,
                "data directory \(directory) belongs to cluster \"\(identity.clusterID)\", not \"\(config.clusterID)\"; give this node another data directory, or the right cluster ID"
            )
        }
        guard identity.nodeID == nodeID else {
            throw RaftError(
                .foreignData,
                "data directory \(directory) belongs to node \(identity.nodeID) (\(identity.endpoint)), but \(endpoint) is node \(nodeID) in the node list; keep the list's order as it was, or give this node another data directory"
            )
        }
        return identity
    }

    func save(fileSystem: any FileSystem, directory: String) throws(RaftError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            let bytes = [UInt8](try encoder.encode(self))
            try fileSystem.writeFileAtomically(
                FilePaths.join(directory, Self.fileName), bytes)
        } catch {
            throw RaftError(
                .storage, "the node's identity can't be saved in \(directory)", cause: error)
        }
    }

    func incarnation(of peer: RaftNodeID) -> UInt64? { peers[String(peer)] }
}
