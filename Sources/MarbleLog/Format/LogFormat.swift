/// The constants that writer and reader of a segment share; the grammar is in
/// `docs/formats/log.md`. All numbers are little-endian, all parts begin at multiples of 8.
enum LogFormat {
    static let segmentMagic: UInt64 = 0x474C_454C_4252_414D  // "MARBLELG"
    static let batchMagic: UInt32 = 0x5441_424D  // "MBAT"
    static let version: UInt32 = 1

    static let segmentHeaderByteCount = 64
    static let batchHeaderByteCount = 48
    static let recordHeaderByteCount = 40

    static let lockName = "LOCK"
    static let spareName = "spare"
    static let segmentSuffix = ".segment"
    /// More than any segment has; a file that claims more isn't read into memory.
    static let segmentByteCountLimit: UInt64 = 16 << 30

    /// The bytes that a payload takes, with the zeros after it.
    @inline(__always)
    static func padded(_ byteCount: Int) -> Int { (byteCount + 7) & ~7 }

    static func segmentName(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits + segmentSuffix
    }

    /// The number in a segment's name; nil for other files.
    static func segmentNumber(_ name: String) -> UInt64? {
        guard name.hasSuffix(segmentSuffix) else { return nil }
        let digits = name.dropLast(segmentSuffix.count)
        guard let number = UInt64(digits, radix: 16), segmentName(number) == name else {
            return nil
        }
        return number
    }

    /// Seeds the checksums of a segment's batch headers, so that one from another segment or
    /// another log doesn't fit.
    static func salt(identity: UInt64, segment: UInt64) -> UInt32 {
        CRC32C.checksum(of: segment, continuing: CRC32C.checksum(of: identity))
    }
}

/// What a record says. The fields that a type doesn't use are 0.
enum LogRecordType: UInt8 {
    /// `index`, `term`, `kind`, payload: the group's next entry.
    case entry = 1
    /// The same, of an entry that is in the log already: it was copied forward.
    case copiedEntry = 2
    /// `term`, `index` = the vote, `kind` = 1 when there is one.
    case hardState = 3
    /// Entries from `index` on are gone.
    case truncate = 4
    /// Entries through `index`, which had `term`, are gone.
    case compact = 5
    /// `LogGroupState`, at the head of a segment.
    case groupState = 6
}

extension UnsafeRawBufferPointer {
    /// The caller has checked that the number lies inside.
    @inline(__always)
    func word32(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @inline(__always)
    func word64(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

extension UnsafeMutableRawPointer {
    @inline(__always)
    func store(_ value: UInt32, at offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
    }

    @inline(__always)
    func store(_ value: UInt64, at offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
}
