/// A column's values as those of a Swift type, nil where they are null.
///
/// ```swift
/// for price in try batch["price", as: Double.self] { total += price ?? 0 }
/// ```
public struct ArrowColumn<Value: ArrowElement>: RandomAccessCollection {
    /// The values as Arrow has them.
    public let array: ArrowArray
    private let standsForOthers: Bool

    /// Reads an array. Throws `invalidArgument` if its values are not of the Swift type.
    public init(_ array: ArrowArray, as type: Value.Type = Value.self) throws(ArrowError) {
        guard Value.canRead(array.type.valueType) else {
            throw ArrowError(
                .invalidArgument, "values of \(array.type) can't be read as \(Value.self)")
        }
        self.init(trusting: array)
    }

    /// Reads an array whose type is known to be right.
    init(trusting array: ArrowArray) {
        self.array = array
        switch array.layout {
        case .dictionary, .runEndEncoded: standsForOthers = true
        default: standsForOthers = false
        }
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { array.length }

    /// The value of a row, or nil if it is null. Traps if there is no such row.
    public subscript(row: Int) -> Value? {
        guard standsForOthers else {
            return array.isNull(row) ? nil : Value.read(array, at: row)
        }
        var (source, place) = (array, row)
        while true {
            if source.isNull(place) { return nil }
            if case .dictionary = source.layout, let dictionary = source.dictionary {
                (source, place) = (dictionary, source.dictionaryNumber(at: place))
            } else if source.layout == .runEndEncoded {
                (source, place) = (source.children[1], source.run(of: place))
            } else {
                return Value.read(source, at: place)
            }
        }
    }
}

extension ArrowType {
    /// The type of the values that a dictionary's numbers or runs stand for; else the type itself.
    public var valueType: ArrowType {
        switch self {
        case .dictionary(_, let value, _): value.valueType
        case .runEndEncoded(_, let values): values.type.valueType
        default: self
        }
    }
}

extension ArrowRecordBatch {
    /// The values of the first column with the name. Throws `invalidArgument` if there is none, or
    /// if its values are not of the Swift type.
    public subscript<Value: ArrowElement>(
        name: String, as type: Value.Type = Value.self
    ) -> ArrowColumn<Value> {
        get throws(ArrowError) {
            guard let array = column(name) else {
                throw ArrowError(
                    .invalidArgument,
                    "there is no column \"\(name)\"; there are: "
                        + schema.fields.map(\.name).joined(separator: ", "))
            }
            do throws(ArrowError) {
                return try ArrowColumn(array)
            } catch {
                throw ArrowError(error.code, "column \"\(name)\": \(error.message)")
            }
        }
    }
}
