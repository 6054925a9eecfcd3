/// Where a log lives, and how large its parts are.
package struct LogConfiguration: Sendable, Equatable {
    /// The largest payload that the format can carry.
    package static let recordByteCountLimit = 1 << 30

    /// The directory that holds the segments. Created when missing; nothing else may live in it.
    package var directory: String
    /// Whose log this is, for example a hash of cluster and node; it is written into every
    /// segment, and a segment of another identity is refused.
    package var identity: UInt64
    /// The size that a segment is preallocated to, and past which the next one begins. A batch is
    /// never split: one that is larger lengthens its segment.
    package var segmentByteCount: Int
    /// The largest payload of an entry.
    package var maxRecordByteCount: Int
    /// Bytes of memory that the write buffer keeps between two batches.
    package var bufferByteCountKept: Int

    package init(
        directory: String, identity: UInt64 = 0, segmentByteCount: Int = 64 << 20,
        maxRecordByteCount: Int = 65 << 20, bufferByteCountKept: Int = 4 << 20
    ) {
        self.directory = directory
        self.identity = identity
        self.segmentByteCount = segmentByteCount
        self.maxRecordByteCount = maxRecordByteCount
        self.bufferByteCountKept = bufferByteCountKept
    }

    func check() throws(LogError) {
        guard segmentByteCount >= 4096, segmentByteCount <= 1 << 40 else {
            throw LogError(
                .misuse, "segmentByteCount is \(segmentByteCount); give 4096 to 2^40 bytes")
        }
        guard maxRecordByteCount >= 1, maxRecordByteCount <= Self.recordByteCountLimit else {
            throw LogError(
                .misuse,
                "maxRecordByteCount is \(maxRecordByteCount); give 1 to \(Self.recordByteCountLimit)"
            )
        }
        guard bufferByteCountKept >= 0 else {
            throw LogError(.misuse, "bufferByteCountKept is \(bufferByteCountKept); give 0 or more")
        }
    }
}
