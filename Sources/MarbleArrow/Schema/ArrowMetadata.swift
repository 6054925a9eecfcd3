/// Keys and values that accompany a schema or a field, in the order in which they were given.
///
/// Keys may repeat, as the format allows; `subscript` finds the first.
public struct ArrowMetadata: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// One key with its value.
    public struct Entry: Sendable, Hashable {
        /// The key.
        public var key: String
        /// The value.
        public var value: String

        /// Makes an entry.
        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    /// The entries in order.
    public var entries: [Entry]

    /// Makes metadata of entries.
    public init(_ entries: [Entry] = []) {
        self.entries = entries
    }

    public init(dictionaryLiteral elements: (String, String)...) {
        entries = elements.map { Entry(key: $0.0, value: $0.1) }
    }

    /// Whether there is nothing.
    public var isEmpty: Bool {
        entries.isEmpty
    }

    /// The value of the first entry with the key. Setting replaces it, appends it, or, with nil,
    /// removes every entry with the key.
    public subscript(key: String) -> String? {
        get {
            entries.first { $0.key == key }?.value
        }
        set {
            guard let newValue else {
                entries.removeAll { $0.key == key }
                return
            }
            if let index = entries.firstIndex(where: { $0.key == key }) {
                entries[index].value = newValue
            } else {
                entries.append(Entry(key: key, value: newValue))
            }
        }
    }
}
