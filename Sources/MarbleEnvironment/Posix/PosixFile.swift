import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file of the operating system.
final class PosixFile: File {
    let path: String
    /// -1 once closed.
    private let descriptor: Atomic<Int32>

    init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = Atomic(descriptor)
    }

    deinit { close() }

    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(FileSystemError) -> Int {
        let descriptor = try openDescriptor(.read)
        var done = 0
        while done < buffer.count, let base = buffer.baseAddress {
            let position = try fileOffset(offset, plus: done, .read)
            let count = pread(descriptor, base + done, buffer.count - done, position)
            if count == 0 { break }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                throw .posix(.read, path)
            }
        }
        return done
    }

    func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws(FileSystemError) {
        let descriptor = try openDescriptor(.write)
        var done = 0
        while done < buffer.count, let base = buffer.baseAddress {
            let position = try fileOffset(offset, plus: done, .write)
            let count = pwrite(descriptor, base + done, buffer.count - done, position)
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw .posix(.write, path)
            }
        }
    }

    func preallocate(byteCount: UInt64) throws(FileSystemError) {
        let descriptor = try openDescriptor(.preallocate)
        let length = try fileOffset(byteCount, plus: 0, .preallocate)
        guard length > 0 else { return }
        #if canImport(Darwin)
            let present = try self.byteCount()
            guard present < byteCount else { return }
            var store = fstore_t(
                fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0,
                fst_length: off_t(byteCount - present), fst_bytesalloc: 0)
            guard fcntl(descriptor, F_PREALLOCATE, &store) == 0 else {
                throw .posix(.preallocate, path)
            }
            try truncate(byteCount: byteCount)
        #else
            while true {
                let status = posix_fallocate(descriptor, 0, length)
                if status == 0 { return }
                if status != EINTR { throw .posix(.preallocate, path, errorNumber: status) }
            }
        #endif
    }

    func truncate(byteCount: UInt64) throws(FileSystemError) {
        let descriptor = try openDescriptor(.truncate)
        let length = try fileOffset(byteCount, plus: 0, .truncate)
        while ftruncate(descriptor, length) != 0 {
            if errno != EINTR { throw .posix(.truncate, path) }
        }
    }

    func sync() throws(FileSystemError) {
        let descriptor = try openDescriptor(.sync)
        #if canImport(Darwin)
            // fsync on Darwin leaves the bytes in the drive's cache.
            guard fcntl(descriptor, F_FULLFSYNC) == 0 else { throw .posix(.sync, path) }
        #else
            guard fdatasync(descriptor) == 0 else { throw .posix(.sync, path) }
        #endif
    }

    func byteCount() throws(FileSystemError) -> UInt64 {
        let descriptor = try openDescriptor(.byteCount)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .posix(.byteCount, path) }
        return UInt64(max(status.st_size, 0))
    }

    func close() {
        let open = descriptor.exchange(-1, ordering: .acquiringAndReleasing)
        if open >= 0 { PosixFileSystem.closeDescriptor(open) }
    }

    private func openDescriptor(
        _ operation: FileSystemError.Operation
    ) throws(FileSystemError) -> Int32 {
        let open = descriptor.load(ordering: .relaxed)
        guard open >= 0 else {
            throw FileSystemError(.closed, operation, path, reason: "the file is closed")
        }
        return open
    }

    private func fileOffset(
        _ offset: UInt64, plus count: Int, _ operation: FileSystemError.Operation
    ) throws(FileSystemError) -> off_t {
        let (sum, overflow) = offset.addingReportingOverflow(UInt64(count))
        guard !overflow, let position = off_t(exactly: sum) else {
            throw FileSystemError(.io, operation, path, reason: "offset \(offset) is too large")
        }
        return position
    }
}
