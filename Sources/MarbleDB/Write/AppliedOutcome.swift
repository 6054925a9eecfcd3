import MarbleRaft
import NIOCore

/// The outcome of an applied entry, as it is remembered by sessions and handed to the proposer.
///
/// Bytes, little-endian: 0 = applied or 1 = refused, the error's code, the message's byte count
/// (16 bits), the row count (32 bits), index, term (64 bits each), the message.
struct AppliedOutcome: Sendable, Equatable {
    static let fixedByteCount = 24
    static let messageByteCountMax = 512

    struct Failure: Sendable, Equatable {
        var code: DatabaseError.Code
        var message: String
    }

    var index: RaftIndex
    var term: RaftTerm
    var rowCount: Int
    var failure: Failure?

    var outcome: WriteOutcome {
        if let failure { return .failed(DatabaseError(failure.code, failure.message)) }
        return .done(WriteReceipt(index: index, term: term, rowCount: rowCount))
    }

    init(index: RaftIndex, term: RaftTerm, rowCount: Int) {
        self.index = index
        self.term = term
        self.rowCount = rowCount
    }

    init(index: RaftIndex, term: RaftTerm, error: DatabaseError) {
        self.init(index: index, term: term, rowCount: 0)
        failure = Failure(code: error.code, message: Self.shortened(error.message))
    }

    /// The text, cut before a character that would take it over the limit.
    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > messageByteCountMax else { return text }
        var result = ""
        for character in text {
            guard result.utf8.count + character.utf8.count <= messageByteCountMax else { break }
            result.append(character)
        }
        return result
    }

    func write(to buffer: inout ByteBuffer) {
        let message = failure?.message ?? ""
        buffer.writeMultipleIntegers(
            UInt8(failure == nil ? 0 : 1), failure?.code.rawValue ?? 0,
            UInt16(message.utf8.count), UInt32(rowCount), index, term, endianness: .little)
        if failure != nil { buffer.writeString(message) }
    }

    /// Reads an outcome, and leaves what follows it.
    init(reading buffer: inout ByteBuffer) throws(DatabaseError) {
        let malformed = DatabaseError(.internalError, "the bytes are no outcome of a command")
        guard
            let (kind, code, messageByteCount, rowCount, index, term) =
                buffer.readMultipleIntegers(
                    endianness: .little, as: (UInt8, UInt8, UInt16, UInt32, UInt64, UInt64).self),
            let message = buffer.readSlice(length: Int(messageByteCount))
        else { throw malformed }
        self.init(index: index, term: term, rowCount: Int(rowCount))
        switch kind {
        case 0:
            guard messageByteCount == 0 && code == 0 else { throw malformed }
        case 1:
            guard let code = DatabaseError.Code(rawValue: code),
                let text = String(validating: message.readableBytesView, as: UTF8.self)
            else { throw malformed }
            failure = Failure(code: code, message: text)
        default: throw malformed
        }
    }
}
