extension FileSystem {
    /// Reads a whole file.
    /// - Parameter byteCountMax: a longer file is refused (`.tooLarge`) before anything is allocated.
    package func readAll(
        _ path: String, byteCountMax: Int = 1 << 30
    ) throws(FileSystemError) -> [UInt8] {
        let file = try open(path, .readOnly)
        defer { file.close() }
        let byteCount = try file.byteCount()
        guard byteCount <= UInt64(max(byteCountMax, 0)) else {
            throw FileSystemError(
                .tooLarge, .read, path,
                reason: "\(byteCount) bytes, at most \(byteCountMax) are read at once")
        }
        var bytes = [UInt8](repeating: 0, count: Int(byteCount))
        let readCount = try bytes.withUnsafeMutableBufferPointer {
            (buffer) throws(FileSystemError) in
            try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
        }
        bytes.removeLast(bytes.count - readCount)
        return bytes
    }

    /// Puts a file in place durably, so that a crash leaves either what was there or all of `bytes`:
    /// writes a temporary file beside it, syncs, renames, syncs the directory.
    package func writeFileAtomically(_ path: String, _ bytes: [UInt8]) throws(FileSystemError) {
        let temporaryPath = path + ".tmp"
        let file = try open(temporaryPath, .create)
        defer { file.close() }
        try file.truncate(byteCount: 0)
        try bytes.withUnsafeBufferPointer { (buffer) throws(FileSystemError) in
            try file.write(UnsafeRawBufferPointer(buffer), at: 0)
        }
        try file.sync()
        try rename(temporaryPath, to: path)
        try syncDirectory(FilePaths.parent(of: path))
    }
}
