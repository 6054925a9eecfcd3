/// The fixed part of a record.
struct LogRecord: Equatable {
    var type: LogRecordType
    var kind: UInt8
    var group: UInt64
    var index: UInt64
    var term: UInt64
    var payloadByteCount: Int

    /// Header, payload, and zeros.
    var byteCount: Int { LogFormat.recordHeaderByteCount + LogFormat.padded(payloadByteCount) }

    /// Writes the record, and advances the chain over it. `target` has room for `byteCount`.
    @inline(__always)
    func encode(
        to target: UnsafeMutableRawPointer, payload: UnsafeRawBufferPointer, chain: inout UInt32
    ) {
        target.store(UInt32(truncatingIfNeeded: payloadByteCount), at: 8)
        target.store(UInt32(type.rawValue) | UInt32(kind) << 8, at: 12)
        target.store(group, at: 16)
        target.store(index, at: 24)
        target.store(term, at: 32)
        let body = target + LogFormat.recordHeaderByteCount
        if let start = payload.baseAddress, payloadByteCount > 0 {
            let tail = LogFormat.padded(payloadByteCount)
            // The last word first: the payload then covers all of it but the zeros.
            body.store(UInt64(0), at: tail - 8)
            body.copyMemory(from: start, byteCount: payloadByteCount)
        }
        let crc = CRC32C.checksum(
            target + 8, byteCount: LogFormat.recordHeaderByteCount - 8 + payloadByteCount)
        chain = CRC32C.checksum(of: crc, continuing: chain)
        target.store(chain, at: 0)
        target.store(crc, at: 4)
    }

    /// Why bytes aren't a record.
    struct Fault: Error, Equatable {
        var reason: String
        /// What the bytes claim to be, where that can be told.
        var group: UInt64?
        var index: UInt64?
    }

    /// Reads and checks the record at `offset`, all but its place in the chain.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, end: Int
    ) throws(Fault) -> LogRecord {
        guard offset >= 0, end <= bytes.count,
            end - offset >= LogFormat.recordHeaderByteCount
        else { throw Fault(reason: "a record's header is cut off") }
        let payloadByteCount = Int(bytes.word32(offset + 8))
        let tag = bytes.word32(offset + 12)
        let group = bytes.word64(offset + 16)
        let index = bytes.word64(offset + 24)
        let room = end - offset - LogFormat.recordHeaderByteCount
        guard LogFormat.padded(payloadByteCount) <= room else {
            throw Fault(
                reason: "a record claims \(payloadByteCount) bytes where \(room) are left",
                group: group, index: index)
        }
        let payloadEnd = offset + LogFormat.recordHeaderByteCount + payloadByteCount
        let covered = UnsafeRawBufferPointer(rebasing: bytes[offset + 8..<payloadEnd])
        guard bytes.word32(offset + 4) == CRC32C.checksum(covered) else {
            throw Fault(
                reason: "the checksum of a record doesn't fit", group: group, index: index)
        }
        guard let type = LogRecordType(rawValue: UInt8(truncatingIfNeeded: tag)), tag >> 16 == 0
        else {
            throw Fault(
                reason: "a record has the unknown type \(tag)", group: group, index: index)
        }
        let recordEnd =
            offset + LogFormat.recordHeaderByteCount
            + LogFormat.padded(payloadByteCount)
        guard bytes[payloadEnd..<recordEnd].allSatisfy({ $0 == 0 }) else {
            throw Fault(
                reason: "the bytes after a record aren't zero", group: group, index: index)
        }
        return LogRecord(
            type: type, kind: UInt8(truncatingIfNeeded: tag >> 8), group: group, index: index,
            term: bytes.word64(offset + 32), payloadByteCount: payloadByteCount)
    }
}
