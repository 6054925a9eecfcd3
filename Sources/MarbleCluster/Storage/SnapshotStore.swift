package import MarbleEnvironment
internal import MarbleLog
package import MarbleRaft
package import NIOCore

/// A group's snapshots on disk, one file each: `snapshot-<index>-<term>`. The grammar is in
/// `docs/formats/snapshot-file.md`. All calls block.
package struct SnapshotStore: Sendable {
    package struct Name: Sendable, Equatable {
        package var index: RaftIndex
        package var term: RaftTerm
        package init(index: RaftIndex, term: RaftTerm) {
            self.index = index
            self.term = term
        }
    }

    let fileSystem: any FileSystem
    let directory: String

    package init(fileSystem: any FileSystem, directory: String) throws(RaftError) {
        self.fileSystem = fileSystem
        self.directory = directory
        do { try fileSystem.createDirectory(directory) } catch { throw Self.failure(error) }
    }

    /// The newest complete snapshot. Files that a crash left unfinished are removed.
    package func newest() throws(RaftError) -> Name? {
        var best: Name?
        for file in try list() {
            if file.hasSuffix(Self.partSuffix) {
                try remove(file)
            } else if let name = Self.parse(file), name.index > best?.index ?? 0 {
                best = name
            }
        }
        return best
    }

    /// Writes a capture and makes it durable under its name; then older snapshots go, all but one,
    /// which a member may still be reading.
    ///
    /// - Parameter pause: called after each of the steps in which the file is synced.
    /// - Returns: the file's bytes.
    @discardableResult
    package func write(
        _ name: Name, _ capture: any RaftSnapshotCapture, pause: @escaping () -> Void = {}
    ) throws -> UInt64 {
        let writer = try SnapshotWriter(store: self, name: name, pause: pause)
        do {
            try capture.write { chunk throws in try writer.append(chunk) }
            try writer.finish()
        } catch {
            writer.abandon()
            throw error
        }
        try removeOlder(than: name)
        return writer.byteCount
    }

    /// Opens a snapshot for restoring; every chunk is checked as it is read.
    package func source(_ name: Name) throws(RaftError) -> SnapshotFileSource {
        try SnapshotFileSource(file: open(name), name: name)
    }

    /// A part of a snapshot's file as it is, for shipping. Empty at its end.
    package func read(_ name: Name, at offset: UInt64, byteCountMax: Int) throws(RaftError)
        -> (bytes: ByteBuffer, fileByteCount: UInt64)
    {
        let file = try open(name)
        defer { file.close() }
        do throws(FileSystemError) {
            let total = try file.byteCount()
            guard offset < total else { return (ByteBuffer(), total) }
            let count = Int(min(total - offset, UInt64(byteCountMax)))
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
            return (buffer, total)
        } catch {
            throw Self.failure(error)
        }
    }

    /// Where a snapshot that comes from a peer gathers; `adopt` puts it in its place.
    package func receive(_ name: Name) throws(RaftError) -> SnapshotReceiver {
        try SnapshotReceiver(store: self, name: name)
    }

    func removeOlder(than name: Name) throws(RaftError) {
        let older = try list().compactMap(Self.parse).filter { $0.index < name.index }
        for old in older.sorted(by: { $0.index > $1.index }).dropFirst() {
            try remove(Self.fileName(old))
        }
    }

    // MARK: Files

    static let partSuffix = ".part"

    static func fileName(_ name: Name) -> String { "snapshot-\(name.index)-\(name.term)" }

    private static func parse(_ file: String) -> Name? {
        let parts = file.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "snapshot", let index = RaftIndex(parts[1]),
            let term = RaftTerm(parts[2])
        else { return nil }
        return Name(index: index, term: term)
    }

    func path(_ file: String) -> String { FilePaths.join(directory, file) }

    private func list() throws(RaftError) -> [String] {
        do { return try fileSystem.list(directory) } catch { throw Self.failure(error) }
    }

    private func remove(_ file: String) throws(RaftError) {
        do { try fileSystem.remove(path(file)) } catch { throw Self.failure(error) }
    }

    private func open(_ name: Name) throws(RaftError) -> any File {
        do { return try fileSystem.open(path(Self.fileName(name)), .readOnly) } catch {
            throw Self.failure(error)
        }
    }

    static func failure(_ error: FileSystemError) -> RaftError {
        RaftError(.storage, "snapshot: \(error.message)", cause: error)
    }
}
