extension ArrowType {
    /// Why no column can have this type, or nil if it is a valid one. Check it before a schema is
    /// made of a type from outside.
    public var flaw: String? {
        flaw(depth: 1)
    }

    private func flaw(depth: Int) -> String? {
        guard depth <= ArrowLimits.nestingDepthMax else {
            return "types are nested more than \(ArrowLimits.nestingDepthMax) deep"
        }
        if let flaw = ownFlaw { return flaw }
        if case .dictionary(_, let value, _) = self { return value.flaw(depth: depth + 1) }
        for child in children {
            if let flaw = child.type.flaw(depth: depth + 1) {
                return "in field \"\(child.name)\": \(flaw)"
            }
        }
        return nil
    }

    /// What is wrong with the type itself, whatever is nested in it.
    private var ownFlaw: String? {
        switch self {
        case .fixedSizeBinary(let byteWidth) where byteWidth < 1 || byteWidth > Int(Int32.max):
            "a fixed-size binary's width must be between 1 and 2147483647 bytes, not \(byteWidth)"
        case .time32(let unit) where unit != .second && unit != .millisecond:
            "time32 counts seconds or milliseconds; use time64 for \(unit)s"
        case .time64(let unit) where unit != .microsecond && unit != .nanosecond:
            "time64 counts microseconds or nanoseconds; use time32 for \(unit)s"
        case .decimal32(let precision, let scale):
            Self.decimalFlaw(bits: 32, digits: 9, precision, scale)
        case .decimal64(let precision, let scale):
            Self.decimalFlaw(bits: 64, digits: 18, precision, scale)
        case .decimal128(let precision, let scale):
            Self.decimalFlaw(bits: 128, digits: 38, precision, scale)
        case .decimal256(let precision, let scale):
            Self.decimalFlaw(bits: 256, digits: 76, precision, scale)
        case .fixedSizeList(_, let size) where size < 0 || size > Int(Int32.max):
            "a fixed-size list's size must be between 0 and 2147483647, not \(size)"
        case .map(let entries, _): Self.mapFlaw(entries)
        case .union(let union): Self.unionFlaw(union)
        case .dictionary(let index, _, _) where !index.isInteger:
            "a dictionary's values are numbered by an integer type, not by \(index)"
        case .runEndEncoded(let runEnds, _):
            switch runEnds.type {
            case .int16, .int32, .int64: nil
            default: "the ends of runs are int16, int32 or int64, not \(runEnds.type)"
            }
        default: nil
        }
    }

    private static func decimalFlaw(
        bits: Int, digits: Int, _ precision: Int, _ scale: Int
    ) -> String? {
        if precision < 1 || precision > digits {
            "a \(bits)-bit decimal's precision must be between 1 and \(digits) digits, "
                + "not \(precision)"
        } else if Int32(exactly: scale) == nil {
            "a decimal's scale must fit into 32 bits"
        } else {
            nil
        }
    }

    private static func mapFlaw(_ entries: ArrowField) -> String? {
        guard case .struct(let fields) = entries.type, fields.count == 2 else {
            return "a map's entries are a struct of a key and a value, not \(entries.type)"
        }
        return nil
    }

    private static func unionFlaw(_ union: ArrowUnionType) -> String? {
        guard union.typeIDs.count == union.fields.count else {
            return "a union of \(union.fields.count) fields has \(union.typeIDs.count) type numbers"
        }
        guard union.typeIDs.allSatisfy({ $0 >= 0 }) else {
            return "a union's type numbers must be between 0 and 127"
        }
        guard Set(union.typeIDs).count == union.typeIDs.count else {
            return "a union's type numbers must differ"
        }
        return nil
    }

    private var isInteger: Bool {
        switch self {
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: true
        default: false
        }
    }
}
