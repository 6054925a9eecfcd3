/// How closely a record batch is looked at when it is decoded.
public enum ArrowValidation: Sendable, Hashable {
    /// Everything that the format demands of values, too: each offset, UTF-8, the number of nulls.
    /// For bytes from outside.
    case full
    /// Counts, that every buffer lies in the body and is large enough, and row by row what points into
    /// items, fields, dictionaries and the buffers of views. Not the offsets of text and binary, UTF-8,
    /// and bitmaps whose number of nulls is given. For bytes that have been checked in full before and
    /// are protected by a checksum since. Nothing is ever read outside of the buffers, but reading text
    /// or binary behind a bad offset traps.
    case structure
}

/// Limits on what is accepted from outside.
public enum ArrowLimits {
    /// The most columns that a schema may have, nested ones included.
    public static let columnCountMax = 16_384
    /// How deep types may be nested: a list of integers is two deep.
    public static let nestingDepthMax = 64
    /// The most rows that a record batch may have. Buffers are checked against their rows, but rows
    /// of a batch without columns cost nothing to claim.
    public static let rowCountMax = Int(Int32.max)
    /// The most bytes that the metadata of a message may have.
    public static let metadataByteCountMax = 16 << 20
    /// The most bytes that the body of a compressed message may have once it is decompressed, where
    /// the caller says nothing else.
    public static let uncompressedByteCountMax = 1 << 30
}
