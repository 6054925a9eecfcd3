#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension FileSystemError {
    /// The error that `errno` tells of, right after the call that failed.
    static func posix(_ operation: Operation, _ path: String) -> FileSystemError {
        posix(operation, path, errorNumber: errno)
    }

    static func posix(
        _ operation: Operation, _ path: String, errorNumber: Int32
    ) -> FileSystemError {
        var text = [CChar](repeating: 0, count: 256)
        // Thread-safe, unlike strerror; on failure the number says enough.
        let status = strerror_r(errorNumber, &text, text.count)
        let end = text.firstIndex(of: 0) ?? text.count
        let bytes = text[..<end].map { UInt8(bitPattern: $0) }
        let reason =
            status == 0 && end > 0
            ? String(decoding: bytes, as: UTF8.self) : "error \(errorNumber)"
        return FileSystemError(
            code(of: errorNumber), operation, path, reason: reason, errorNumber: errorNumber)
    }

    private static func code(of errorNumber: Int32) -> Code {
        switch errorNumber {
        case ENOENT: .notFound
        case EEXIST, ENOTEMPTY: .exists
        case EACCES, EPERM, EROFS: .permission
        case ENOSPC, EDQUOT: .noSpace
        case EISDIR: .isDirectory
        case ENOTDIR: .notDirectory
        case EMFILE, ENFILE: .tooManyOpenFiles
        default: .io
        }
    }
}
