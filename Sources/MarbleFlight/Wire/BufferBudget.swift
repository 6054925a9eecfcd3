import NIOConcurrencyHelpers

/// How much memory all streams of a server or client together may hold for messages that have only
/// arrived in part.
final class BufferBudget: Sendable {
    let byteCountMax: Int
    private let used = NIOLockedValueBox(0)

    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    var usedByteCount: Int { used.withLockedValue { $0 } }

    func reserve(_ byteCount: Int) -> Bool {
        used.withLockedValue { used in
            guard byteCount <= byteCountMax - used else { return false }
            used += byteCount
            return true
        }
    }

    func release(_ byteCount: Int) {
        used.withLockedValue { $0 -= byteCount }
    }
}
