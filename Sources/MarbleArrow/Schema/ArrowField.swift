/// A column of a schema: its name, type, and whether it may hold nulls.
public struct ArrowField: Sendable, Hashable {
    /// The column's name.
    public var name: String
    /// The column's type.
    public var type: ArrowType
    /// Whether the column may hold nulls.
    public var nullable: Bool
    /// Keys and values that accompany the column.
    public var metadata: ArrowMetadata

    /// Makes a field.
    public init(
        _ name: String, _ type: ArrowType, nullable: Bool = true, metadata: ArrowMetadata = [:]
    ) {
        self.name = name
        self.type = type
        self.nullable = nullable
        self.metadata = metadata
    }
}

extension ArrowField {
    /// The name of the extension type that the column's values have (Arrow columnar format,
    /// "Extension Types"), or nil. Values are those of `type`; the name is kept in the metadata.
    public var extensionName: String? {
        get { metadata["ARROW:extension:name"] }
        set { metadata["ARROW:extension:name"] = newValue }
    }

    /// What the extension type needs to know besides its name, or nil.
    public var extensionMetadata: String? {
        get { metadata["ARROW:extension:metadata"] }
        set { metadata["ARROW:extension:metadata"] = newValue }
    }
}

extension ArrowField: CustomStringConvertible {
    public var description: String {
        "\(name): \(type)\(nullable ? "" : " not null")"
    }
}
