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

extension ArrowField: CustomStringConvertible {
    public var description: String {
        "\(name): \(type)\(nullable ? "" : " not null")"
    }
}
