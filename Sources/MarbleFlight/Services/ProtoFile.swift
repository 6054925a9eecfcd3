import NIOCore

/// A `.proto` file of this server, as the reflection service hands it out.
struct ProtoFile {
    let name: String
    /// The names of the files that it imports.
    let imports: [String]
    /// The full names of all that it defines: services, methods, messages, fields, enums.
    let symbols: [String]
    /// The file's `FileDescriptorProto` in base64.
    let descriptor: String

    static func named(_ name: String) -> ProtoFile? { known.first { $0.name == name } }

    static func defining(_ symbol: String) -> ProtoFile? {
        known.first { $0.symbols.contains(symbol) }
    }

    /// The descriptors of the file and of all that it needs, its own first.
    func descriptors() -> [ByteBuffer] {
        var files = [self]
        var next = 0
        while next < files.count {
            for name in files[next].imports where !files.contains(where: { $0.name == name }) {
                if let file = Self.named(name) { files.append(file) }
            }
            next += 1
        }
        return files.map { ByteBuffer(bytes: Base64.decode($0.descriptor) ?? []) }
    }
}
