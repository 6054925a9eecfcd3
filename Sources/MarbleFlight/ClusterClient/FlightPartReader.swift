/// The messages of a flight's endpoints, for `for try await`. One task reads. Dropping it, or cancelling the
/// task that reads, ends the calls.
public struct FlightPartReader: AsyncSequence, Sendable {
    public typealias Element = FlightPart

    let lease: PartLease

    /// Starts to read; every iterator goes on where the last one stopped.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(lease: lease) }

    /// Takes one message after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let lease: PartLease

        /// The next message, or `nil` when all endpoints have been read.
        /// - Throws: ``FlightError`` of the first call that failed.
        public mutating func next() async throws(FlightError) -> FlightPart? {
            try await lease.queue.take()
        }

        /// The same, for generic code.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(FlightError) -> FlightPart? {
            try await lease.queue.take()
        }
    }
}

/// Ends the calls when nobody can read their messages any more.
final class PartLease: Sendable {
    let queue: PartQueue
    private let task: Task<Void, Never>

    init(queue: PartQueue, task: Task<Void, Never>) {
        self.queue = queue
        self.task = task
    }

    deinit {
        task.cancel()
        queue.end(.taskCancelled)
    }
}
