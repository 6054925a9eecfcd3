internal import DequeModule
internal import NIOConcurrencyHelpers
internal import NIOCore

/// Messages that have come in and that nobody has taken yet. Bounded: when it is full, senders are
/// told to try again.
final class TransportInbox: Sendable {
    private struct State {
        var messages: Deque<RaftTransportMessage> = []
        var byteCount = 0
        var waiters:
            Deque<(id: UInt64, continuation: CheckedContinuation<RaftTransportMessage?, Never>)> =
                []
        var nextWaiter: UInt64 = 0
        var isClosed = false
    }

    private let byteCountMax: Int
    private let state = NIOLockedValueBox(State())

    init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

    /// False when the inbox is full or closed.
    func put(_ message: RaftTransportMessage) -> Bool {
        let size = message.bytes.readableBytes + 256
        return state.withLockedValue { state -> Bool in
            guard !state.isClosed else { return false }
            if let waiter = state.waiters.popFirst() {
                waiter.continuation.resume(returning: message)
                return true
            }
            guard state.byteCount + size <= byteCountMax else { return false }
            state.byteCount += size
            state.messages.append(message)
            return true
        }
    }

    func take() -> RaftTransportMessage? {
        state.withLockedValue { Self.take(from: &$0) }
    }

    private static func take(from state: inout State) -> RaftTransportMessage? {
        guard let message = state.messages.popFirst() else { return nil }
        state.byteCount -= message.bytes.readableBytes + 256
        return message
    }

    func next() async -> RaftTransportMessage? {
        let id = state.withLockedValue { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLockedValue { state in
                    if let message = Self.take(from: &state) {
                        continuation.resume(returning: message)
                    } else if state.isClosed || Task.isCancelled {
                        continuation.resume(returning: nil)
                    } else {
                        state.waiters.append((id, continuation))
                    }
                }
            }
        } onCancel: {
            state.withLockedValue { state in
                guard let position = state.waiters.firstIndex(where: { $0.id == id }) else {
                    return
                }
                state.waiters.remove(at: position).continuation.resume(returning: nil)
            }
        }
    }

    func close() {
        state.withLockedValue { state in
            state.isClosed = true
            while let waiter = state.waiters.popFirst() {
                waiter.continuation.resume(returning: nil)
            }
        }
    }
}
