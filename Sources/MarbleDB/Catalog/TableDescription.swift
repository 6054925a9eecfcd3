public import MarbleArrow
public import MarbleRaft
public import NIOCore

/// What is known of a table at one moment.
public struct TableDescription: Sendable {
    /// Never used again for another table: the log index at which the table was created.
    public let id: UInt64
    public let name: String
    public let schema: ArrowSchema
    /// The schema as a bare Arrow message, as it was given when the table was created: what
    /// `FlightData.data_header` carries.
    public let schemaMessage: ByteBuffer
    /// The names of the key's columns in the key's order; empty for a table without a key.
    public let primaryKey: [String]
    public let rowCount: Int
    /// How many bytes the rows take in memory, overwritten ones included that are still kept.
    public let byteCount: Int
    /// The log index of the last change of its rows.
    public let changedIndex: RaftIndex

    /// The log index at which it was created.
    public var createdIndex: RaftIndex { id }
}
