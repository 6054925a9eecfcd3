package import Logging
import NIOConcurrencyHelpers
package import NIOCore
import NIOPosix

/// What files hold, in a usable form, kept up to date. Content that can't be used never takes the place
/// of what was good before.
package final class ReloadedValue<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var revision: UInt64 = 0
        /// The files that were looked at last, good or not.
        var seen: [WatchedFile.Stamp]
        /// A change that must be seen once more.
        var pending: [WatchedFile.Stamp]?
    }

    private let subject: String
    private let paths: [String]
    private let logger: Logger
    private let load: @Sendable () throws -> Value
    private let state: NIOLockedValueBox<State>

    /// Loads the value. Blocking.
    /// - Parameters:
    ///   - subject: what the files hold, for the log.
    ///   - load: reads the files; called by one thread at a time.
    package init(
        _ subject: String, paths: [String], logger: Logger,
        load: @escaping @Sendable () throws -> Value
    ) throws {
        self.subject = subject
        self.paths = paths
        self.logger = logger
        self.load = load
        // Before they are read: a change in between is seen by the next look.
        let seen = paths.map(WatchedFile.stamp)
        state = NIOLockedValueBox(State(value: try load(), seen: seen))
    }

    package var current: Value { state.withLockedValue { $0.value } }
    /// Another number for each value.
    package var revision: UInt64 { state.withLockedValue { $0.revision } }

    /// Takes what the files hold if they have changed. Blocking; from one thread at a time.
    /// - Parameter settled: Only if the look before has seen the same change: whoever replaces several
    ///   files needs a moment for it.
    package func reloadIfChanged(settled: Bool) {
        let stamps = paths.map(WatchedFile.stamp)
        let isDue = state.withLockedValue { state in
            guard stamps != state.seen else {
                state.pending = nil
                return false
            }
            let isDue = !settled || state.pending == stamps
            state.pending = isDue ? nil : stamps
            if isDue { state.seen = stamps }
            return isDue
        }
        guard isDue else { return }
        do {
            let value = try load()
            state.withLockedValue {
                $0.value = value
                $0.revision += 1
            }
            logger.info("\(subject): the changed files are in use", metadata: fileNames)
        } catch {
            logger.error(
                "\(subject): the changed files can't be used, what they held before stays in use",
                metadata: fileNames.merging(["error": "\(error)"]) { $1 })
        }
    }

    private var fileNames: Logger.Metadata { ["files": "\(paths.joined(separator: ", "))"] }

    /// Looks at the files again and again, on a thread that may block.
    /// - Returns: `nil` without files. Cancel it to end.
    package func poll(every interval: Duration, on eventLoop: any EventLoop) -> RepeatedTask? {
        guard !paths.isEmpty else { return nil }
        let delay = TimeAmount(interval)
        return eventLoop.scheduleRepeatedAsyncTask(initialDelay: delay, delay: delay) { _ in
            NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { [weak self] in
                self?.reloadIfChanged(settled: true)
            }
        }
    }
}
