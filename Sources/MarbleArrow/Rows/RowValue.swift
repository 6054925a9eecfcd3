#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// How single Swift values and Arrow's become each other.
enum RowValue {
    /// A value as a column of the type can hold it, or nil if it can't.
    static func fitting(_ value: ArrowValue, _ type: ArrowType) -> ArrowValue? {
        switch (value, type) {
        case (_, .dictionary(_, let type, _)): return fitting(value, type)
        case (_, .runEndEncoded(_, let values)): return fitting(value, values.type)
        case (.bool, .bool), (.text, .utf8), (.text, .largeUtf8), (.text, .utf8View),
            (.bytes, .binary), (.bytes, .largeBinary), (.bytes, .binaryView),
            (.double, .float64):
            return value
        case (.double(let number), .float32): return .double(Double(Float(number)))
        case (.double, .float16): return value
        case (.bytes(let bytes), .fixedSizeBinary(let byteWidth)):
            return bytes.count == byteWidth ? value : nil
        case (.int(let number), _): return integer(number, type)
        case (.uint(let number), _): return integer(number, type)
        default: return nil
        }
    }

    private static func integer<Number: FixedWidthInteger>(
        _ number: Number, _ type: ArrowType
    ) -> ArrowValue? {
        switch type {
        case .int8: return Int8(exactly: number).map { .int(Int64($0)) }
        case .int16: return Int16(exactly: number).map { .int(Int64($0)) }
        case .int32, .date32, .time32, .interval(.yearMonth):
            return Int32(exactly: number).map { .int(Int64($0)) }
        case .int64, .date64, .time64, .timestamp, .duration:
            return Int64(exactly: number).map { .int($0) }
        case .uint8: return UInt8(exactly: number).map { .uint(UInt64($0)) }
        case .uint16: return UInt16(exactly: number).map { .uint(UInt64($0)) }
        case .uint32: return UInt32(exactly: number).map { .uint(UInt64($0)) }
        case .uint64: return UInt64(exactly: number).map { .uint($0) }
        case .float16:
            guard let double = Double(exactly: number),
                Double(halfPrecisionBits: double.halfPrecisionBits) == double
            else { return nil }
            return .double(double)
        case .float32: return Float(exactly: number).map { .double(Double($0)) }
        case .float64: return Double(exactly: number).map { .double($0) }
        default: return nil
        }
    }

    /// What `Codable` would take apart, but what is one value in Arrow; nil for anything else.
    static func whole(_ value: Any, _ type: ArrowType) throws -> ArrowValue? {
        switch value {
        case let date as Date: return try moment(date.timeIntervalSince1970, type)
        case let data as Data: return .bytes([UInt8](data))
        case let bytes as [UInt8]: return type.isBinary ? .bytes(bytes) : nil
        default: return nil
        }
    }

    private static func moment(_ seconds: Double, _ type: ArrowType) throws -> ArrowValue {
        let count: Double
        switch type {
        case .timestamp(let unit, _): count = seconds * Double(unit.perSecond)
        case .date32: count = (seconds / 86_400).rounded(.down)
        case .date64: count = (seconds / 86_400).rounded(.down) * 86_400_000
        default: throw RowCodingError("is a Date, which a column of \(type) can't hold")
        }
        guard let whole = Int64(exactly: count.rounded()) else {
            throw RowCodingError("is a Date outside of what \(type) can hold")
        }
        return .int(whole)
    }

    /// The reverse of `whole`; nil if `wanted` is another type.
    static func whole<Wanted>(
        _ wanted: Wanted.Type, of value: ArrowValue, _ type: ArrowType
    ) -> Wanted? {
        if wanted == Date.self, case .int(let count) = value {
            switch type {
            case .timestamp(let unit, _):
                let (seconds, rest) = count.floorDivided(by: unit.perSecond)
                return Date(
                    timeIntervalSince1970: Double(seconds) + Double(rest) / Double(unit.perSecond))
                    as? Wanted
            case .date32: return Date(timeIntervalSince1970: Double(count) * 86_400) as? Wanted
            case .date64: return Date(timeIntervalSince1970: Double(count) / 1000) as? Wanted
            default: return nil
            }
        }
        if wanted == Data.self, case .bytes(let bytes) = value { return Data(bytes) as? Wanted }
        if wanted == [UInt8].self, case .bytes(let bytes) = value { return bytes as? Wanted }
        return nil
    }

    /// The type of a column for what is one value in Arrow; nil for anything else.
    static func inferred(_ type: Any.Type) -> (ArrowType, value: Any)? {
        switch type {
        case is Date.Type:
            (.timestamp(.microsecond, timezone: "UTC"), Date(timeIntervalSince1970: 0))
        case is Data.Type: (.binary, Data())
        case is [UInt8].Type: (.binary, [UInt8]())
        case is UUID.Type: (.utf8, UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
        default: nil
        }
    }
}

extension ArrowType {
    fileprivate var isBinary: Bool {
        switch self {
        case .binary, .largeBinary, .binaryView, .fixedSizeBinary: true
        default: false
        }
    }
}
