#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The operating system's files.
package struct PosixFileSystem: FileSystem {
    package init() {}

    package func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any File {
        let descriptor = try Self.openDescriptor(path, mode, operation: .open)
        return PosixFile(path: path, descriptor: descriptor)
    }

    package func list(_ directory: String) throws(FileSystemError) -> [String] {
        guard let stream = opendir(directory) else { throw .posix(.list, directory) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                let capacity = MemoryLayout.size(ofValue: pointer.pointee)
                return pointer.withMemoryRebound(to: CChar.self, capacity: capacity) {
                    String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw .posix(.list, directory) }
        return names.sorted()
    }

    package func createDirectory(_ path: String) throws(FileSystemError) {
        let directory = FilePaths.normalized(path)
        let parent = FilePaths.parent(of: directory)
        if try isDirectory(directory) {
            // A process may have ended between creating it and this. Where the parent can't be
            // opened, it is somebody else's, who made the directory for us.
            try? syncDirectory(parent)
            return
        }
        if parent != directory { try createDirectory(parent) }
        if mkdir(directory, 0o755) != 0 {
            let failure = FileSystemError.posix(.createDirectory, directory)
            if failure.code == .exists {
                guard try isDirectory(directory) else {
                    throw FileSystemError(
                        .notDirectory, .createDirectory, directory,
                        reason: "a file of that name is there")
                }
                return
            }
            throw failure
        }
        try syncDirectory(parent)
    }

    package func rename(_ path: String, to target: String) throws(FileSystemError) {
        #if canImport(Glibc)
            let status = Glibc.rename(path, target)
        #elseif canImport(Musl)
            let status = Musl.rename(path, target)
        #else
            let status = Darwin.rename(path, target)
        #endif
        guard status == 0 else { throw .posix(.rename, "\(path) to \(target)") }
    }

    package func remove(_ path: String) throws(FileSystemError) {
        if unlink(path) == 0 { return }
        let failure = FileSystemError.posix(.remove, path)
        // Linux says EISDIR, POSIX and Darwin EPERM, for a directory.
        guard failure.code == .isDirectory || failure.code == .permission else { throw failure }
        if rmdir(path) == 0 { return }
        let directoryFailure = FileSystemError.posix(.remove, path)
        throw directoryFailure.code == .notDirectory ? failure : directoryFailure
    }

    package func exists(_ path: String) throws(FileSystemError) -> Bool {
        var status = stat()
        if stat(path, &status) == 0 { return true }
        let failure = FileSystemError.posix(.exists, path)
        if failure.code == .notFound { return false }
        throw failure
    }

    package func syncDirectory(_ path: String) throws(FileSystemError) {
        let descriptor = try Self.openDescriptor(path, .readOnly, operation: .syncDirectory)
        defer { Self.closeDescriptor(descriptor) }
        guard fsync(descriptor) == 0 else { throw .posix(.syncDirectory, path) }
    }

    package func lock(_ path: String) throws(FileSystemError) -> any FileLock {
        let descriptor = try Self.openDescriptor(path, .create, operation: .lock)
        let file = PosixFile(path: path, descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let failure = FileSystemError.posix(.lock, path)
            guard failure.errorNumber == EWOULDBLOCK else { throw failure }
            let holder = Self.holder(of: file)
            throw FileSystemError(
                .locked, .lock, path, reason: "in use by \(holder)",
                errorNumber: failure.errorNumber)
        }
        // The number is only for the message above; the lock itself is the kernel's.
        let identity = Array("\(getpid())\n".utf8)
        try file.truncate(byteCount: 0)
        try identity.withUnsafeBufferPointer { (buffer) throws(FileSystemError) in
            try file.write(UnsafeRawBufferPointer(buffer), at: 0)
        }
        return PosixFileLock(file: file)
    }

    package func freeByteCount(at path: String) throws(FileSystemError) -> UInt64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw .posix(.freeByteCount, path) }
        return UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
            .partialValue
    }

    private func isDirectory(_ path: String) throws(FileSystemError) -> Bool {
        var status = stat()
        if stat(path, &status) == 0 { return status.st_mode & S_IFMT == S_IFDIR }
        let failure = FileSystemError.posix(.createDirectory, path)
        if failure.code == .notFound { return false }
        throw failure
    }

    private static func openDescriptor(
        _ path: String, _ mode: FileOpenMode, operation: FileSystemError.Operation
    ) throws(FileSystemError) -> Int32 {
        let flags =
            switch mode {
            case .readOnly: O_RDONLY | O_CLOEXEC
            case .readWrite: O_RDWR | O_CLOEXEC
            case .create: O_RDWR | O_CREAT | O_CLOEXEC
            }
        while true {
            #if canImport(Glibc)
                let descriptor = Glibc.open(path, flags, 0o644)
            #elseif canImport(Musl)
                let descriptor = Musl.open(path, flags, 0o644)
            #else
                let descriptor = Darwin.open(path, flags, 0o644)
            #endif
            if descriptor >= 0 { return descriptor }
            if errno != EINTR { throw .posix(operation, path) }
        }
    }

    static func closeDescriptor(_ descriptor: Int32) {
        #if canImport(Glibc)
            _ = Glibc.close(descriptor)
        #elseif canImport(Musl)
            _ = Musl.close(descriptor)
        #else
            _ = Darwin.close(descriptor)
        #endif
    }

    private static func holder(of file: PosixFile) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = bytes.withUnsafeMutableBufferPointer {
            try? file.read(into: UnsafeMutableRawBufferPointer($0), at: 0)
        }
        let digits = bytes.prefix(count ?? 0).prefix { (48...57).contains($0) }
        guard !digits.isEmpty else { return "another process" }
        return "process \(String(decoding: digits, as: UTF8.self))"
    }
}

/// A lock that the kernel drops with the file's last descriptor.
private final class PosixFileLock: FileLock {
    private let file: PosixFile

    init(file: PosixFile) { self.file = file }

    func release() { file.close() }
}
