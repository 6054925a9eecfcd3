import MarbleJSON
import NIOCore

/// What a batch's `app_metadata` asks for.
struct WriteOptions: Sendable {
    var operation = CommandOperation.upsert
    /// nil if the batch is not part of an exactly-once session.
    var session: String?
    var sequence: UInt64 = 0

    init() {}

    /// Reads `{"operation": "upsert" | "insert" | "delete", "session": "…", "sequence": n}`.
    init(appMetadata: ByteBuffer) throws(DatabaseError) {
        do {
            try self.init(json: appMetadata)
        } catch {
            throw DatabaseError(reading: error)
        }
    }

    private init(json appMetadata: ByteBuffer) throws {
        let subject = "app_metadata"
        let json = try JSONValue(parsing: appMetadata, subject: subject)
        var members = try JSONObjectReader(json, subject: subject)
        switch try members.string("operation") {
        case nil, "upsert": operation = .upsert
        case "insert": operation = .insert
        case "delete": operation = .delete
        case .some(let other):
            throw DatabaseError(
                .invalidArgument,
                "app_metadata has the unknown operation \(JSONValue.quoted(other)); "
                    + "it may be upsert, insert or delete")
        }
        session = try members.string("session")
        let sequence = try members.count("sequence")
        try members.finish()
        guard (session == nil) == (sequence == nil) else {
            throw DatabaseError(
                .invalidArgument,
                "app_metadata must have both \"session\" and \"sequence\", or neither")
        }
        self.sequence = UInt64(sequence ?? 0)
        if let session {
            let byteCount = session.utf8.count
            guard (1...CommandFormat.sessionByteCountMax).contains(byteCount) else {
                throw DatabaseError(
                    .invalidArgument,
                    "\"session\" in app_metadata must have 1 to "
                        + "\(CommandFormat.sessionByteCountMax) bytes, not \(byteCount)")
            }
        }
    }
}
