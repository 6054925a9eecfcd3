internal import Foundation
internal import MarbleCluster
internal import MarbleDB
internal import MarbleFlight
internal import NIOCore

extension DatabaseFlightService {
    /// `create_table`: `{"table", "schema", "primary_key"}` → `{"table", "index"}`.
    func createTable(_ reader: JSONObjectReader) async throws -> ByteBuffer {
        var reader = reader
        let name = try reader.requiredString("table")
        let schemaText = try reader.requiredString("schema")
        let primaryKey = try reader.strings("primary_key")
        try reader.finish()
        guard let bytes = Data(base64Encoded: schemaText) else {
            throw FlightError(.invalidArgument, "\"schema\" isn't base64")
        }
        let command = try database.createTableCommand(
            name: name, schemaMessage: ByteBuffer(bytes: bytes), primaryKey: primaryKey)
        return Self.answer(table: name, index: try await commit(command).index)
    }

    /// `drop_table`: `{"table"}` → `{"table", "index"}`.
    func dropTable(_ reader: JSONObjectReader) async throws -> ByteBuffer {
        var reader = reader
        let name = try reader.requiredString("table")
        try reader.finish()
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

    private static func answer(table: String, index: UInt64) -> ByteBuffer {
        JSONWriter.object { writer in
            writer.member("table", table)
            writer.member("index", index)
        }
    }
}
