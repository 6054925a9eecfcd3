import NIOCore

/// One record of a snapshot, read from its beginning to its end.
struct SnapshotRecord {
    let kind: SnapshotFormat.Record
    private var bytes: ByteBuffer

    init(kind: SnapshotFormat.Record, bytes: ByteBuffer) {
        self.kind = kind
        self.bytes = bytes
    }

    static func damaged(_ what: String) -> DatabaseError {
        DatabaseError(.dataLoss, "the snapshot is damaged: \(what); fetch it again")
    }

    /// How many bytes are left.
    var byteCount: Int {
        bytes.readableBytes
    }

    mutating func integer<Number: FixedWidthInteger>(
        _ type: Number.Type
    ) throws(DatabaseError) -> Number {
        guard let number = bytes.readInteger(endianness: .little, as: type) else {
            throw Self.damaged("a record ends too early")
        }
        return number
    }

    mutating func slice(_ byteCount: Int) throws(DatabaseError) -> ByteBuffer {
        guard let slice = bytes.readSlice(length: byteCount) else {
            throw Self.damaged("a record ends too early")
        }
        return slice
    }

    mutating func text() throws(DatabaseError) -> String {
        let slice = try slice(Int(try integer(UInt16.self)))
        guard let text = String(validating: slice.readableBytesView, as: UTF8.self) else {
            throw Self.damaged("a text in it is not UTF-8")
        }
        return text
    }

    mutating func rest() -> ByteBuffer {
        let rest = bytes
        bytes.moveReaderIndex(to: bytes.writerIndex)
        return rest
    }

    /// What follows a session's name.
    mutating func session() throws(DatabaseError) -> SessionTable.Session {
        var session = SessionTable.Session()
        session.usedIndex = try integer(UInt64.self)
        session.forgottenBelow = try integer(UInt64.self)
        let count = try integer(UInt32.self)
        for _ in 0..<count {
            let sequence = try integer(UInt64.self)
            if let last = session.outcomes.last, last.sequence >= sequence {
                throw Self.damaged("a session's sequences don't ascend")
            }
            let outcome: AppliedOutcome
            do throws(DatabaseError) {
                outcome = try AppliedOutcome(reading: &bytes)
            } catch {
                throw Self.damaged("a session has what is no outcome")
            }
            session.outcomes.append(.init(sequence: sequence, outcome: outcome))
        }
        return session
    }

    /// Throws if bytes are left.
    func finish() throws(DatabaseError) {
        guard bytes.readableBytes == 0 else { throw Self.damaged("a record is too long") }
    }
}
