internal import Logging
internal import MarbleCluster
internal import MarbleDB
internal import MarbleFlight
internal import MarbleJSON
internal import MarbleMetrics
internal import MarbleRaft
internal import NIOCore

extension DatabaseFlightService {
    /// `status`: what the node knows of its group.
    func status(_ reader: JSONObjectReader) async throws -> ByteBuffer {
        try reader.finish()
        let group = try await raft().status
        return JSONWriter.object { writer in
            writer.member("cluster_id", configuration.clusterID)
            writer.member("node_id", nodeID)
            writer.member("endpoint", configuration.endpoint.description)
            writer.member("version", MarbleVersion.current)
            writer.key("groups")
            writer.array([group]) { Self.write($1, to: &$0) }
        }
    }

    private static func write(_ group: RaftStatus, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("group", group.groupID)
            writer.member("role", group.role.name)
            writer.member("term", group.term)
            writer.key("leader")
            if let leader = group.leader {
                writer.object { writer in
                    writer.member("node_id", leader.nodeID)
                    writer.member("endpoint", leader.endpoint)
                }
            } else {
                writer.null()
            }
            writer.member("commit_index", group.commitIndex)
            writer.member("applied_index", group.appliedIndex)
            writer.member("first_index", group.firstIndex)
            writer.member("last_index", group.lastIndex)
            writer.key("members")
            writer.array(group.members) { writer, member in
                writer.object { writer in
                    writer.member("node_id", member.nodeID)
                    writer.member("endpoint", member.endpoint)
                    writer.member("kind", member.kind.rawValue)
                    writer.key("match_index")
                    if let index = member.matchIndex { writer.value(index) } else { writer.null() }
                    writer.member("healthy", member.isHealthy)
                }
            }
        }
    }

    /// `health`: `{"healthy", "components": {name: {"healthy", "reason"}}}`.
    func health(_ reader: JSONObjectReader) async throws -> ByteBuffer {
        try reader.finish()
        let components = try raft().health
        return JSONWriter.object { writer in
            writer.member("healthy", components.values.allSatisfy(\.isHealthy))
            Self.write(components, to: &writer)
        }
    }

    /// The member `components` of an object.
    static func write(
        _ components: [HealthComponent: HealthStatus], to writer: inout JSONWriter
    ) {
        writer.key("components")
        writer.object { writer in
            let named = components.map { ($0.key.description, $0.value) }
            for (name, health) in named.sorted(by: { $0.0 < $1.0 }) {
                writer.key(name)
                writer.object { writer in
                    writer.member("healthy", health.isHealthy)
                    if case .unhealthy(let reason) = health {
                        writer.member("reason", reason)
                    }
                }
            }
        }
    }

    /// `metrics`: `{"counters": {name: count}, "metrics": [{"name", "kind", "labels", "value"}]}`.
    func metrics(_ reader: JSONObjectReader) throws -> ByteBuffer {
        try reader.finish()
        let counters = try raft().metrics.counters
        return JSONWriter.object { writer in
            writer.key("counters")
            writer.object { writer in
                for (name, counter) in counters { writer.member(name, counter.value) }
            }
            writer.key("metrics")
            writer.array(
                self.metrics.families().flatMap { family in family.samples.map { (family, $0) } }
            ) { writer, each in each.1.write(of: each.0, to: &writer) }
        }
    }

    /// `set_log_level`: `{"component", "level"}` → `{"levels": {component: level}}`.
    func setLogLevel(_ reader: JSONObjectReader) throws -> ByteBuffer {
        var reader = reader
        let component = try reader.string("component")
            .map { name throws(ServerError) in try LogComponent(name: name, of: "\"component\"") }
        let givenLevel = try reader.string("level")
        try reader.finish()
        guard let givenLevel else { throw reader.missing("level") }
        logging.setLevel(try Logger.Level(name: givenLevel, of: "\"level\""), of: component)
        return JSONWriter.object { writer in
            writer.key("levels")
            writer.object { writer in
                for component in LogComponent.allCases {
                    writer.member(component.rawValue, logging.level(of: component).rawValue)
                }
            }
        }
    }

    /// `transfer_leadership`: `{"node_id"}` → `{"leader": {"node_id"}}`.
    func transferLeadership(_ reader: JSONObjectReader) async throws -> ByteBuffer {
        var reader = reader
        let chosen = try reader.count("node_id").map(UInt64.init)
        try reader.finish()
        let raft = try raft()
        let members = try await raft.status.members
        if let chosen, !members.contains(where: { $0.nodeID == chosen }) {
            let known = members.map { String($0.nodeID) }.joined(separator: ", ")
            throw FlightError(
                .notFound, "there is no node \(chosen); the members are \(known)")
        }
        let best = members.filter { $0.nodeID != nodeID && $0.kind == .voter && $0.isHealthy }
            .max { ($0.matchIndex ?? 0) < ($1.matchIndex ?? 0) }
        guard let target = chosen ?? best?.nodeID else {
            throw FlightError(
                .failedPrecondition,
                "no other node is well enough to lead; see marble status")
        }
        if target != nodeID { try await raft.transferLeadership(to: target) }
        return JSONWriter.object { writer in
            writer.key("leader")
            writer.object { $0.member("node_id", target) }
        }
    }
}

extension RaftRole {
    /// The role's name in JSON and tables.
    var name: String {
        switch self {
        case .leader: "leader"
        case .follower: "follower"
        case .preCandidate, .candidate: "candidate"
        }
    }
}
