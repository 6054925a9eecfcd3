/// What went wrong with a file.
package struct FileSystemError: Error, Equatable, Sendable {
    package enum Code: String, Sendable {
        case notFound
        case exists
        case permission
        case noSpace
        case locked
        case isDirectory
        case notDirectory
        case tooManyOpenFiles
        case closed
        /// The file is larger than the caller is ready to read.
        case tooLarge
        /// The disk or the operating system failed, or a cause that has no code of its own.
        case io
    }

    package enum Operation: String, Sendable {
        case open, list, createDirectory, rename, remove, exists, syncDirectory, lock
        case freeByteCount, read, write, preallocate, truncate, sync, byteCount
    }

    package var code: Code
    package var operation: Operation
    package var path: String
    /// The operating system's words, or ours where it has none.
    package var reason: String
    /// The operating system's `errno`, or 0.
    package var errorNumber: Int32

    package init(
        _ code: Code, _ operation: Operation, _ path: String, reason: String,
        errorNumber: Int32 = 0
    ) {
        self.code = code
        self.operation = operation
        self.path = path
        self.reason = reason
        self.errorNumber = errorNumber
    }

    /// What happened, and what to do about it.
    package var message: String {
        let what = "\(operation.rawValue) \(path): \(reason)"
        guard let advice else { return what }
        return "\(what); \(advice)"
    }

    private var advice: String? {
        switch code {
        case .permission: "give this user access to it"
        case .noSpace: "free space on that disk"
        case .locked: "stop the other process, or use another directory"
        case .tooManyOpenFiles: "raise the limit of open files (ulimit -n)"
        case .notFound, .exists, .isDirectory, .notDirectory, .closed, .tooLarge, .io: nil
        }
    }
}

extension FileSystemError: CustomStringConvertible {
    package var description: String { message }
}
