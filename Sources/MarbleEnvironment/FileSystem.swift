/// The port to files. Every call blocks until it is done; callers own a thread for that.
///
/// Nothing that a call changed is durable until `File.sync()` (contents) and
/// `syncDirectory(_:)` (names) say so. Paths are absolute or relative to the working directory.
package protocol FileSystem: Sendable {
    /// Opens a file. `.create` makes it where it is missing, and leaves what is there as it is.
    func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any File

    /// The names in a directory (neither "." nor ".."), sorted.
    func list(_ directory: String) throws(FileSystemError) -> [String]

    /// Creates a directory and all its missing parents, durably. One that exists is fine.
    func createDirectory(_ path: String) throws(FileSystemError)

    /// Gives a file another name, and replaces in one step what had that name.
    func rename(_ path: String, to target: String) throws(FileSystemError)

    /// Removes a file or an empty directory.
    func remove(_ path: String) throws(FileSystemError)

    /// Whether there is a file or directory of that name.
    func exists(_ path: String) throws(FileSystemError) -> Bool

    /// Makes the creations, renames and removals in a directory durable.
    func syncDirectory(_ path: String) throws(FileSystemError)

    /// Takes a lock that one owner on this machine can have, and that ends with the owner's process.
    /// - Throws: `.locked`, with what is known of the holder, when somebody else has it.
    func lock(_ path: String) throws(FileSystemError) -> any FileLock

    /// The bytes that can still be allocated where `path` lies.
    func freeByteCount(at path: String) throws(FileSystemError) -> UInt64
}

/// How a file is opened.
package enum FileOpenMode: Sendable, Equatable {
    /// The file must exist; writing to it is an error.
    case readOnly
    /// The file must exist.
    case readWrite
    /// Created when missing, else as `readWrite`.
    case create
}

/// An open file. Closed by `close()`, or when the last reference goes.
package protocol File: AnyObject, Sendable {
    var path: String { get }

    /// Reads until the buffer is full or the file ends.
    /// - Returns: the bytes read; fewer than the buffer holds only at the end of the file.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(FileSystemError) -> Int

    /// Writes the whole buffer, and lengthens the file where it must.
    /// After an error any part of it may have been written.
    func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws(FileSystemError)

    /// Reserves space on the disk for the first `byteCount` bytes; a shorter file is lengthened
    /// with zeros. After `.noSpace` what the file held before is unharmed.
    func preallocate(byteCount: UInt64) throws(FileSystemError)

    /// Cuts or lengthens (with zeros) the file.
    func truncate(byteCount: UInt64) throws(FileSystemError)

    /// Makes contents and length durable. After an error nothing is known about what has been
    /// written since the last success, and a second try would prove nothing.
    func sync() throws(FileSystemError)

    func byteCount() throws(FileSystemError) -> UInt64

    /// Closes the file; later calls fail. Closing twice is fine.
    func close()
}

/// A held lock. Ends with `release()`, or when the last reference goes.
package protocol FileLock: AnyObject, Sendable {
    func release()
}
