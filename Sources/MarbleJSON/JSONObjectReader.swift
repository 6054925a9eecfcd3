/// Takes the members of a JSON object one by one, and complains about those that nobody asked for.
package struct JSONObjectReader: Sendable {
    /// What the object is, in messages: "the ticket", "app_metadata".
    package let subject: String
    private var members: [JSONMember]
    private var known: [String] = []

    /// Throws if the value is no object.
    package init(_ value: JSONValue, subject: String) throws(JSONError) {
        guard case .object(let members) = value else {
            throw JSONError("\(subject) must be a JSON object, not \(value.kind)")
        }
        self.subject = subject
        self.members = members
    }

    /// Takes a member of any kind; nil if there is none.
    package mutating func value(_ key: String) -> JSONValue? {
        known.append(key)
        guard let index = members.firstIndex(where: { $0.key == key }) else { return nil }
        return members.remove(at: index).value
    }

    /// Takes a string; nil if there is none.
    package mutating func string(_ key: String) throws(JSONError) -> String? {
        guard let value = value(key) else { return nil }
        guard case .string(let string) = value else { throw wrongKind(key, "a string", value) }
        return string
    }

    /// Takes a whole number of at least 0; nil if there is none.
    package mutating func count(_ key: String) throws(JSONError) -> Int64? {
        guard let value = value(key) else { return nil }
        guard case .integer(let integer) = value, integer >= 0 else {
            throw wrongKind(key, "a whole number from 0 to \(Int64.max)", value)
        }
        return integer
    }

    /// Takes a boolean; nil if there is none.
    package mutating func bool(_ key: String) throws(JSONError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard case .bool(let bool) = value else { throw wrongKind(key, "a boolean", value) }
        return bool
    }

    /// Takes an array of strings; nil if there is none.
    package mutating func strings(_ key: String) throws(JSONError) -> [String]? {
        guard let value = value(key) else { return nil }
        guard case .array(let values) = value else {
            throw wrongKind(key, "an array of strings", value)
        }
        var strings: [String] = []
        for value in values {
            guard case .string(let string) = value else {
                throw wrongKind(key, "an array of strings", value)
            }
            strings.append(string)
        }
        return strings
    }

    /// Throws naming a key that has not been taken.
    package func finish() throws(JSONError) {
        guard let member = members.first else { return }
        throw JSONError(
            "\(subject) has the unknown key \"\(member.key)\"; it may have: "
                + known.joined(separator: ", "))
    }

    /// The error for a member that must be there and isn't.
    package func missing(_ key: String) -> JSONError {
        JSONError("\(subject) needs the key \"\(key)\"")
    }

    private func wrongKind(
        _ key: String, _ expected: String, _ value: JSONValue
    ) -> JSONError {
        let found =
            if case .integer(let integer) = value { String(integer) } else { value.kind }
        return JSONError("\"\(key)\" in \(subject) must be \(expected), not \(found)")
    }
}
