package import MarbleEnvironment

/// What went wrong with a log.
package struct LogError: Error, Sendable {
    package enum Code: String, Sendable {
        /// Bytes that had been synced aren't what was written. Never repaired silently: the node
        /// must be repaired from its peers.
        case damaged
        /// A write or sync failed. The log is poisoned.
        case ioFailure
        /// No space on the disk. Nothing is lost and nothing is poisoned: free space and go on.
        case noSpace
        /// The caller broke the contract; the log is as it was.
        case misuse
        /// The payload is larger than the configuration allows; the log is as it was.
        case entryTooLarge
        /// The entry asked for was compacted away, or isn't there yet.
        case notInLog
        /// Another process has the log.
        case locked
        /// The segments belong to another cluster or node.
        case foreignLog
        /// The segments have a version of the format that this program doesn't know.
        case unsupportedVersion
        /// An earlier failure; the log takes no more calls.
        case poisoned
        /// `close()` was called.
        case closed
    }

    package var code: Code
    /// What happened, to which file, offset and index, and what to do.
    package var message: String
    package var cause: FileSystemError?

    package init(_ code: Code, _ message: String, cause: FileSystemError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    init(_ error: FileSystemError) {
        let code: Code =
            switch error.code {
            case .noSpace: .noSpace
            case .locked: .locked
            case .notFound, .exists, .permission, .isDirectory, .notDirectory, .tooManyOpenFiles,
                .closed, .tooLarge, .io:
                .ioFailure
            }
        self.init(code, "log: \(error.message)", cause: error)
    }

    static func damaged(
        _ path: String, at offset: Int, _ what: String, group: UInt64? = nil, index: UInt64? = nil
    ) -> LogError {
        var place = "\(path) is damaged at offset \(offset)"
        if let group { place += " (group \(group)" + (index.map { ", index \($0))" } ?? ")") }
        return LogError(
            .damaged,
            "\(place): \(what); bytes that were durable have changed, so this node must not vote: "
                + "remove its data directory and add it again, to be filled by its peers")
    }
}

extension LogError: CustomStringConvertible {
    package var description: String { "\(code.rawValue): \(message)" }
}
