/// The bytes of a snapshot's chunks, as `docs/formats/snapshot.md` describes them.
///
/// A snapshot is a sequence of records; a record fills one chunk, or, where it is longer than a chunk
/// may be, several.
enum SnapshotFormat {
    /// What a record says.
    enum Record: UInt8 {
        case header = 1
        case table = 2
        case rows = 3
        case sessions = 4
        case end = 5
    }

    static let magic: UInt64 = 0x4244_454C_4252_414D  // "MARBLEDB"
    static let version: UInt32 = 1
    /// Every chunk begins with so many bytes: the record's kind, whether the next chunk goes on with it
    /// (0 or 1), and zeroes.
    static let chunkPrefixByteCount = 8
    /// How many bytes a chunk has at most.
    static let chunkByteCountMax = 4 << 20
    /// How many bytes a record may have that was put together of several chunks.
    static let recordByteCountMax = 1 << 30
    /// A sessions record is ended once it has so many bytes.
    static let sessionsByteCount = 1 << 20
}
