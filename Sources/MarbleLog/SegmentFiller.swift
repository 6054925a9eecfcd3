package import MarbleEnvironment
internal import Synchronization

/// Writes zeros ahead of the log, into the last segment and the spare, so that the log's syncs find
/// blocks that were written before.
///
/// Preallocating only reserves blocks: the first write to each must be noted in the file system's
/// journal, and every sync waits for that. In a block that holds zeros already, a sync is the write
/// alone. To recovery both look the same: zeros.
///
/// The log's thread says what it takes (`claim`) before it writes there, the filler's thread calls
/// `fillSlice`. A slice never touches what is claimed: a claim that reaches into a slice which is
/// being written waits for its end. What the filler can't write it leaves as it is; the log works
/// without it.
package final class SegmentFiller: Sendable {
    package struct Limits: Sendable {
        /// How much lies ready before the log, when it doesn't write faster than that.
        package var aheadByteCount = 16 << 20
        /// Of one write and sync. A sync of the log in the same file may have to wait for it.
        package var sliceByteCount = 256 << 10
        /// Kept free between the log and a slice in its segment, so that they rarely meet.
        package var marginByteCount = 256 << 10
        /// A log that has written more since the slice before makes syncs so large that the journal
        /// is a small part of them, and needs the disk for itself.
        package var claimedByteCountMax = 256 << 10

        package init() {}
    }

    private struct Target {
        /// The filler's own: nobody else closes it.
        let file: any File
        let byteCount: Int
        var filledByteCount: Int
    }

    private struct Slice {
        let file: any File
        let range: Range<Int>
    }

    private struct State {
        var current: Target?
        var spare: Target?
        /// The log may have written the current segment up to here.
        var claimed = 0
        var claimedSinceSlice = 0
        var slice: Slice?
        var isAsleep = true
        var isStopped = false
    }

    private let fileSystem: any FileSystem
    private let limits: Limits
    private let wake: @Sendable () -> Void
    private let state = Mutex(State())
    /// Held while a slice is written.
    private let writing = Mutex(())
    private let zeros: [UInt8]

    /// - Parameter wake: has `fillSlice` called soon, on another thread; called on the log's.
    package init(
        fileSystem: any FileSystem, limits: Limits = Limits(), wake: @escaping @Sendable () -> Void
    ) {
        self.fileSystem = fileSystem
        self.limits = limits
        self.wake = wake
        zeros = [UInt8](repeating: 0, count: limits.sliceByteCount)
    }

    // MARK: The log's side

    /// The log goes on in a segment that it has found, at `claimed`.
    func setCurrent(_ path: String, byteCount: Int, claimed: Int) {
        let target = target(path, byteCount: byteCount, filledByteCount: claimed)
        state.withLock { state in
            state.current = target
            state.claimed = claimed
        }
        wakeIfNeeded()
    }

    /// There is a spare, whose blocks are reserved.
    func setSpare(_ path: String, byteCount: Int) {
        let target = target(path, byteCount: byteCount, filledByteCount: 0)
        state.withLock { $0.spare = target }
        wakeIfNeeded()
    }

    /// The log is about to write up to `end` in the last segment: in the spare, which becomes it,
    /// when `isOpeningSegment`. From here on nothing is filled before `end`.
    func claim(through end: Int, isOpeningSegment: Bool) {
        let mustWait = state.withLock { state in
            if isOpeningSegment, let spare = state.spare.take() {
                state.current = spare
                state.claimed = 0
            }
            state.claimedSinceSlice += max(0, end - state.claimed)
            state.claimed = max(state.claimed, end)
            guard let slice = state.slice, slice.file === state.current?.file else { return false }
            return slice.range.lowerBound < end
        }
        if mustWait { writing.withLock { _ in } }
        wakeIfNeeded()
    }

    /// Waits for the slice that is being written, and writes no further one.
    func stop() {
        state.withLock { state in
            state.isStopped = true
            state.current = nil
            state.spare = nil
        }
        writing.withLock { _ in }
    }

    private func target(_ path: String, byteCount: Int, filledByteCount: Int) -> Target? {
        guard let file = try? fileSystem.open(path, .readWrite) else { return nil }
        return Target(file: file, byteCount: byteCount, filledByteCount: filledByteCount)
    }

    private func wakeIfNeeded() {
        let mustWake = state.withLock { state in
            guard state.isAsleep, !state.isStopped else { return false }
            let unfilled = unfilledByteCount(state)
            guard unfilled > limits.aheadByteCount / 2 else { return false }
            state.isAsleep = false
            return true
        }
        if mustWake { wake() }
    }

    // MARK: The filler's side

    /// Writes zeros once and makes them durable, if there is something to fill.
    /// - Returns: whether to call again in a few milliseconds; if not, `wake` asks for it.
    package func fillSlice() -> Bool {
        writing.withLock { _ in
            guard let slice = state.withLock({ begin(&$0) }) else {
                return state.withLock { !$0.isAsleep }
            }
            let isWritten = write(slice)
            return state.withLock { state in
                state.slice = nil
                Self.end(slice, isWritten, &state.current)
                Self.end(slice, isWritten, &state.spare)
                return true
            }
        }
    }

    private func write(_ slice: Slice) -> Bool {
        zeros.withUnsafeBytes { bytes in
            do throws(FileSystemError) {
                try slice.file.write(
                    UnsafeRawBufferPointer(rebasing: bytes[..<slice.range.count]),
                    at: UInt64(slice.range.lowerBound))
                try slice.file.sync()
                return true
            } catch {
                return false
            }
        }
    }

    private func begin(_ state: inout State) -> Slice? {
        let claimed = state.claimedSinceSlice
        state.claimedSinceSlice = 0
        guard !state.isStopped, let range = nextRange(state) else {
            state.isAsleep = true
            return nil
        }
        guard claimed <= limits.claimedByteCountMax else { return nil }
        state.slice = range
        return range
    }

    private func nextRange(_ state: State) -> Slice? {
        if let current = state.current {
            let margin = (state.claimed + limits.marginByteCount + 4095) / 4096 * 4096
            let start = max(current.filledByteCount, margin)
            let end = min(current.byteCount, state.claimed + limits.aheadByteCount)
            if start < end {
                return Slice(
                    file: current.file, range: start..<min(start + limits.sliceByteCount, end))
            }
        }
        guard let spare = state.spare else { return nil }
        let start = spare.filledByteCount
        let end = min(spare.byteCount, limits.aheadByteCount - Self.restByteCount(state))
        guard start < end else { return nil }
        return Slice(file: spare.file, range: start..<min(start + limits.sliceByteCount, end))
    }

    private static func end(_ slice: Slice, _ isWritten: Bool, _ target: inout Target?) {
        guard let file = target?.file, file === slice.file else { return }
        if isWritten { target?.filledByteCount = slice.range.upperBound } else { target = nil }
    }

    /// What the last segment has room for.
    private static func restByteCount(_ state: State) -> Int {
        max(0, (state.current?.byteCount ?? 0) - state.claimed)
    }

    /// What there is to fill within `limits.aheadByteCount`.
    private func unfilledByteCount(_ state: State) -> Int {
        var ahead = limits.aheadByteCount
        var unfilled = 0
        if let current = state.current {
            let rest = min(ahead, Self.restByteCount(state))
            unfilled += rest - min(rest, max(0, current.filledByteCount - state.claimed))
            ahead -= rest
        }
        if let spare = state.spare {
            let rest = min(ahead, spare.byteCount)
            unfilled += rest - min(rest, spare.filledByteCount)
        }
        return unfilled
    }
}
