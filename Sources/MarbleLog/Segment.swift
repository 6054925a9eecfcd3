/// A segment file, as the running log knows it.
struct Segment {
    let number: UInt64
    /// Through the end of the last batch.
    var byteCount: Int
    /// The file's length, what is preallocated included.
    var fileByteCount: Int
    /// Records of entries that are still in their group's log.
    var liveCount = 0
    var liveByteCount = 0

    mutating func add(_ location: EntryLocation) {
        liveCount += 1
        liveByteCount += location.recordByteCount
    }

    mutating func remove(_ location: EntryLocation) {
        liveCount -= 1
        liveByteCount -= location.recordByteCount
    }
}
