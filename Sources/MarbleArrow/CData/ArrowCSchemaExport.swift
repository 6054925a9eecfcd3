internal import CMarbleArrowData

/// Fills in a C schema and keeps what it points to until it is released.
enum ArrowCSchemaExport {
    private static func copy(_ bytes: [UInt8]) -> UnsafePointer<CChar> {
        let memory = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { memory[index] = CChar(bitPattern: byte) }
        return UnsafePointer(memory)
    }

    static func fill(_ target: UnsafeMutablePointer<MarbleCSchema>, _ field: ArrowField) {
        var flags = field.nullable ? Int64(MARBLE_FLAG_NULLABLE) : 0
        var children = field.type.children
        var dictionary: UnsafeMutablePointer<MarbleCSchema>?
        switch field.type {
        case .map(_, keysSorted: true): flags |= Int64(MARBLE_FLAG_MAP_KEYS_SORTED)
        case .dictionary(_, let value, let isOrdered):
            if isOrdered { flags |= Int64(MARBLE_FLAG_DICTIONARY_ORDERED) }
            children = []
            let made = UnsafeMutablePointer<MarbleCSchema>.allocate(capacity: 1)
            fill(made, ArrowField("", value))
            dictionary = made
        default: break
        }
        let pointers = UnsafeMutablePointer<UnsafeMutablePointer<MarbleCSchema>?>.allocate(
            capacity: max(children.count, 1))
        for (index, child) in children.enumerated() {
            let made = UnsafeMutablePointer<MarbleCSchema>.allocate(capacity: 1)
            fill(made, child)
            pointers[index] = made
        }
        target.initialize(
            to: MarbleCSchema(
                format: copy(Array(ArrowCFormat.string(field.type).utf8) + [0]),
                name: copy(Array(field.name.utf8) + [0]),
                metadata: field.metadata.isEmpty ? nil : copy(encode(field.metadata)),
                flags: flags, n_children: Int64(children.count), children: pointers,
                dictionary: dictionary, release: { ArrowCSchemaExport.release($0) },
                private_data: nil))
    }

    /// Called once by whoever took the schema, for itself and for what is below it.
    private static func release(_ schema: UnsafeMutablePointer<MarbleCSchema>?) {
        guard let schema, schema.pointee.release != nil else { return }
        for index in 0..<Int(schema.pointee.n_children) {
            free(schema.pointee.children?[index])
        }
        schema.pointee.children?.deallocate()
        free(schema.pointee.dictionary)
        schema.pointee.format?.deallocate()
        schema.pointee.name?.deallocate()
        schema.pointee.metadata?.deallocate()
        schema.pointee.release = nil
    }

    /// A child that somebody else has moved away is not released again.
    private static func free(_ child: UnsafeMutablePointer<MarbleCSchema>?) {
        guard let child else { return }
        if let release = child.pointee.release { release(child) }
        child.deallocate()
    }

    /// Keys and values, each behind its size, and their count first, in the machine's byte order.
    private static func encode(_ metadata: ArrowMetadata) -> [UInt8] {
        var bytes: [UInt8] = []
        func append(_ number: Int) {
            withUnsafeBytes(of: Int32(number)) { bytes.append(contentsOf: $0) }
        }
        append(metadata.entries.count)
        for entry in metadata.entries {
            for text in [entry.key, entry.value] {
                append(text.utf8.count)
                bytes.append(contentsOf: text.utf8)
            }
        }
        return bytes
    }
}
