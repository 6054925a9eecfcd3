public import Logging
internal import NIOConcurrencyHelpers

/// Keeps what is logged, as one line a message.
public final class CapturedLog: Sendable {
    private let kept = NIOLockedValueBox<[String]>([])

    public init() {}

    /// Level, message and metadata of each.
    public var lines: [String] { kept.withLockedValue { $0 } }

    public var logger: Logger {
        var logger = Logger(label: "captured") { _ in Handler(log: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let log: CapturedLog
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.level) \(event.message) \(event.metadata ?? [:])"
            log.kept.withLockedValue { $0.append(line) }
        }
    }
}
