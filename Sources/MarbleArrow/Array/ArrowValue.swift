/// One value of any type: for what isn't worth a column, and for types known only when running.
public indirect enum ArrowValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// A signed integer, date, time, timestamp, duration or count of months, in the column's unit.
    case int(Int64)
    /// An unsigned integer.
    case uint(UInt64)
    /// A number of half, single or double precision.
    case double(Double)
    /// The unscaled value of a decimal.
    case decimal(ArrowInt256)
    /// A calendar interval of more than months.
    case interval(ArrowInterval)
    /// Text.
    case text(String)
    /// Binary of any or of fixed size.
    case bytes([UInt8])
    /// The items of a list of any kind.
    case list([ArrowValue])
    /// A struct's values in the order of its fields.
    case structure([ArrowValue])
    /// A map's entries in their order.
    case map([Entry])
    /// A union's value, and the number of the field that it is of.
    case union(typeID: Int8, ArrowValue)

    /// A map's key and value.
    public struct Entry: Sendable, Hashable {
        /// The key.
        public var key: ArrowValue
        /// The value.
        public var value: ArrowValue

        /// Makes an entry.
        public init(key: ArrowValue, value: ArrowValue) {
            self.key = key
            self.value = value
        }
    }
}

extension ArrowArray {
    /// The value of a row, whatever the type. That of a dictionary's number or of a run is the value
    /// it stands for. Traps if there is no such row.
    public func value(at row: Int) -> ArrowValue {
        checkRow(row)
        // The nulls of unions and runs are their values' own.
        if layout.hasValidity && isNullUnchecked(row) { return .null }
        switch physicalType {
        case .bit: return .bool(bool(at: row))
        case .int8, .int16, .int32, .int64: return .int(int64(at: row))
        case .uint8, .uint16, .uint32, .uint64: return .uint(uint64(at: row))
        case .float16, .float32, .float64: return .double(double(at: row))
        case .decimal32, .decimal64, .decimal128, .decimal256:
            return .decimal(decimal256(at: row))
        case .dayTime, .monthDayNano: return .interval(interval(at: row))
        case .fixedSizeBinary, .variable32, .variable64, .view:
            return type.isText ? .text(string(at: row)) : .bytes(bytes(at: row).bytes)
        case .nested: return nestedValue(row)
        }
    }

    private func nestedValue(_ row: Int) -> ArrowValue {
        switch layout {
        case .none: return .null
        case .structure:
            return .structure(children.map { $0.value(at: offset + row) })
        case .sparseUnion, .denseUnion:
            let (child, position) = unionValue(row)
            return .union(typeID: load(Int8.self, row), child.value(at: position))
        case .runEndEncoded: return children[1].value(at: run(of: row))
        case .dictionary: return dictionary?.value(at: dictionaryIndex(row)) ?? .null
        default:
            let items = children[0]
            guard case .map = type else { return .list(itemRange(row).map { items.value(at: $0) }) }
            return .map(
                itemRange(row).map { item in
                    ArrowValue.Entry(
                        key: items.children[0].value(at: items.offset + item),
                        value: items.children[1].value(at: items.offset + item))
                })
        }
    }
}

extension ArrowColumnBuilder {
    /// Appends a value. Traps if it is not one of the column's type.
    public func append(_ value: ArrowValue) {
        if layout == .runEndEncoded { return appendRun(of: value) { $0.append(value) } }
        if value == .null { return appendNull() }
        if case .dictionary = layout { return appendNumber(of: value) { $0.append(value) } }
        switch value {
        case .null: break
        case .bool(let value): append(value)
        case .int(let value): append(value)
        case .uint(let value): append(value)
        case .double(let value):
            if physicalType == .float16 {
                append(halfPrecisionBits: value.halfPrecisionBits)
            } else {
                append(value)
            }
        case .decimal(let value): append(decimal: value)
        case .interval(let value): append(value)
        case .text(let value): append(value)
        case .bytes(let value): append(value)
        case .list(let items): appendList { builder in items.forEach { builder.append($0) } }
        case .structure(let values):
            appendStruct { fields in
                precondition(values.count == fields.count, "values for \(fields.count) fields")
                for (field, value) in zip(fields, values) { field.append(value) }
            }
        case .map(let entries):
            appendMap { keys, values in
                for entry in entries {
                    keys.append(entry.key)
                    values.append(entry.value)
                }
            }
        case .union(let typeID, let value): appendUnion(typeID: typeID) { $0.append(value) }
        }
    }
}
