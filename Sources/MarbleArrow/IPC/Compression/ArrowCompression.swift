/// How the buffers of record batches are compressed when they are written (Message.fbs,
/// BodyCompression). Readers see from each message what it needs, so there is nothing to tell them.
public enum ArrowCompression: Sendable, Hashable {
    /// Buffers are written as they are, and read without a copy.
    case none
    /// LZ4 frames: fast, to about half of the size.
    case lz4
    /// Zstandard frames: smaller and slower. Level 1 is what other Arrow writers take; a level that
    /// Zstandard doesn't have is replaced by the nearest one that it has.
    case zstd(level: Int)

    /// Zstandard at level 1.
    public static let zstd = ArrowCompression.zstd(level: 1)

    /// What a message says about it; nil if it says nothing.
    public var codec: ArrowCompressionCodec? {
        switch self {
        case .none: nil
        case .lz4: .lz4Frame
        case .zstd: .zstd
        }
    }
}

/// What the buffers of a message are compressed with (Message.fbs, CompressionType).
public enum ArrowCompressionCodec: UInt8, Sendable, Hashable, CustomStringConvertible {
    case lz4Frame = 0
    case zstd = 1

    /// So many bytes at most can come out of one byte that goes in. An LZ4 sequence's length grows
    /// by 255 a byte; a Zstandard block takes 4 bytes at least and holds 128 KiB at most.
    var expansionMax: Int {
        switch self {
        case .lz4Frame: 255
        case .zstd: 32_768
        }
    }

    public var description: String {
        switch self {
        case .lz4Frame: "LZ4"
        case .zstd: "Zstandard"
        }
    }
}
