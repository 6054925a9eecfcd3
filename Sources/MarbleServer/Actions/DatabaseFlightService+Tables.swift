internal import Foundation
internal import MarbleArrow
internal import MarbleCluster
internal import MarbleDB
internal import MarbleFlight
internal import MarbleJSON
internal import NIOCore

extension DatabaseFlightService {
    /// `create_table`: `{"table", "schema", "primary_key"}` → `{"table", "index"}`.
    func createTable(_ reader: JSONObjectReader) async throws -> ByteBuffer {
        var reader = reader
        let givenName = try reader.string("table")
        let givenSchema = try reader.string("schema")
        let primaryKey = try reader.strings("primary_key")
        // A misspelt key is named before the key that it should have been is missed.
        try reader.finish()
        guard let name = givenName else { throw reader.missing("table") }
        guard let schemaText = givenSchema else { throw reader.missing("schema") }
        guard let bytes = Data(base64Encoded: schemaText) else {
            throw FlightError(.invalidArgument, "\"schema\" isn't base64")
        }
        let schemaMessage = ByteBuffer(bytes: bytes)
        try Self.checkSchema(schemaMessage)
        let command = try database.createTableCommand(
            name: name, schemaMessage: schemaMessage, primaryKey: primaryKey)
        return Self.answer(table: name, index: try await commit(command).index)
    }

    /// `drop_table`: `{"table"}` → `{"table", "index"}`.
    func dropTable(_ reader: JSONObjectReader) async throws -> ByteBuffer {
        var reader = reader
        let givenName = try reader.string("table")
        try reader.finish()
        guard let name = givenName else { throw reader.missing("table") }
        let command = try database.dropTableCommand(name: name)
        return Self.answer(table: name, index: try await commit(command).index)
    }

    /// Proposes a command, and turns an outcome that is an error into that error.
    @discardableResult
    func commit(_ command: ByteBuffer) async throws -> RaftProposalResult {
        let result = try await raft().propose(command)
        if case .failed(let error) = try WriteOutcome(decoding: result.outcome) { throw error }
        return result
    }

    /// Says that it is the body's schema that can't be read. What the schema may hold, the database says.
    private static func checkSchema(_ message: ByteBuffer) throws(FlightError) {
        let bytes = ArrowBuffer(message)
        let isEncapsulated =
            message.getInteger(at: message.readerIndex, endianness: .little, as: UInt32.self)
            == .max
        do throws(ArrowError) {
            if isEncapsulated {
                _ = try ArrowIPC.decodeEncapsulatedSchema(bytes)
            } else {
                _ = try ArrowIPC.decodeMessage(header: bytes)
            }
        } catch {
            guard error.code == .malformed else { return }
            throw FlightError(
                .invalidArgument,
                "\"schema\" isn't an Arrow schema: \(error.message); send the base64 of the"
                    + " schema as an IPC message, in Python of schema.serialize()",
                cause: error)
        }
    }

    private static func answer(table: String, index: UInt64) -> ByteBuffer {
        JSONWriter.object { writer in
            writer.member("table", table)
            writer.member("index", index)
        }
    }
}
