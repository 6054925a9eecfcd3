/// The first bytes of a segment.
struct SegmentHeader: Equatable {
    var number: UInt64
    var identity: UInt64
    /// The sequence number of the first batch.
    var firstSequence: UInt64
    /// Where the last batch of the segment before ended; 0 for the first segment.
    var previousEnd: UInt64
    /// The chain's value there, which seeds this segment's first record.
    var chainSeed: UInt32
    /// The bytes that were durable before the segment got its name.
    var sealedByteCount: UInt64

    func encode(to target: UnsafeMutableRawPointer) {
        target.store(LogFormat.segmentMagic, at: 0)
        target.store(LogFormat.version, at: 8)
        target.store(number, at: 16)
        target.store(identity, at: 24)
        target.store(firstSequence, at: 32)
        target.store(previousEnd, at: 40)
        target.store(chainSeed, at: 48)
        target.store(UInt32(0), at: 52)
        target.store(sealedByteCount, at: 56)
        let bytes = UnsafeRawBufferPointer(start: target, count: LogFormat.segmentHeaderByteCount)
        target.store(Self.checksum(bytes), at: 12)
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        let start = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[0..<12]))
        return CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[16..<64]), continuing: start)
    }

    /// Reads and checks the header of a segment that has its name, and so has been synced.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, path: String, number: UInt64, identity: UInt64
    ) throws(LogError) -> SegmentHeader {
        guard bytes.count >= LogFormat.segmentHeaderByteCount else {
            throw .damaged(path, at: bytes.count, "the file ends inside the segment's header")
        }
        guard bytes.word64(0) == LogFormat.segmentMagic else {
            throw .damaged(path, at: 0, "it doesn't begin as a segment of a log")
        }
        guard bytes.word32(12) == checksum(bytes) else {
            throw .damaged(path, at: 0, "the checksum of the segment's header doesn't fit")
        }
        guard bytes.word32(8) == LogFormat.version else {
            throw LogError(
                .unsupportedVersion,
                "\(path) has version \(bytes.word32(8)) of the log's format, and this program knows "
                    + "version \(LogFormat.version); use the program that wrote it, or a later one")
        }
        let header = SegmentHeader(
            number: bytes.word64(16), identity: bytes.word64(24), firstSequence: bytes.word64(32),
            previousEnd: bytes.word64(40), chainSeed: bytes.word32(48),
            sealedByteCount: bytes.word64(56))
        guard header.identity == identity else {
            throw LogError(
                .foreignLog,
                "\(path) belongs to the log \(String(header.identity, radix: 16)), not to "
                    + "\(String(identity, radix: 16)), which this node keeps; "
                    + "give the node its own data directory")
        }
        guard header.number == number else {
            throw .damaged(path, at: 16, "it is segment \(header.number) under another's name")
        }
        return header
    }
}
