internal import MarbleEnvironment
internal import MarbleLog
internal import MarbleRaft
package import NIOCore

/// The constants that writer and reader of a snapshot file share; the grammar is in
/// `docs/formats/snapshot-file.md`.
enum SnapshotFile {
    static let magic: UInt64 = 0x3150_414E_534C_424D  // "MBLSNAP1", little-endian
    static let headerByteCount = 32
    static let recordHeaderByteCount = 8
    /// Stands where a chunk's length would, in the record that ends the file.
    static let endMark: UInt32 = .max
    static let chunkByteCountMax = 64 << 20

    /// {magic, index, term, crc of those, 0}; the CRC seeds the first chunk's.
    static func header(_ name: SnapshotStore.Name) -> (bytes: ByteBuffer, crc: UInt32) {
        var buffer = ByteBuffer()
        buffer.writeInteger(magic, endianness: .little)
        buffer.writeInteger(name.index, endianness: .little)
        buffer.writeInteger(name.term, endianness: .little)
        let crc = extend(0, buffer)
        buffer.writeInteger(crc, endianness: .little)
        buffer.writeInteger(UInt32(0), endianness: .little)
        return (buffer, crc)
    }

    /// Chained over the chunks, so that none can be missing, doubled, or out of order.
    static func checksum(_ bytes: ByteBuffer, length: UInt32, seed: UInt32) -> UInt32 {
        var prefix = ByteBuffer()
        prefix.writeInteger(length, endianness: .little)
        return extend(extend(seed, prefix), bytes)
    }

    private static func extend(_ seed: UInt32, _ bytes: ByteBuffer) -> UInt32 {
        bytes.withUnsafeReadableBytes { CRC32C.checksum($0, continuing: seed) }
    }
}

/// Writes a snapshot under a temporary name; `finish` makes it durable and gives it its own.
final class SnapshotWriter {
    private let store: SnapshotStore
    private let name: SnapshotStore.Name
    private let file: any File
    private let partPath: String
    private let pause: () -> Void
    /// Bytes written so far.
    private(set) var byteCount: UInt64 = 0
    private var unsyncedByteCount = 0
    private var crc: UInt32

    /// Synced in steps, so that the log's syncs never wait for one large flush.
    private static let syncStep = 1 << 20

    init(
        store: SnapshotStore, name: SnapshotStore.Name, pause: @escaping () -> Void
    ) throws(RaftError) {
        self.store = store
        self.name = name
        self.pause = pause
        partPath = store.path(SnapshotStore.fileName(name) + SnapshotStore.partSuffix)
        let header = SnapshotFile.header(name)
        crc = header.crc
        do {
            file = try store.fileSystem.open(partPath, .create)
            try file.truncate(byteCount: 0)
        } catch { throw SnapshotStore.failure(error) }
        try write(header.bytes)
    }

    func append(_ chunk: ByteBuffer) throws(RaftError) {
        guard chunk.readableBytes <= SnapshotFile.chunkByteCountMax else {
            throw RaftError(
                .tooLarge,
                "a snapshot's chunk has \(chunk.readableBytes) bytes, more than \(SnapshotFile.chunkByteCountMax); hand the state over in smaller chunks"
            )
        }
        try writeRecord(length: UInt32(chunk.readableBytes), chunk)
    }

    func finish() throws(RaftError) {
        try writeRecord(length: SnapshotFile.endMark, ByteBuffer())
        do {
            try file.sync()
            file.close()
            try store.fileSystem.rename(partPath, to: store.path(SnapshotStore.fileName(name)))
            try store.fileSystem.syncDirectory(store.directory)
        } catch { throw SnapshotStore.failure(error) }
    }

    /// Removes what was written; nothing depends on its success, the next start tries again.
    func abandon() {
        file.close()
        try? store.fileSystem.remove(partPath)
    }

    private func writeRecord(length: UInt32, _ chunk: ByteBuffer) throws(RaftError) {
        crc = SnapshotFile.checksum(chunk, length: length, seed: crc)
        var head = ByteBuffer()
        head.writeInteger(crc, endianness: .little)
        head.writeInteger(length, endianness: .little)
        try write(head)
        try write(chunk)
    }

    private func write(_ bytes: ByteBuffer) throws(RaftError) {
        do {
            try bytes.withUnsafeReadableBytes { (bytes) throws(FileSystemError) in
                try file.write(bytes, at: byteCount)
            }
            byteCount += UInt64(bytes.readableBytes)
            unsyncedByteCount += bytes.readableBytes
            guard unsyncedByteCount >= Self.syncStep else { return }
            unsyncedByteCount = 0
            try file.sync()
        } catch { throw SnapshotStore.failure(error) }
        pause()
    }
}

/// Reads a snapshot file's chunks, and refuses what isn't as it was written.
package final class SnapshotFileSource: RaftSnapshotSource {
    private let file: any File
    private var offset: UInt64
    private var crc: UInt32
    private var hasEnded = false

    init(file: any File, name: SnapshotStore.Name) throws(RaftError) {
        self.file = file
        let header = SnapshotFile.header(name)
        crc = header.crc
        offset = 0
        guard try read(SnapshotFile.headerByteCount) == header.bytes else {
            throw RaftError(
                .storage,
                "\(file.path) doesn't start as the snapshot at index \(name.index) must: it is damaged"
            )
        }
    }

    package func next() throws -> ByteBuffer? {
        guard !hasEnded else { return nil }
        var head = try read(SnapshotFile.recordHeaderByteCount)
        guard let expected = head.readInteger(endianness: .little, as: UInt32.self),
            let length = head.readInteger(endianness: .little, as: UInt32.self),
            length == SnapshotFile.endMark || length <= UInt32(SnapshotFile.chunkByteCountMax)
        else { throw damaged() }
        hasEnded = length == SnapshotFile.endMark
        let chunk = hasEnded ? ByteBuffer() : try read(Int(length))
        crc = SnapshotFile.checksum(chunk, length: length, seed: crc)
        guard crc == expected else { throw damaged() }
        return hasEnded ? nil : chunk
    }

    private func damaged() -> RaftError {
        RaftError(
            .storage,
            "\(file.path) is damaged before offset \(offset): a checksum doesn't fit; remove the node's data directory and add the node anew"
        )
    }

    private func read(_ count: Int) throws(RaftError) -> ByteBuffer {
        do {
            let total = try file.byteCount()
            guard offset <= total, UInt64(count) <= total - offset else { throw damaged() }
            var buffer = ByteBuffer()
            var failure: FileSystemError?
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                do throws(FileSystemError) {
                    return try file.read(
                        into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]), at: offset)
                } catch {
                    failure = error
                    return 0
                }
            }
            if let failure { throw failure }
            guard buffer.readableBytes == count else { throw damaged() }
            offset += UInt64(count)
            return buffer
        } catch let error as FileSystemError {
            throw SnapshotStore.failure(error)
        } catch let error as RaftError {
            throw error
        } catch {
            throw RaftError(.storage, "\(file.path) can't be read", cause: error)
        }
    }
}

/// A snapshot on its way from a peer: the same bytes gather here, from wherever the last try broke
/// off, and count only once all of them are checked.
package final class SnapshotReceiver {
    private let store: SnapshotStore
    private let name: SnapshotStore.Name
    private let file: any File
    private let partPath: String
    /// Bytes received so far; the peer is asked for what follows.
    package private(set) var byteCount: UInt64

    init(store: SnapshotStore, name: SnapshotStore.Name) throws(RaftError) {
        self.store = store
        self.name = name
        partPath = store.path(SnapshotStore.fileName(name) + ".received" + SnapshotStore.partSuffix)
        do {
            file = try store.fileSystem.open(partPath, .create)
            byteCount = try file.byteCount()
        } catch { throw SnapshotStore.failure(error) }
    }

    package func append(_ bytes: ByteBuffer) throws(RaftError) {
        do {
            try bytes.withUnsafeReadableBytes { (bytes) throws(FileSystemError) in
                try file.write(bytes, at: byteCount)
            }
        } catch { throw SnapshotStore.failure(error) }
        byteCount += UInt64(bytes.readableBytes)
    }

    /// Checks all chunks, then makes the snapshot durable under its name. What doesn't pass is
    /// thrown away, so that the next try starts afresh.
    package func adopt() throws {
        do {
            let source = try SnapshotFileSource(file: file, name: name)
            while try source.next() != nil {}
            try file.sync()
        } catch {
            file.close()
            try? store.fileSystem.remove(partPath)
            throw error
        }
        file.close()
        try store.fileSystem.rename(partPath, to: store.path(SnapshotStore.fileName(name)))
        try store.fileSystem.syncDirectory(store.directory)
        try store.removeOlder(than: name)
    }

    package func close() { file.close() }
}
