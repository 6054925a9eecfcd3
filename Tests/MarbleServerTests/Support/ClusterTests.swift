import Testing

/// All tests that run clusters: one after the other, so that a slow machine doesn't make nodes miss
/// each other's heartbeats.
@Suite(.serialized) enum ClusterTests {}
