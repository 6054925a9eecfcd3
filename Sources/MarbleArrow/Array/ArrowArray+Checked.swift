extension ArrowArray {
    /// Makes an array of any type after checking everything that the format demands.
    ///
    /// - Parameters:
    ///   - type: the values' type.
    ///   - length: the number of values.
    ///   - validity: one bit a value; nil if nothing is null. Unions, runs and nulls have none.
    ///   - buffers: what `buffers` holds behind the validity, in the order of the format.
    ///   - children: an array for each of the type's fields, in their order.
    ///   - dictionary: the values of a dictionary type.
    ///   - viewed: the buffers that views point to.
    ///
    /// The number of nulls is counted. Throws `malformed` if they don't fit the type,
    /// `invalidArgument` if there are too few or too many of them, or if children are of other types.
    public init(
        type: ArrowType, length: Int, validity: ArrowBuffer?, buffers: [ArrowBuffer],
        children: [ArrowArray] = [], dictionary: ArrowArray? = nil, viewed: [ArrowBuffer] = []
    ) throws(ArrowError) {
        if let flaw = type.flaw { throw ArrowError(.invalidArgument, flaw) }
        let layout = type.layout
        let expected = layout.bufferCount - (layout.hasValidity ? 1 : 0)
        let fields = type.children
        guard buffers.count == expected, fields.count == children.count,
            zip(fields, children).allSatisfy({ $0.type.matches($1.type) })
        else {
            throw ArrowError(
                .invalidArgument,
                "an array of \(type) consists of \(expected) buffers and of children of "
                    + "\(fields.map(\.description)), not of \(buffers.count) buffers and "
                    + "children of \(children.map(\.type.description))")
        }
        if case .dictionary(_, let value, _) = type {
            guard let dictionary, dictionary.type.matches(value) else {
                throw ArrowError(.invalidArgument, "an array of \(type) needs a dictionary")
            }
        }
        var parts = ArrowNestedParts(
            validity: validity ?? .empty, children: children, dictionary: dictionary, data: viewed)
        parts.place(buffers, layout)
        let check = ArrowArrayCheck(
            column: ArrowSchema.Column(type, nullable: true), length: length,
            claimedNullCount: validity == nil ? 0 : -1, level: .full)
        guard layout.hasParts else {
            let nullCount = try check.run(
                validity: parts.validity, offsets: parts.offsets, values: parts.values,
                name: "\(type)")
            self =
                type == .null
                ? .nulls(length)
                : ArrowArray(
                    type: type, length: length, nullCount: nullCount, validity: parts.validity,
                    offsets: parts.offsets, values: parts.values)
            return
        }
        self = try check.run(nested: parts, type: type, name: "\(type)")
    }

    /// Whether both are views of the same memory, so that equal rows are the same.
    func sharesMemory(with other: ArrowArray) -> Bool {
        length == other.length && offset == other.offset && valuesBase == other.valuesBase
            && offsetsBase == other.offsetsBase && owner === other.owner
    }
}

extension ArrowNestedParts {
    /// Puts buffers, the validity bitmap not among them, to their places.
    mutating func place(_ buffers: [ArrowBuffer], _ layout: ArrowLayout) {
        switch (layout, buffers.count) {
        case (.list32, 1...), (.list64, 1...): offsets = buffers[0]
        case (.denseUnion, 2...): (values, offsets) = (buffers[0], buffers[1])
        case (_, 2...): (offsets, values) = (buffers[0], buffers[1])
        case (_, 1): values = buffers[0]
        default: break
        }
    }
}
