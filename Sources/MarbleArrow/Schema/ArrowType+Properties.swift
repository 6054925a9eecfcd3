extension ArrowType {
    /// Whether values are text that has to be valid UTF-8.
    public var isText: Bool {
        switch self {
        case .utf8, .largeUtf8, .utf8View: true
        default: false
        }
    }

    /// Whether values are bytes of any length: text or binary.
    public var isVariableLength: Bool {
        switch layout {
        case .variable32, .variable64, .view: true
        default: false
        }
    }

    /// Whether the type has fields of its own, a dictionary, or runs.
    public var isNested: Bool {
        switch layout {
        case .none, .bit, .fixedWidth, .variable32, .variable64, .view: false
        default: true
        }
    }

    /// How many bytes a value takes, or nil if it is a bit, of variable length, or nested.
    public var byteWidth: Int? {
        if case .fixedWidth(let width) = layout { width } else { nil }
    }

    /// Whether values can be keys: whether `ArrowArray.appendKeyBytes` takes them.
    public var canBeKey: Bool {
        switch physicalType {
        case .bit, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .float16,
            .float32, .float64, .decimal128, .fixedSizeBinary, .variable32, .variable64:
            switch self {
            case .duration, .interval: false
            default: true
            }
        default: false
        }
    }

    /// The fields of a nested type, in the order of an array's children. A dictionary has none.
    public var children: [ArrowField] {
        switch self {
        case .list(let item), .largeList(let item), .listView(let item), .largeListView(let item),
            .fixedSizeList(let item, _):
            [item]
        case .struct(let fields): fields
        case .map(let entries, _): [entries]
        case .union(let union): union.fields
        case .runEndEncoded(let runEnds, let values): [runEnds, values]
        default: []
        }
    }

    /// Whether values of both types are the same: names and metadata of nested fields don't matter,
    /// except for the names of a struct's and a union's fields.
    public func matches(_ other: ArrowType) -> Bool {
        matches(other, nullability: true)
    }

    /// As `matches(_:)`, but whether nested fields may hold nulls doesn't matter: for those who check
    /// the values themselves.
    public func hasSameValues(as other: ArrowType) -> Bool {
        matches(other, nullability: false)
    }

    /// As `matches(_:)`; whether nested fields may hold nulls is only compared if it is asked for.
    private func matches(_ other: ArrowType, nullability: Bool) -> Bool {
        func match(_ left: ArrowField, _ right: ArrowField, names: Bool) -> Bool {
            (!names || left.name == right.name)
                && (!nullability || left.nullable == right.nullable)
                && left.type.matches(right.type, nullability: nullability)
        }
        func match(_ left: [ArrowField], _ right: [ArrowField]) -> Bool {
            left.count == right.count
                && zip(left, right).allSatisfy { match($0, $1, names: true) }
        }
        switch (self, other) {
        case (.list(let left), .list(let right)), (.largeList(let left), .largeList(let right)),
            (.listView(let left), .listView(let right)),
            (.largeListView(let left), .largeListView(let right)):
            return match(left, right, names: false)
        case (.fixedSizeList(let left, let size), .fixedSizeList(let right, let otherSize)):
            return size == otherSize && match(left, right, names: false)
        case (.struct(let left), .struct(let right)): return match(left, right)
        case (.map(let left, let sorted), .map(let right, let otherSorted)):
            let (ours, theirs) = (left.type.children, right.type.children)
            return sorted == otherSorted && ours.count == theirs.count
                && zip(ours, theirs).allSatisfy { match($0, $1, names: false) }
        case (.union(let left), .union(let right)):
            return left.mode == right.mode && left.typeIDs == right.typeIDs
                && match(left.fields, right.fields)
        case (
            .dictionary(let index, let value, let ordered),
            .dictionary(let otherIndex, let otherValue, let otherOrdered)
        ):
            return index == otherIndex && ordered == otherOrdered
                && value.matches(otherValue, nullability: nullability)
        case (.runEndEncoded(let ends, let values), .runEndEncoded(let otherEnds, let others)):
            return ends.type == otherEnds.type && match(values, others, names: false)
        default: return self == other
        }
    }

    /// The type with every dictionary in it replaced by the type of its values.
    public var withoutDictionaries: ArrowType {
        func plain(_ field: ArrowField) -> ArrowField {
            var field = field
            field.type = field.type.withoutDictionaries
            return field
        }
        switch self {
        case .dictionary(_, let value, _): return value.withoutDictionaries
        case .list(let item): return .list(plain(item))
        case .largeList(let item): return .largeList(plain(item))
        case .listView(let item): return .listView(plain(item))
        case .largeListView(let item): return .largeListView(plain(item))
        case .fixedSizeList(let item, let size): return .fixedSizeList(plain(item), size: size)
        case .struct(let fields): return .struct(fields.map(plain))
        case .map(let entries, let sorted):
            return .map(entries: plain(entries), keysSorted: sorted)
        case .union(let union):
            return .union(
                ArrowUnionType(union.mode, union.fields.map(plain), typeIDs: union.typeIDs))
        case .runEndEncoded(let ends, let values):
            return .runEndEncoded(runEnds: ends, values: plain(values))
        default: return self
        }
    }

    /// How many columns a column is made of, itself included.
    var columnCount: Int {
        children.reduce(1) { $0 + $1.type.columnCount }
    }

    /// How many dictionaries there are in the type, those of dictionaries' values included.
    var dictionaryCount: Int {
        if case .dictionary(_, let value, _) = self { return 1 + value.dictionaryCount }
        return children.reduce(0) { $0 + $1.type.dictionaryCount }
    }
}
