internal import Synchronization

/// A disk in memory for tests and the simulator, which keeps apart what is durable and what is
/// only written, and can stop or fail at any operation. The same calls and the same random numbers
/// always give the same disk.
///
/// Operations are counted from 0: creating a file or directory, rename, removal, write,
/// preallocation, truncation, and both syncs. New directories are durable at once. Names within a
/// directory become durable in order.
package final class VirtualFileSystem: FileSystem {
    private let disk = Mutex(VirtualDisk())

    package init() {}

    // MARK: What a test does with it

    /// The operations that were tried so far.
    package var operationCount: Int { disk.withLock { $0.operationCount } }

    /// The successful syncs of files.
    package var syncCount: Int { disk.withLock { $0.syncCount } }

    /// Whether the machine has stopped by a fault, and waits for `crash` or `kill`.
    package var isStopped: Bool { disk.withLock { $0.isStopped } }

    /// Arms a fault for one operation, by its number.
    package func setFault(_ fault: VirtualFault?, atOperation number: Int) {
        disk.withLock { $0.faults[number] = fault }
    }

    /// The disk's size; what is there counts. Without a limit at first.
    package func setCapacity(byteCount: Int) { disk.withLock { $0.capacity = byteCount } }

    /// Restarts the machine: what was unsynced goes as `crash` says, open files are
    /// dead, locks gone.
    package func crash(_ crash: VirtualCrash, random: inout some RandomSource) {
        // Drawn outside of the lock, which takes no inout argument along.
        var generator = SplitMix64(seed: random.next())
        disk.withLock { $0.crash(crash, &generator) }
    }

    /// Ends the process, not the machine: open files are dead and locks gone; what was unsynced is
    /// still there, and still unsynced.
    package func kill() { disk.withLock { $0.kill() } }

    /// Flips the bits of `mask` in one byte, durably.
    package func flip(_ path: String, at offset: Int, mask: UInt8) throws(FileSystemError) {
        try disk.withLock { (disk) throws(FileSystemError) in
            try disk.flip(path, at: offset, mask: mask)
        }
    }

    /// A second machine whose disk is as this one's is now.
    package func copy() -> VirtualFileSystem {
        let now = disk.withLock { $0 }
        let other = VirtualFileSystem()
        other.disk.withLock { $0 = now }
        return other
    }

    // MARK: FileSystem

    package func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any File {
        let (number, epoch) = try disk.withLock { (disk) throws(FileSystemError) in
            (try disk.open(path, mode), disk.epoch)
        }
        return Handle(
            path: path, number: number, epoch: epoch, isWritable: mode != .readOnly, of: self)
    }

    package func list(_ directory: String) throws(FileSystemError) -> [String] {
        try disk.withLock { (disk) throws(FileSystemError) in try disk.list(directory) }
    }

    package func createDirectory(_ path: String) throws(FileSystemError) {
        try disk.withLock { (disk) throws(FileSystemError) in try disk.createDirectory(path) }
    }

    package func rename(_ path: String, to target: String) throws(FileSystemError) {
        try disk.withLock { (disk) throws(FileSystemError) in try disk.rename(path, to: target) }
    }

    package func remove(_ path: String) throws(FileSystemError) {
        try disk.withLock { (disk) throws(FileSystemError) in try disk.remove(path) }
    }

    package func exists(_ path: String) throws(FileSystemError) -> Bool {
        try disk.withLock { (disk) throws(FileSystemError) in try disk.exists(path) }
    }

    package func syncDirectory(_ path: String) throws(FileSystemError) {
        try disk.withLock { (disk) throws(FileSystemError) in try disk.syncDirectory(path) }
    }

    package func lock(_ path: String) throws(FileSystemError) -> any FileLock {
        let (key, epoch) = try disk.withLock { (disk) throws(FileSystemError) in
            (try disk.lock(path), disk.epoch)
        }
        return Lock(key: key, epoch: epoch, of: self)
    }

    package func freeByteCount(at path: String) throws(FileSystemError) -> UInt64 {
        UInt64(disk.withLock { $0.freeByteCount })
    }
}

extension VirtualFileSystem {
    private final class Lock: FileLock {
        private let key: String
        private let epoch: Int
        private let fileSystem: VirtualFileSystem
        private let isHeld = Mutex(true)

        init(key: String, epoch: Int, of fileSystem: VirtualFileSystem) {
            self.key = key
            self.epoch = epoch
            self.fileSystem = fileSystem
        }

        deinit { release() }

        func release() {
            let wasHeld = isHeld.withLock { isHeld in
                defer { isHeld = false }
                return isHeld
            }
            guard wasHeld else { return }
            fileSystem.disk.withLock { if $0.epoch == epoch { $0.unlock(key) } }
        }
    }

    private final class Handle: File {
        let path: String
        private let number: Int
        private let epoch: Int
        private let isWritable: Bool
        private let fileSystem: VirtualFileSystem
        private let isOpen = Mutex(true)

        init(
            path: String, number: Int, epoch: Int, isWritable: Bool,
            of fileSystem: VirtualFileSystem
        ) {
            self.path = path
            self.number = number
            self.epoch = epoch
            self.isWritable = isWritable
            self.fileSystem = fileSystem
        }

        deinit { close() }

        func read(
            into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
        ) throws(FileSystemError) -> Int {
            try fileSystem.disk.withLock { (disk) throws(FileSystemError) in
                try check(disk, .read)
                return disk.read(number, into: buffer, at: offset)
            }
        }

        func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws(FileSystemError) {
            try fileSystem.disk.withLock { (disk) throws(FileSystemError) in
                try check(disk, .write)
                try disk.write(number, path, buffer, at: offset)
            }
        }

        func preallocate(byteCount: UInt64) throws(FileSystemError) {
            try fileSystem.disk.withLock { (disk) throws(FileSystemError) in
                try check(disk, .preallocate)
                try disk.preallocate(number, path, byteCount)
            }
        }

        func truncate(byteCount: UInt64) throws(FileSystemError) {
            try fileSystem.disk.withLock { (disk) throws(FileSystemError) in
                try check(disk, .truncate)
                try disk.truncate(number, path, byteCount)
            }
        }

        func sync() throws(FileSystemError) {
            try fileSystem.disk.withLock { (disk) throws(FileSystemError) in
                try check(disk, .sync)
                try disk.sync(number, path)
            }
        }

        func byteCount() throws(FileSystemError) -> UInt64 {
            try fileSystem.disk.withLock { (disk) throws(FileSystemError) in
                try check(disk, .byteCount)
                return UInt64(disk.byteCount(number))
            }
        }

        func close() {
            let wasOpen = isOpen.withLock { isOpen in
                defer { isOpen = false }
                return isOpen
            }
            guard wasOpen else { return }
            fileSystem.disk.withLock { if $0.epoch == epoch { $0.close(number) } }
        }

        private func check(
            _ disk: borrowing VirtualDisk, _ operation: FileSystemError.Operation
        ) throws(FileSystemError) {
            try disk.checkRunning(operation, path)
            guard disk.epoch == epoch, isOpen.withLock({ $0 }) else {
                throw FileSystemError(.closed, operation, path, reason: "the file is closed")
            }
            let changes: Set<FileSystemError.Operation> = [.write, .preallocate, .truncate]
            guard isWritable || !changes.contains(operation) else {
                throw FileSystemError(
                    .permission, operation, path, reason: "the file was opened for reading")
            }
        }
    }
}
