import NIOConcurrencyHelpers
import NIOCore

/// Joins the loop-bound ``FlightStream`` to tasks: messages cross in batches under a lock, and a hop
/// between threads happens only when one side sleeps.
final class FlightStreamBridge: FlightStreamDelegate, Sendable {
    /// Reading from the socket pauses when this much waits for the task.
    private static let unreadByteCountMax = 1 << 20
    /// A writing task waits when this much waits for the loop.
    private static let unwrittenByteCountMax = 256 << 10
    /// What a queued message costs besides its bytes: empty ones count too.
    private static let messageOverhead = MemoryLayout<FlightData>.stride

    struct State {
        var unread = CircularBuffer<FlightData>()
        var unreadByteCount = 0
        var isReadingPaused = false
        var reader: CheckedContinuation<Result<FlightData?, FlightError>, Never>?
        var inputEnded = false
        var onInput: (@Sendable () -> Void)?

        var unwritten: [FlightData] = []
        var unwrittenByteCount = 0
        var isDrainScheduled = false
        var endRequested: FlightError??
        var isEndGiven = false
        var writer: CheckedContinuation<FlightError?, Never>?

        /// What the server sent ahead of its messages, and with its status.
        var headers: FlightMetadata?
        var trailers: FlightMetadata?
        /// Who waits for the one or the other.
        var waiting: [CheckedContinuation<Void, Never>] = []

        weak var lease: FlightStreamLease?
        var isClosed = false
        var closing: FlightError?
        var onClose: (@Sendable (FlightError?) -> Void)?

        mutating func takeWaiting() -> [CheckedContinuation<Void, Never>] {
            defer { waiting = [] }
            return waiting
        }
    }

    let stream: FlightStream
    let state: NIOLockedValueBox<State>
    let context: FlightCallContext?

    /// - Parameter context: On a server: what the service sets headers and trailers on.
    init(stream: FlightStream, context: FlightCallContext? = nil) {
        self.stream = stream
        self.context = context
        self.state = NIOLockedValueBox(State())
    }

    /// What keeps a client's call open; `nil` on a server, whose call ends with its method.
    func lease() -> FlightStreamLease? {
        guard stream.role == .client else { return nil }
        return state.withLockedValue { state in
            if let lease = state.lease { return lease }
            let lease = FlightStreamLease(stream)
            state.lease = lease
            return lease
        }
    }

    /// Runs `body` when the stream is over, or at once if it is.
    func whenClosed(_ body: @escaping @Sendable (FlightError?) -> Void) {
        let closing: FlightError?? = state.withLockedValue { state in
            guard state.isClosed else {
                state.onClose = body
                return nil
            }
            return .some(state.closing)
        }
        if let closing { body(closing) }
    }

    /// Runs `body` with the first message, or with the end of a stream that has none. Only before the
    /// stream has delivered anything.
    func whenInputArrives(_ body: @escaping @Sendable () -> Void) {
        state.withLockedValue { $0.onInput = body }
    }

    // MARK: Reading

    func next() async throws(FlightError) -> FlightData? {
        let now = state.withLockedValue { takeUnread(&$0) }
        if let now { return try now.get() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = state.withLockedValue { state in
                    let now = takeUnread(&state)
                    guard now == nil else { return now }
                    if Task.isCancelled { return .failure(.taskCancelled) }
                    precondition(state.reader == nil, "two tasks read from one Flight stream")
                    state.reader = continuation
                    return nil
                }
                if let now { continuation.resume(returning: now) }
            }
        } onCancel: {
            let reader = state.withLockedValue { $0.reader.take() }
            reader?.resume(returning: .failure(.taskCancelled))
            cancelStream()
        }
        return try result.get()
    }

    /// Waits until there is a message to read, or the stream has ended well.
    func waitForFirst() async throws(FlightError) {
        guard let first = try await next() else { return }
        state.withLockedValue { state in
            state.unread.prepend(first)
            state.unreadByteCount += first.byteCount + Self.messageOverhead
        }
    }

    private func takeUnread(_ state: inout State) -> Result<FlightData?, FlightError>? {
        guard let data = state.unread.popFirst() else {
            if state.isClosed {
                if let closing = state.closing { return .failure(closing) }
                return .success(nil)
            }
            // A client waits for the status too, which may be an error.
            return state.inputEnded && stream.role == .server ? .success(nil) : nil
        }
        state.unreadByteCount -= data.byteCount + Self.messageOverhead
        if state.isReadingPaused, state.unreadByteCount < Self.unreadByteCountMax / 2 {
            state.isReadingPaused = false
            stream.eventLoop.execute { self.stream.resumeReading() }
        }
        return .success(data)
    }

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        let (reader, first, mustPause, onInput) = state.withLockedValue { state in
            for message in messages {
                state.unread.append(message)
                state.unreadByteCount += message.byteCount + Self.messageOverhead
            }
            let reader = state.reader.take()
            let first: FlightData? = reader == nil ? nil : state.unread.popFirst()
            if let first { state.unreadByteCount -= first.byteCount + Self.messageOverhead }
            let mustPause =
                state.unreadByteCount >= Self.unreadByteCountMax && !state.isReadingPaused
            if mustPause { state.isReadingPaused = true }
            return (reader, first, mustPause, state.onInput.take())
        }
        if mustPause { stream.pauseReading() }
        reader?.resume(returning: .success(first))
        onInput?()
    }

    func flightStreamInputEnded(_ stream: FlightStream) {
        let (reader, onInput) = state.withLockedValue { state in
            state.inputEnded = true
            return (stream.role == .server ? state.reader.take() : nil, state.onInput.take())
        }
        reader?.resume(returning: .success(nil))
        onInput?()
    }

    // MARK: Writing

    func write(_ data: FlightData) async throws(FlightError) {
        let (error, mustDrain, mustWait) = state.withLockedValue {
            state -> (FlightError?, Bool, Bool) in
            if state.isClosed { return (state.closing ?? .streamOver, false, false) }
            guard state.endRequested == nil else { return (.streamOver, false, false) }
            state.unwritten.append(data)
            state.unwrittenByteCount += data.byteCount + Self.messageOverhead
            let mustDrain = !state.isDrainScheduled
            state.isDrainScheduled = true
            return (nil, mustDrain, state.unwrittenByteCount >= Self.unwrittenByteCountMax)
        }
        if let error { throw error }
        if mustDrain { stream.eventLoop.execute { self.drain() } }
        if mustWait { try await waitUntilWritable() }
    }

    private func waitUntilWritable() async throws(FlightError) {
        let error: FlightError? = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now: FlightError?? = state.withLockedValue { state in
                    if state.isClosed { return .some(state.closing ?? .streamOver) }
                    if Task.isCancelled { return .some(.taskCancelled) }
                    if state.unwrittenByteCount < Self.unwrittenByteCountMax { return .some(nil) }
                    precondition(state.writer == nil, "two tasks write to one Flight stream")
                    state.writer = continuation
                    return nil
                }
                if let now { continuation.resume(returning: now) }
            }
        } onCancel: {
            let writer = state.withLockedValue { $0.writer.take() }
            writer?.resume(returning: .taskCancelled)
            cancelStream()
        }
        if let error { throw error }
    }

    /// Ends this side's messages, and on a server the call with a status, after what was written.
    func finish(_ error: FlightError? = nil) {
        let mustDrain = state.withLockedValue { state in
            guard state.endRequested == nil, !state.isClosed else { return false }
            state.endRequested = .some(error)
            let mustDrain = !state.isDrainScheduled
            state.isDrainScheduled = true
            return mustDrain
        }
        guard mustDrain else { return }
        if stream.eventLoop.inEventLoop {
            drain()
        } else {
            stream.eventLoop.execute { self.drain() }
        }
    }

    func cancelStream() {
        stream.eventLoop.execute { self.stream.cancel() }
    }

    /// Moves what tasks have written into the stream, as long as it is writable.
    private func drain() {
        guard stream.isWritable || stream.isClosed else {
            // Comes again with `flightStreamWritabilityChanged`.
            return
        }
        let (batch, end, writer) = state.withLockedValue { state in
            var batch: [FlightData] = []
            swap(&batch, &state.unwritten)
            state.unwrittenByteCount = 0
            state.isDrainScheduled = false
            let end = state.isEndGiven ? nil : state.endRequested
            if end != nil { state.isEndGiven = true }
            return (batch, end, state.writer.take())
        }
        if let context { context.apply(to: stream) }
        stream.send(contentsOf: batch)
        if let end { stream.finish(end) }
        writer?.resume(returning: nil)
    }

    func flightStreamWritabilityChanged(_ stream: FlightStream) {
        guard stream.isWritable else { return }
        if state.withLockedValue({ $0.isDrainScheduled }) { drain() }
    }

    // MARK: End

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {
        let trailers = stream.receivedStatus == nil ? nil : stream.trailingMetadata
        let (reader, writer, waiting, onClose, result) = state.withLockedValue { state in
            state.isClosed = true
            state.closing = error
            state.trailers = trailers
            let result: Result<FlightData?, FlightError> =
                error.map { .failure($0) } ?? .success(nil)
            return (
                state.reader.take(), state.writer.take(), state.takeWaiting(),
                state.onClose.take(), result
            )
        }
        reader?.resume(returning: result)
        writer?.resume(returning: error ?? .streamOver)
        for continuation in waiting { continuation.resume() }
        onClose?(error)
    }
}

extension FlightError {
    static var taskCancelled: FlightError {
        FlightError(
            .cancelled, "the task that waited for the call was cancelled",
            cause: CancellationError())
    }

    static var streamOver: FlightError {
        FlightError(.failedPrecondition, "the stream was ended before; nothing more can be written")
    }
}
