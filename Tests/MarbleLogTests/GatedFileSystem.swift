import Dispatch
import MarbleEnvironment

/// A file system whose files wait at a gate before each write.
final class GatedFileSystem: FileSystem {
    final class Gate: Sendable {
        let entered = DispatchSemaphore(value: 0)
        let open = DispatchSemaphore(value: 0)
    }

    let gate = Gate()
    private let inner: VirtualFileSystem

    init(_ inner: VirtualFileSystem) { self.inner = inner }

    func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any File {
        GatedFile(try inner.open(path, mode), gate)
    }

    func list(_ directory: String) throws(FileSystemError) -> [String] {
        try inner.list(directory)
    }
    func createDirectory(_ path: String) throws(FileSystemError) {
        try inner.createDirectory(path)
    }
    func rename(_ path: String, to target: String) throws(FileSystemError) {
        try inner.rename(path, to: target)
    }
    func remove(_ path: String) throws(FileSystemError) { try inner.remove(path) }
    func exists(_ path: String) throws(FileSystemError) -> Bool { try inner.exists(path) }
    func syncDirectory(_ path: String) throws(FileSystemError) { try inner.syncDirectory(path) }
    func lock(_ path: String) throws(FileSystemError) -> any FileLock { try inner.lock(path) }
    func freeByteCount(at path: String) throws(FileSystemError) -> UInt64 {
        try inner.freeByteCount(at: path)
    }
}

private final class GatedFile: File {
    private let inner: any File
    private let gate: GatedFileSystem.Gate

    init(_ inner: any File, _ gate: GatedFileSystem.Gate) {
        self.inner = inner
        self.gate = gate
    }

    var path: String { inner.path }

    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(FileSystemError) -> Int { try inner.read(into: buffer, at: offset) }

    func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws(FileSystemError) {
        gate.entered.signal()
        gate.open.wait()
        try inner.write(buffer, at: offset)
    }

    func preallocate(byteCount: UInt64) throws(FileSystemError) {
        try inner.preallocate(byteCount: byteCount)
    }
    func truncate(byteCount: UInt64) throws(FileSystemError) {
        try inner.truncate(byteCount: byteCount)
    }
    func sync() throws(FileSystemError) { try inner.sync() }
    func byteCount() throws(FileSystemError) -> UInt64 { try inner.byteCount() }
    func close() { inner.close() }
}
