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

    /// A dictionary that the columns need: one for each dictionary type in them, depth first.
    struct Dictionary: Sendable, Hashable {
        /// What messages call it. Several columns may share one.
        let id: Int64
        let valueType: ArrowType
        /// How many of those that follow are needed by this one's own values.
        let nestedCount: Int
    }

    private final class Storage: Sendable {
        let fields: [ArrowField]
        let metadata: ArrowMetadata
        let columns: [Column]
        let dictionaries: [Dictionary]
        let bufferCount: Int
        let isFlat: Bool
        let nestedColumnCount: Int

        init(fields: [ArrowField], metadata: ArrowMetadata, dictionaryIDs: [Int64]?) {
            self.fields = fields
            self.metadata = metadata
            columns = fields.map { Column($0.type, nullable: $0.nullable) }
            isFlat = columns.allSatisfy(\.layout.isFlat)
            bufferCount = columns.reduce(0) { $0 + $1.layout.bufferCount }
            nestedColumnCount =
                isFlat ? fields.count : fields.reduce(0) { $0 + $1.type.columnCount }
            var found: [ArrowType] = []
            if !isFlat { fields.forEach { Self.find($0.type, &found) } }
            precondition(dictionaryIDs.map { $0.count == found.count } ?? true)
            dictionaries = found.enumerated().map { position, value in
                Dictionary(
                    id: dictionaryIDs?[position] ?? Int64(position), valueType: value,
                    nestedCount: value.dictionaryCount)
            }
        }

        private static func find(_ type: ArrowType, _ found: inout [ArrowType]) {
            if case .dictionary(_, let value, _) = type {
                found.append(value)
                find(value, &found)
            }
            for child in type.children { find(child.type, &found) }
        }
    }

    private let storage: Storage

    /// Makes a schema. Traps if a field's type is not a valid one, such as a decimal of 50 digits.
    public init(_ fields: [ArrowField], metadata: ArrowMetadata = [:]) {
        for field in fields {
            if let flaw = field.type.flaw { preconditionFailure("column \(field.name): \(flaw)") }
        }
        storage = Storage(fields: fields, metadata: metadata, dictionaryIDs: nil)
    }

    /// Makes a schema of fields that were checked, with the numbers of their dictionaries.
    init(checked fields: [ArrowField], metadata: ArrowMetadata, dictionaryIDs: [Int64]?) {
        storage = Storage(fields: fields, metadata: metadata, dictionaryIDs: dictionaryIDs)
    }

    /// The fields in order.
    public var fields: [ArrowField] {
        storage.fields
    }

    /// Keys and values that accompany the schema.
    public var metadata: ArrowMetadata {
        storage.metadata
    }

    /// How many buffers the columns of a record batch have, nested ones' children's not counted.
    var bufferCount: Int {
        storage.bufferCount
    }

    /// How many columns a record batch has, nested ones included.
    public var nestedColumnCount: Int {
        storage.nestedColumnCount
    }

    /// Whether no column is nested, a view or null.
    var isFlat: Bool {
        storage.isFlat
    }

    /// The dictionaries that the columns need, depth first.
    var dictionaries: [Dictionary] {
        storage.dictionaries
    }

    /// The schema with its dictionaries numbered from 0, each column with its own.
    var numberingDictionaries: ArrowSchema {
        ArrowSchema(checked: fields, metadata: metadata, dictionaryIDs: nil)
    }

    /// Whether values are sent once and numbered in batches, in some column.
    public var hasDictionaries: Bool {
        !storage.dictionaries.isEmpty
    }

    /// The schema with every dictionary replaced by the type of its values.
    public var withoutDictionaries: ArrowSchema {
        guard hasDictionaries else { return self }
        let plain = fields.map { field in
            var field = field
            field.type = field.type.withoutDictionaries
            return field
        }
        return ArrowSchema(checked: plain, metadata: metadata, dictionaryIDs: nil)
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

    /// Whether names, types and nullability are the same. Metadata is not compared, nor are the names
    /// of lists' items.
    public func hasSameFields(as other: ArrowSchema) -> Bool {
        if storage === other.storage { return true }
        return fields.elementsEqual(other.fields) {
            $0.name == $1.name && $0.nullable == $1.nullable && $0.type.matches($1.type)
        }
    }

    /// Whether the types are the same, column by column.
    func hasSameTypes(as other: ArrowSchema) -> Bool {
        storage === other.storage || fields.elementsEqual(other.fields) { $0.type.matches($1.type) }
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
