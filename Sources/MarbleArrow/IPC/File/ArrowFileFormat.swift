/// The names and numbers of the file format that reader and writer share (Arrow columnar format,
/// "IPC File Format"; File.fbs).
enum ArrowFileFormat {
    /// Begins and ends a file.
    static let magic: [UInt8] = Array("ARROW1".utf8)
    /// Bytes at the beginning: the magic, padded to 8.
    static let headByteCount = 8
    /// Bytes at the end: the footer's size (int32) and the magic.
    static let tailByteCount = 10

    enum FooterSlot {
        static let version = 0
        static let schema = 1
        static let dictionaries = 2
        static let recordBatches = 3
        static let metadata = 4
    }

    /// Block {offset: int64, metaDataLength: int32, 4 bytes of padding, bodyLength: int64}
    static let blockByteCount = 24
}

/// Where a message lies in a file.
struct ArrowFileBlock {
    /// Where the message begins, counted from the file's beginning.
    var offset: Int64
    /// How many bytes its metadata has, with the continuation marker, the size and padding.
    var metadataByteCount: Int32
    /// How many bytes its body has.
    var bodyByteCount: Int64
}
