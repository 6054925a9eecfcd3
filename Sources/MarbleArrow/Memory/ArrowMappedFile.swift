#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A file's bytes, mapped into memory: pages are read from the disk when they are looked at.
final class ArrowMappedFile: @unchecked Sendable {
    // Unchecked: the pointer makes the class non-sendable, but nobody writes to what it points to.
    private let base: UnsafeMutableRawPointer?
    private let count: Int

    init(path: String) throws(ArrowError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failed("opened", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failed("looked at", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ArrowError(
                .inputOutput, "\(path) can't be mapped into memory: it is no regular file")
        }
        count = Int(status.st_size)
        guard count > 0 else {
            base = nil
            return
        }
        let mapped = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard mapped != MAP_FAILED else { throw Self.failed("mapped into memory", path) }
        base = mapped
    }

    deinit {
        if let base { munmap(base, count) }
    }

    /// The bytes, which keep the mapping alive.
    var buffer: ArrowBuffer {
        ArrowBuffer(owner: self, bytes: UnsafeRawBufferPointer(start: base, count: count))
    }

    private static func failed(_ what: String, _ path: String) -> ArrowError {
        ArrowError(.inputOutput, "\(path) can't be \(what): \(String(cString: strerror(errno)))")
    }
}

extension ArrowBuffer {
    /// The bytes of a file, mapped into memory: nothing is read until it is looked at, and nothing
    /// is copied. Nobody may shorten the file meanwhile: looking at bytes that are gone ends the
    /// process. Throws `inputOutput` if the file can't be opened or isn't a regular one.
    public init(mappingFileAt path: String) throws(ArrowError) {
        self = try ArrowMappedFile(path: path).buffer
    }
}
