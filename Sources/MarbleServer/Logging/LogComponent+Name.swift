internal import Logging

extension LogComponent {
    /// - Parameter setting: where the name stands, for the message.
    init(name: String, of setting: String) throws(ServerError) {
        guard let component = LogComponent(rawValue: name) else {
            let known = LogComponent.allCases.map(\.rawValue).joined(separator: ", ")
            throw ServerError(
                .configuration, "\(setting): there is no component \"\(name)\"; there are \(known)")
        }
        self = component
    }
}

extension Logger.Level {
    /// - Parameter setting: where the name stands, for the message.
    init(name: String, of setting: String) throws(ServerError) {
        guard let level = Logger.Level(rawValue: name) else {
            let known = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ServerError(
                .configuration, "\(setting) is one of \(known), not \"\(name)\"")
        }
        self = level
    }
}
