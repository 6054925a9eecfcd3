import Logging
import NIOConcurrencyHelpers
import Testing

@testable import MarbleServer

@Suite struct NodeLoggingTests {
    private final class Lines: Sendable {
        let all = NIOLockedValueBox<[String]>([])
    }

    private struct Handler: LogHandler {
        let label: String
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        init(label: String, lines: Lines) {
            self.label = label
            self.lines = lines
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.all.withLockedValue { $0.append("\(label) \(event.level): \(event.message)") }
        }
    }

    private let lines = Lines()

    private func logging(
        _ level: Logger.Level, _ levels: [LogComponent: Logger.Level] = [:]
    ) -> NodeLogging {
        NodeLogging(level: level, levels: levels) { [lines] in Handler(label: $0, lines: lines) }
    }

    @Test func `a component has its own level, the others the common one`() {
        let logging = logging(.warning, [.raft: .debug])
        logging.logger(.raft).debug("seen")
        logging.logger(.raft).trace("unseen")
        logging.logger(.flightServer).info("unseen")
        logging.logger(.flightServer).error("seen")
        #expect(
            lines.all.withLockedValue { $0 } == [
                "marble.raft debug: seen", "marble.flight.server error: seen",
            ])
    }

    @Test func `a changed level counts for loggers that were made before`() {
        let logging = logging(.error)
        var copy = logging.logger(.log)
        copy[metadataKey: "k"] = "v"
        copy.info("unseen")
        logging.setLevel(.info, of: .log)
        copy.info("one")
        logging.logger(.node).info("unseen")
        logging.setLevel(.info, of: nil)
        logging.logger(.node).info("two")
        logging.setLevel(.error, of: nil)
        copy.info("unseen")
        #expect(
            lines.all.withLockedValue { $0 } == ["marble.log info: one", "marble.node info: two"])
    }

    @Test func `a level that is set on a logger is that logger's`() {
        let logging = logging(.info)
        var quiet = logging.logger(.node)
        quiet.logLevel = .error
        quiet.info("unseen")
        logging.logger(.node).info("seen")
        #expect(lines.all.withLockedValue { $0 } == ["marble.node info: seen"])
    }
}
