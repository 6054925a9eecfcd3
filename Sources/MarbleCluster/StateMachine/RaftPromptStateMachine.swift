/// A state machine that knows of entries whose effect takes only a few microseconds.
///
/// Handing entries to the apply thread and back costs more than many of them do. What is prompt may
/// be applied on the group's event loop, when the apply thread has nothing to do; all else never is,
/// because a slow apply must not delay a heartbeat.
package protocol RaftPromptStateMachine: RaftStateMachine {
    /// Whether `apply(entries)` would be done in microseconds. Called as `apply` is: never beside it.
    func isPrompt(_ entries: [RaftEntry]) -> Bool
}
