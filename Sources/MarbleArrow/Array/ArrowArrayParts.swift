/// What an array has besides its own three buffers. It takes the place of the array's owner, so
/// that arrays without it pay nothing.
final class ArrowArrayParts: Sendable {
    /// The arrays of the type's fields. They aren't narrowed when the array is sliced.
    let children: [ArrowArray]
    /// The values that a dictionary type's numbers stand for.
    let dictionary: ArrowArray?
    /// What views point to.
    let data: [ArrowBuffer]
    /// How many bytes these have together.
    let dataByteCount: Int
    /// The position of the child for each type number of a union, -1 where there is none.
    let childPositions: [Int8]
    private let owner: ArrowBuffer

    init(
        type: ArrowType, owner: AnyObject?, children: [ArrowArray] = [],
        dictionary: ArrowArray? = nil, data: [ArrowBuffer] = []
    ) {
        self.children = children
        self.dictionary = dictionary
        self.data = data
        dataByteCount = data.reduce(0) { $0 + $1.count }
        self.owner = ArrowBuffer(owner: owner, base: ArrowMemory.zeroes, count: 0)
        var positions: [Int8] = []
        if case .union(let union) = type {
            positions = [Int8](repeating: -1, count: 128)
            for (position, typeID) in union.typeIDs.enumerated() {
                positions[Int(typeID)] = Int8(truncatingIfNeeded: position)
            }
        }
        childPositions = positions
    }
}

extension ArrowLayout {
    /// Whether arrays have parts: anything besides three buffers.
    @inline(__always)
    var hasParts: Bool {
        switch self {
        case .none, .bit, .fixedWidth, .variable32, .variable64: false
        default: true
        }
    }
}

extension ArrowArray {
    /// Trusts its arguments. For types with parts, and for those without validity bitmaps, whose
    /// nulls are counted here.
    init(
        type: ArrowType, length: Int, nullCount: Int = 0, validity: ArrowBuffer = .empty,
        offsets: ArrowBuffer = .empty, values: ArrowBuffer = .empty, children: [ArrowArray],
        dictionary: ArrowArray? = nil, data: [ArrowBuffer] = []
    ) {
        let kept = nullCount == 0 ? ArrowBuffer.empty : validity
        let column = ArrowSchema.Column(type, nullable: true)
        var owner = ArrowBufferOwners.owner(of: kept, offsets, values)
        if column.layout.hasParts {
            owner = ArrowArrayParts(
                type: type, owner: owner, children: children, dictionary: dictionary, data: data)
        }
        let array = ArrowArray(
            type: type, column: column, length: length, nullCount: nullCount, owner: owner,
            validity: kept, offsets: offsets, values: values)
        self = column.layout.hasValidity ? array : array.countingNullsInside()
    }

    /// An array of nothing but nulls, of the type null.
    static func nulls(_ length: Int) -> ArrowArray {
        ArrowArray(
            type: .null, length: length, nullCount: length, validity: .empty, offsets: .empty,
            values: .empty)
    }

    /// Only for layouts that have parts.
    var parts: ArrowArrayParts {
        guard layout.hasParts, let owner else { wrongType("nested") }
        return unsafeDowncast(owner, to: ArrowArrayParts.self)
    }

    /// The arrays of the type's fields: list items, a struct's or union's fields, a map's entries,
    /// run ends and values. They aren't narrowed when this array is sliced: see `offset`.
    public var children: [ArrowArray] {
        layout.hasParts ? parts.children : []
    }

    /// The values that the numbers of a dictionary column stand for; nil for other types.
    public var dictionary: ArrowArray? {
        layout.hasParts ? parts.dictionary : nil
    }

    /// The buffers that a view column's values of more than 12 bytes lie in; none for other types.
    public var viewedBuffers: [ArrowBuffer] {
        layout.hasParts ? parts.data : []
    }
}

/// Nulls of types without a bitmap: those of a union's and a run's values count.
extension ArrowArray {
    /// Whether the value that a row stands for is null, where no bitmap says so.
    @inline(never)
    func isNullInside(_ row: Int) -> Bool {
        switch layout {
        case .sparseUnion, .denseUnion:
            let (child, childRow) = unionValue(row)
            return child.isNull(childRow)
        case .runEndEncoded: return parts.children[1].isNull(run(of: row))
        default: return true
        }
    }

    /// How many values are marked as null: what a field that may hold no nulls forbids.
    var markedNullCount: Int {
        layout.hasValidity ? nullCount : 0
    }

    /// How many of the rows `start ..< start + count` are null, where no bitmap says so.
    func nullCountInside(from start: Int, count: Int) -> Int {
        switch layout {
        case .sparseUnion, .denseUnion:
            if parts.children.allSatisfy({ $0.nullCount == 0 }) { return 0 }
            return (start..<start + count).count { isNullInside($0) }
        case .runEndEncoded:
            let values = parts.children[1]
            if values.nullCount == 0 || count == 0 { return 0 }
            var nulls = 0
            forEachRun(start..<start + count) { run, rows in
                if values.isNull(run) { nulls += rows.count }
            }
            return nulls
        default: return count
        }
    }

    /// The same array with its nulls counted.
    func countingNullsInside() -> ArrowArray {
        ArrowArray(
            self, length: length, nullCount: nullCountInside(from: 0, count: length),
            offset: offset)
    }
}
