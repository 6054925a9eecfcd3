/// The columns of a record batch, in order. Copies share their storage.
public struct ArrowSchema: Sendable {
    /// What the decoder needs of a column, without the strings that its type may hold.
    struct Column: Sendable {
        let layout: ArrowLayout
        let physicalType: ArrowPhysicalType
        let isText: Bool
        let nullable: Bool

        init(_ type: ArrowType, nullable: Bool) {
            layout = type.layout
            physicalType = type.physicalType
            isText = type.isText
            self.nullable = nullable
        }
    }

    private final class Storage: Sendable {
        let fields: [ArrowField]
        let metadata: ArrowMetadata
        let columns: [Column]
        let bufferCount: Int

        init(fields: [ArrowField], metadata: ArrowMetadata) {
            self.fields = fields
            self.metadata = metadata
            columns = fields.map { Column($0.type, nullable: $0.nullable) }
            bufferCount = columns.reduce(0) { $0 + $1.layout.bufferCount }
        }
    }

    private let storage: Storage

    /// Makes a schema. Traps if a field's type is not a valid one, such as a decimal of 50 digits.
    public init(_ fields: [ArrowField], metadata: ArrowMetadata = [:]) {
        for field in fields {
            if let flaw = field.type.flaw { preconditionFailure("column \(field.name): \(flaw)") }
        }
        storage = Storage(fields: fields, metadata: metadata)
    }

    /// The fields in order.
    public var fields: [ArrowField] {
        storage.fields
    }

    /// Keys and values that accompany the schema.
    public var metadata: ArrowMetadata {
        storage.metadata
    }

    /// How many buffers a record batch of this schema has.
    var bufferCount: Int {
        storage.bufferCount
    }

    /// The physical side of the fields.
    var columns: [Column] {
        storage.columns
    }

    /// The position of the first column with the name, or nil.
    public func index(of name: String) -> Int? {
        storage.fields.firstIndex { $0.name == name }
    }

    /// A schema with the columns at these positions, in this order, and the same metadata.
    /// Traps if there is no such position.
    public func select(_ positions: [Int]) -> ArrowSchema {
        ArrowSchema(positions.map { storage.fields[$0] }, metadata: storage.metadata)
    }

    /// Whether names, types and nullability are the same; metadata is not compared.
    public func hasSameFields(as other: ArrowSchema) -> Bool {
        if storage === other.storage { return true }
        return fields.elementsEqual(other.fields) {
            $0.name == $1.name && $0.type == $1.type && $0.nullable == $1.nullable
        }
    }

    /// Whether the types are the same, column by column.
    func hasSameTypes(as other: ArrowSchema) -> Bool {
        storage === other.storage || fields.elementsEqual(other.fields) { $0.type == $1.type }
    }
}

extension ArrowSchema: Hashable {
    public static func == (left: ArrowSchema, right: ArrowSchema) -> Bool {
        left.storage === right.storage
            || left.fields == right.fields && left.metadata == right.metadata
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(storage.fields)
        hasher.combine(storage.metadata)
    }
}

extension ArrowSchema: CustomStringConvertible {
    public var description: String {
        "{" + fields.map(\.description).joined(separator: ", ") + "}"
    }
}
