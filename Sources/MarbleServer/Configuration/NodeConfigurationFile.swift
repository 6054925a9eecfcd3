internal import Configuration
internal import MarbleDB
internal import MarbleEnvironment
internal import MarbleJSON
internal import NIOCore

/// A node's configuration file: one JSON object with the keys of `NodeConfigurationKey`.
struct NodeConfigurationFile {
    /// A configuration is a page of text; more is a mistake in the path.
    static let byteCountMax = 1 << 20

    let path: String
    let values: [AbsoluteConfigKey: ConfigValue]

    init(path: String) throws(ServerError) {
        let bytes: [UInt8]
        do {
            bytes = try PosixFileSystem().readAll(path, byteCountMax: Self.byteCountMax)
        } catch {
            throw ServerError(
                .configuration, "the configuration file can't be read: \(error.message)",
                cause: error)
        }
        try self.init(path: path, text: bytes)
    }

    init(path: String, text: [UInt8]) throws(ServerError) {
        self.path = path
        let root: JSONValue
        do {
            root = try JSONValue(
                parsing: ByteBuffer(bytes: text), subject: "the configuration file \(path)")
        } catch {
            throw ServerError(.configuration, error.message, cause: error)
        }
        guard case .object(let members) = root else {
            throw ServerError(
                .configuration,
                "the configuration file \(path) holds \(root.kind); it must hold one JSON"
                    + " object")
        }
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for member in members {
            guard let key = NodeConfigurationKey(rawValue: member.key) else {
                let known = NodeConfigurationKey.allCases.map(\.rawValue).joined(separator: ", ")
                throw ServerError(
                    .configuration,
                    "the configuration file \(path): unknown key \"\(member.key)\";"
                        + " known are \(known)")
            }
            guard let content = Self.content(of: member.value, kind: key.kind) else {
                throw ServerError(
                    .configuration,
                    "the configuration file \(path): \"\(member.key)\" must be"
                        + " \(key.kind.description), not \(member.value.kind)")
            }
            values[AbsoluteConfigKey([member.key])] = ConfigValue(content, isSecret: false)
        }
        self.values = values
    }

    private static func content(
        of value: JSONValue, kind: NodeConfigurationKey.Kind
    ) -> ConfigContent? {
        switch (kind, value) {
        case (.string, .string(let text)): return .string(text)
        case (.integer, .integer(let number)): return Int(exactly: number).map { .int($0) }
        case (.boolean, .bool(let flag)): return .bool(flag)
        case (.strings, .array(let elements)):
            let texts = elements.compactMap(\.stringValue)
            return texts.count == elements.count ? .stringArray(texts) : nil
        default: return nil
        }
    }
}
