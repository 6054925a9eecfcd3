internal import CMarbleArrowData

/// Reads C schemas, which stay their owner's.
enum ArrowCSchemaImport {
    static func field(
        _ schema: MarbleCSchema, depth: Int = 1
    ) throws(ArrowError) -> ArrowField {
        let name = text(schema.name) ?? ""
        guard schema.release != nil, let format = text(schema.format) else {
            throw ArrowError(
                .invalidArgument,
                "the C schema of column \"\(name)\" has been released, or has no format")
        }
        guard depth <= ArrowLimits.nestingDepthMax else {
            throw ArrowError(
                .limitExceeded,
                "column \"\(name)\" is nested more than \(ArrowLimits.nestingDepthMax) deep")
        }
        var children: [ArrowField] = []
        for index in 0..<max(0, Int(schema.n_children)) {
            guard let child = schema.children?[index]?.pointee else {
                throw ArrowError(.invalidArgument, "a child of column \"\(name)\" is NULL")
            }
            children.append(try field(child, depth: depth + 1))
        }
        var type = try ArrowCFormat.type(
            format, children: children,
            keysSorted: schema.flags & Int64(MARBLE_FLAG_MAP_KEYS_SORTED) != 0, column: name)
        if let dictionary = schema.dictionary?.pointee {
            type = .dictionary(
                index: type, value: try field(dictionary, depth: depth + 1).type,
                isOrdered: schema.flags & Int64(MARBLE_FLAG_DICTIONARY_ORDERED) != 0)
            if let flaw = type.flaw { throw ArrowError(.malformed, "column \"\(name)\": \(flaw)") }
        }
        return ArrowField(
            name, type, nullable: schema.flags & Int64(MARBLE_FLAG_NULLABLE) != 0,
            metadata: try metadata(schema.metadata, name))
    }

    /// A schema is described as a struct of its columns.
    static func schema(_ schema: MarbleCSchema) throws(ArrowError) -> ArrowSchema {
        let field = try field(schema)
        guard case .struct(let fields) = field.type else {
            throw ArrowError(
                .invalidArgument, "a C schema of a batch has to be a struct, not \(field.type)")
        }
        return ArrowSchema(fields, metadata: field.metadata)
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private static func metadata(
        _ pointer: UnsafePointer<CChar>?, _ column: String
    ) throws(ArrowError) -> ArrowMetadata {
        guard let pointer else { return [:] }
        let base = UnsafeRawPointer(pointer)
        var position = 0
        func number() throws(ArrowError) -> Int {
            defer { position += 4 }
            let number = Int(base.loadUnaligned(fromByteOffset: position, as: Int32.self))
            guard number >= 0 else {
                throw ArrowError(
                    .malformed, "the metadata of column \"\(column)\" has a size of \(number)")
            }
            return number
        }
        func string() throws(ArrowError) -> String {
            let count = try number()
            defer { position += count }
            let bytes = UnsafeRawBufferPointer(start: base + position, count: count)
            return String(decoding: bytes, as: UTF8.self)
        }
        var entries: [ArrowMetadata.Entry] = []
        for _ in 0..<(try number()) {
            let key = try string()
            entries.append(ArrowMetadata.Entry(key: key, value: try string()))
        }
        return ArrowMetadata(entries)
    }
}
