package import NIOCore

extension JSONValue {
    /// The member of an object; nil for other values and for absent members.
    package subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    package var stringValue: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    package var integerValue: Int64? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    package var arrayValue: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }
}

extension JSONObjectReader {
    /// Reads an object's text; no text at all counts as an object without members.
    package init(text: ByteBuffer, subject: String) throws(JSONError) {
        let value =
            text.readableBytes == 0
            ? JSONValue.object([]) : try JSONValue(parsing: text, subject: subject)
        try self.init(value, subject: subject)
    }

    package mutating func requiredString(_ key: String) throws(JSONError) -> String {
        guard let text = try string(key) else { throw missing(key) }
        return text
    }
}
