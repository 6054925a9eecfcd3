internal import CoreMetrics
internal import MarbleMetrics

/// What a node's metrics mean; `docs/metrics.md` has the same table, with the labels.
enum MetricCatalog {
    static let entries: [(label: String, meaning: String)] =
        flight("flight_server", "this node's server") + flight("flight_client", "its clients")
        + [
            ("marble_info", "1; its label says the version."),
            (
                "flight_server_connections_accepted",
                "Connections that the server has let in."
            ),
            (
                "flight_server_connections_refused",
                "Connections turned away because there were too many, or the server stopped."
            ),
            ("flight_server_connections", "Connections to the server that are open."),
            ("flight_server_calls_refused", "Requests that were no calls of the service."),
            (
                "flight_server_handshake_failures",
                "Connections closed because they spoke no protocol of the server, or not in time."
            ),
            (
                "flight_server_plaintext_refused",
                "Connections without TLS that were told to use it."
            ),
            (
                "flight_server_authentication_failures",
                "Credentials that were missing or refused."
            ),
            ("flight_server_http_requests", "Requests of plain HTTP that were answered."),
            ("flight_client_connects", "Connections that clients have made, again too."),
            (
                "flight_client_reconnects",
                "Connections that clients have made in the place of one that ended."
            ),
            ("flight_client_connect_failures", "Attempts to connect that failed."),
            ("flight_client_connections", "Connections of clients that stand."),
            ("raft_messages_sent", "Raft messages handed to the connection to a peer."),
            ("raft_messages_received", "Raft messages that came from a peer."),
            ("raft_bytes_sent", "Bytes of Raft messages and entries sent to a peer."),
            ("raft_bytes_received", "Bytes of Raft messages and entries from a peer."),
            ("raft_entries_sent", "Log entries sent to a peer, again too."),
            ("raft_entries_received", "Log entries that came from a peer."),
            (
                "raft_sends_refused",
                "Messages dropped: no connection to the peer, or too much waited on it."
            ),
            ("raft_peer_connects", "Streams to a peer that came about, again too."),
            ("raft_peer_connect_failures", "Streams to a peer that failed or broke."),
            ("raft_peer_connected", "1 while the stream to a peer stands, else 0."),
            ("raft_peer_refusals", "Streams of peers that were refused: another cluster, say."),
            ("raft_proposals", "Entries proposed on this node."),
            ("raft_entries_applied", "Entries applied to the state."),
            ("raft_elections", "Elections that this node has stood in."),
            ("raft_snapshots_made", "Snapshots written."),
            ("raft_snapshots_installed", "Snapshots taken over from a leader."),
            ("raft_role", "1 for the role that the node has in the group, 0 for the others."),
            ("raft_term", "The group's term."),
            ("raft_has_leader", "1 while the node knows a leader, else 0."),
            ("raft_commit_index", "The last entry known to be committed."),
            ("raft_applied_index", "The last entry applied to the state."),
            ("log_sync_duration", "How long the log's syncs to the disk took."),
        ]

    private static func flight(_ prefix: String, _ whose: String) -> [(String, String)] {
        [
            ("\(prefix)_calls", "Calls of \(whose) that are over, by gRPC status."),
            ("\(prefix)_calls_open", "Calls of \(whose) that are open."),
            ("\(prefix)_call_duration", "How long calls of \(whose) took, from first to last."),
            ("\(prefix)_messages_sent", "Messages sent on calls of \(whose)."),
            ("\(prefix)_messages_received", "Messages received on calls of \(whose)."),
            ("\(prefix)_bytes_sent", "Bytes of messages sent on calls of \(whose)."),
            ("\(prefix)_bytes_received", "Bytes of messages received on calls of \(whose)."),
            (
                "\(prefix)_bytes_queued",
                "Bytes on calls of \(whose) that wait for the socket or the peer's window."
            ),
            (
                "\(prefix)_reading_pauses",
                "How often calls of \(whose) stopped to read: they got more than they could take."
            ),
            (
                "\(prefix)_writing_pauses",
                "How often calls of \(whose) had to wait for the socket or the peer's window."
            ),
        ]
    }

    /// Says all meanings, and the version.
    static func describe(in registry: MetricsRegistry) {
        for (label, meaning) in entries { registry.describe(label, meaning) }
        registry.makeMeter(
            label: "marble_info", dimensions: [("version", MarbleVersion.current)]
        ).set(1 as Int64)
    }
}
