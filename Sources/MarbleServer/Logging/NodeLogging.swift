public import Logging
internal import NIOConcurrencyHelpers

/// A node's loggers, one a component, whose levels can be changed while it runs.
public final class NodeLogging: Sendable {
    private struct State {
        var level: Logger.Level
        var levels: [LogComponent: Logger.Level]
    }

    private let state: NIOLockedValueBox<State>
    private let makeHandler: @Sendable (String) -> any LogHandler

    /// - Parameters:
    ///   - level: of the components that aren't in `levels`.
    ///   - makeHandler: makes what writes the lines of a component, given its label (`marble.raft`); its own
    ///     level doesn't count.
    public init(
        level: Logger.Level = .info, levels: [LogComponent: Logger.Level] = [:],
        makeHandler: @escaping @Sendable (String) -> any LogHandler
    ) {
        state = NIOLockedValueBox(State(level: level, levels: levels))
        self.makeHandler = makeHandler
    }

    /// From which level on a component's lines are written.
    public func level(of component: LogComponent) -> Logger.Level {
        state.withLockedValue { $0.levels[component] ?? $0.level }
    }

    /// Changes the level of a component, or of all.
    public func setLevel(_ level: Logger.Level, of component: LogComponent?) {
        state.withLockedValue { state in
            if let component {
                state.levels[component] = level
            } else {
                state.level = level
                state.levels = [:]
            }
        }
    }

    /// The logger of a component. Loggers made before follow a change of level as well.
    public func logger(_ component: LogComponent) -> Logger {
        let label = "marble.\(component.rawValue)"
        var base = makeHandler(label)
        base.logLevel = .trace
        let handler = ComponentLogHandler(base: base, component: component, logging: self)
        return Logger(label: label, factory: { _ in handler })
    }
}

/// Asks for its level each time.
private struct ComponentLogHandler: LogHandler {
    var base: any LogHandler
    let component: LogComponent
    let logging: NodeLogging
    /// A level that was set on this copy of a logger only.
    private var ownLevel: Logger.Level?

    init(base: any LogHandler, component: LogComponent, logging: NodeLogging) {
        self.base = base
        self.component = component
        self.logging = logging
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? logging.level(of: component) }
        set { ownLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { base.metadataProvider }
        set { base.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) { base.log(event: event) }
}
