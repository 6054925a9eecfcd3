import Foundation
import MarbleArrow

/// The batches of a stream or file, one after the other.
struct ArrowInput {
    private enum Source {
        case file(ArrowFileReader, next: Int)
        /// `pieces` gives what is still to be read; nil if all has been.
        case stream(ArrowStreamReader, pieces: FileHandle?)
    }

    private static let pieceByteCount = 1 << 20
    private static let magic = Array("ARROW1".utf8)

    let schema: ArrowSchema
    /// What a file says about itself besides its schema; nothing for streams.
    let fileMetadata: ArrowMetadata
    private let name: String
    private var source: Source
    private var remaining: Int

    /// Opens a path, or standard input if it is "-", and reads the schema. Gives `limit` rows at
    /// most.
    init(path: String, limit: Int? = nil) throws {
        name = path == "-" ? "standard input" : path
        remaining = limit ?? .max
        var metadata = ArrowMetadata()
        do {
            var (first, rest) = try Self.open(path)
            if first.count < Self.magic.count, let handle = rest {
                first = try Self.read(handle, behind: first, atLeast: Self.magic.count)
            }
            if first.count >= 6 && first.slice(offset: 0, count: 6) == ArrowBuffer(Self.magic) {
                if let handle = rest {
                    first = try Self.read(handle, behind: first, atLeast: .max)
                }
                let reader = try ArrowFileReader(first)
                schema = reader.schema
                metadata = reader.metadata
                source = .file(reader, next: 0)
            } else {
                var reader = ArrowStreamReader()
                reader.append(first)
                while reader.schema == nil {
                    if try reader.next() != nil { continue }
                    guard let handle = rest, try Self.append(from: handle, to: &reader) else {
                        rest = nil
                        break
                    }
                }
                guard let found = reader.schema else {
                    throw ArrowToolError(
                        message: first.count == 0
                            ? "it is empty" : "it is cut off inside of its schema")
                }
                schema = found
                source = .stream(reader, pieces: rest)
            }
        } catch {
            throw Self.named(error, name)
        }
        fileMetadata = metadata
    }

    /// The next batch, or nil if there is no other.
    mutating func next() throws -> ArrowRecordBatch? {
        do {
            guard remaining > 0, let batch = try read() else { return nil }
            let count = min(batch.rowCount, remaining)
            remaining -= count
            return batch.slice(offset: 0, length: count)
        } catch {
            throw Self.named(error, name)
        }
    }

    private mutating func read() throws -> ArrowRecordBatch? {
        switch source {
        case .file(let reader, let next):
            guard next < reader.batchCount else { return nil }
            source = .file(reader, next: next + 1)
            return try reader.batch(at: next)
        case .stream(var reader, let pieces):
            defer { source = .stream(reader, pieces: pieces) }
            while true {
                switch try reader.next() {
                case .recordBatch(let batch): return batch
                case .schema: continue
                case .end: return nil
                case nil:
                    if let pieces, try Self.append(from: pieces, to: &reader) { continue }
                    guard reader.isAtMessageBoundary else {
                        throw ArrowToolError(message: "the stream is cut off inside of a message")
                    }
                    return nil
                }
            }
        }
    }

    /// What there is at once, and where the rest comes from. Regular files are mapped into memory.
    private static func open(_ path: String) throws -> (ArrowBuffer, FileHandle?) {
        if path == "-" { return (.empty, .standardInput) }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw ArrowToolError(message: "there is no such file")
        }
        if isDirectory.boolValue { throw ArrowToolError(message: "it is a directory") }
        let type = try FileManager.default.attributesOfItem(atPath: path)[.type]
        if type as? FileAttributeType == .typeRegular {
            return (try ArrowBuffer(mappingFileAt: path), nil)
        }
        // What a link leads to may be a pipe, which can't be mapped.
        if let mapped = try? ArrowBuffer(mappingFileAt: path) { return (mapped, nil) }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw ArrowToolError(message: "it can't be opened for reading")
        }
        return (.empty, handle)
    }

    private static func append(
        from handle: FileHandle, to reader: inout ArrowStreamReader
    ) throws -> Bool {
        guard let data = try handle.read(upToCount: pieceByteCount), !data.isEmpty else {
            return false
        }
        reader.append(data.withUnsafeBytes { ArrowBuffer(copying: $0) })
        return true
    }

    private static func read(
        _ handle: FileHandle, behind bytes: ArrowBuffer, atLeast count: Int
    ) throws -> ArrowBuffer {
        var all = bytes.bytes
        while all.count < count {
            guard let data = try handle.read(upToCount: pieceByteCount), !data.isEmpty else {
                break
            }
            all.append(contentsOf: data)
        }
        return ArrowBuffer(all)
    }

    private static func named(_ error: any Error, _ name: String) -> any Error {
        switch error {
        case let error as ArrowToolError: ArrowToolError(message: "\(name): \(error.message)")
        case let error as ArrowError: ArrowToolError(message: "\(name): \(error.message)")
        default: ArrowToolError(message: "\(name) can't be read: \(error.localizedDescription)")
        }
    }
}
