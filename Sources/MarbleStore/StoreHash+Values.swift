import MarbleArrow

extension StableHash {
    /// A value of a nested type, whatever its memory looks like.
    mutating func combine(_ value: ArrowValue) {
        switch value {
        case .null: combine(byte: 0)
        case .bool(let value): combine(byte: value ? 2 : 1)
        case .int(let value): combine(UInt64(bitPattern: value))
        case .uint(let value): combine(value)
        case .double(let value): combine(value.bitPattern)
        case .decimal(let value): combine(value.description)
        case .interval(let value):
            combine(UInt64(bitPattern: Int64(value.months)))
            combine(UInt64(bitPattern: Int64(value.days)))
            combine(UInt64(bitPattern: value.nanoseconds))
        case .text(let value): combine(value)
        case .bytes(let value):
            combine(UInt64(value.count))
            value.withUnsafeBytes { combine($0) }
        case .list(let values), .structure(let values):
            combine(UInt64(values.count))
            for value in values { combine(value) }
        case .map(let entries):
            combine(UInt64(entries.count))
            for entry in entries {
                combine(entry.key)
                combine(entry.value)
            }
        case .union(let typeID, let value):
            combine(byte: UInt8(bitPattern: typeID))
            combine(value)
        }
    }
}
