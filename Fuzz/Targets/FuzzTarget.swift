/// One way by which bytes from outside come in, as a function that a fuzzer can call.
///
/// It must return for every input. What a fuzzer finds is whatever doesn't: a trap, a broken
/// invariant that the target checks itself, a read outside of the input, a hang, or memory that
/// follows what the input claims instead of what it has.
struct FuzzTarget: Sendable, CustomStringConvertible {
    /// What became of an input.
    enum Outcome: Sendable {
        /// It was taken for what it claims to be.
        case accepted
        /// It was refused with an error.
        case refused
    }

    /// The name of its directories in `Corpus` and `Findings`.
    let name: String
    /// Takes one input. The bytes are there only during the call, and not to be written to.
    let run: @Sendable (UnsafeRawBufferPointer) -> Outcome

    var description: String { name }

    static let all: [FuzzTarget] = [
        FuzzTarget(name: "arrow-stream", run: ArrowStreamTarget.run),
        FuzzTarget(name: "arrow-file", run: ArrowFileTarget.run),
        FuzzTarget(name: "arrow-batch", run: ArrowBatchTarget.run),
        FuzzTarget(name: "arrow-compressed", run: ArrowBatchTarget.runCompressed),
        FuzzTarget(name: "flight-client", run: FlightClientTarget.run),
        FuzzTarget(name: "flight-connection", run: FlightConnectionTarget.run),
        FuzzTarget(name: "flight-frames", run: FlightFramesTarget.run),
        FuzzTarget(name: "flight-messages", run: FlightMessagesTarget.run),
        FuzzTarget(name: "grpc-messages", run: GRPCMessagesTarget.run),
        FuzzTarget(name: "raft-wire", run: RaftWireTarget.run),
        FuzzTarget(name: "log-recovery", run: LogRecoveryTarget.run),
        FuzzTarget(name: "commands", run: CommandsTarget.run),
        FuzzTarget(name: "snapshots", run: SnapshotsTarget.run),
        FuzzTarget(name: "tickets", run: TicketsTarget.run),
    ]

    static func named(_ name: String) -> FuzzTarget? {
        all.first { $0.name == name }
    }
}
