import NIOConcurrencyHelpers
import NIOCore

/// Hands messages from the tasks that fetch them to the one that reads them; those wait while too much lies
/// here.
final class PartQueue: Sendable {
    private static let byteCountMax = 1 << 20
    private static let messageOverhead = MemoryLayout<FlightPart>.stride

    private struct State {
        var parts = CircularBuffer<FlightPart>()
        var byteCount = 0
        var ending: Result<FlightPart?, FlightError>?
        var reader: CheckedContinuation<Result<FlightPart?, FlightError>, Never>?
        var writers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = NIOLockedValueBox(State())

    /// Takes a message, and waits while there is too much. Drops it once the queue has ended.
    func put(_ part: FlightPart) async {
        await withCheckedContinuation { continuation in
            let (reader, mustWait) = state.withLockedValue { state in
                guard state.ending == nil else {
                    return (
                        Optional<CheckedContinuation<Result<FlightPart?, FlightError>, Never>>
                            .none, false
                    )
                }
                if let reader = state.reader.take() { return (reader, false) }
                state.parts.append(part)
                state.byteCount += part.data.byteCount + Self.messageOverhead
                guard state.byteCount >= Self.byteCountMax else { return (nil, false) }
                state.writers.append(continuation)
                return (nil, true)
            }
            reader?.resume(returning: .success(part))
            if !mustWait { continuation.resume() }
        }
    }

    /// No more messages come, or, with an error, none is handed out any more.
    func end(_ error: FlightError?) {
        let (reader, writers, ending) = state.withLockedValue { state in
            let ending = state.ending ?? error.map { .failure($0) } ?? .success(nil)
            state.ending = ending
            if error != nil { state.parts.removeAll() }
            defer { state.writers.removeAll() }
            return (state.reader.take(), state.writers, ending)
        }
        reader?.resume(returning: ending)
        for writer in writers { writer.resume() }
    }

    func take() async throws(FlightError) -> FlightPart? {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (now, writers) = state.withLockedValue { state in
                    let now = next(&state)
                    if now == nil { state.reader = continuation }
                    guard state.byteCount < Self.byteCountMax / 2 else {
                        return (now, [CheckedContinuation<Void, Never>]())
                    }
                    defer { state.writers.removeAll() }
                    return (now, state.writers)
                }
                if let now { continuation.resume(returning: now) }
                for writer in writers { writer.resume() }
            }
        } onCancel: {
            end(.taskCancelled)
        }
        return try result.get()
    }

    private func next(_ state: inout State) -> Result<FlightPart?, FlightError>? {
        guard let part = state.parts.popFirst() else { return state.ending }
        state.byteCount -= part.data.byteCount + Self.messageOverhead
        return .success(part)
    }
}
