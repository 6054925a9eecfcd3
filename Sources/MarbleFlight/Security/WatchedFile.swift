#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Files with secrets and certificates: read whole, and told apart from what they were before. Blocking.
package enum WatchedFile {
    /// What changes when a file is written or replaced; of a file that isn't there, all zeros.
    package struct Stamp: Equatable, Sendable {
        var device: UInt64 = 0
        var inode: UInt64 = 0
        var byteCount: Int64 = 0
        var seconds: Int = 0
        var nanoseconds: Int = 0
    }

    package static func stamp(_ path: String) -> Stamp {
        var status = stat()
        guard stat(path, &status) == 0 else { return Stamp() }
        #if canImport(Darwin)
            let modified = status.st_mtimespec
        #else
            let modified = status.st_mtim
        #endif
        return Stamp(
            device: UInt64(truncatingIfNeeded: status.st_dev),
            inode: UInt64(truncatingIfNeeded: status.st_ino), byteCount: Int64(status.st_size),
            seconds: modified.tv_sec, nanoseconds: modified.tv_nsec)
    }

    /// - Throws: ``FlightError`` that names the file, and says why it can't be read.
    package static func read(_ path: String, byteCountMax: Int) throws(FlightError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            #if canImport(Glibc)
                let count = Glibc.read(descriptor, &part, part.count)
            #elseif canImport(Musl)
                let count = Musl.read(descriptor, &part, part.count)
            #elseif canImport(Darwin)
                let count = Darwin.read(descriptor, &part, part.count)
            #endif
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw failure(path)
            }
            bytes.append(contentsOf: part[..<count])
            guard bytes.count <= byteCountMax else {
                throw FlightError(
                    .failedPrecondition,
                    "\(path) has more than \(byteCountMax) bytes; check the path")
            }
        }
    }

    private static func failure(_ path: String) -> FlightError {
        FlightError(
            .failedPrecondition,
            "\(path) can't be read: \(String(cString: strerror(errno))); check the path and the"
                + " permissions")
    }
}
