import MarbleArrow
import MarbleFlight
import MarbleJSON
import NIOCore

/// What a table is to be: checked completely when it is made.
struct TableDefinition {
    static let nameByteCountMax = 255
    static let keyColumnCountMax = 16

    let name: String
    let schema: ArrowSchema
    /// A bare Arrow message.
    let schemaMessage: ByteBuffer
    let primaryKey: [String]
    let keyPositions: [Int]

    /// - Parameters:
    ///   - schemaMessage: an Arrow schema message, bare or encapsulated.
    ///   - primaryKey: the key's columns; nil to take them from the schema's metadata, if it has any.
    init(
        name: String, schemaMessage: ByteBuffer, primaryKey: [String]?
    ) throws(DatabaseError) {
        try Self.check(name: name)
        let (given, message) = try Self.decodeSchema(schemaMessage, subject: "table \"\(name)\"")
        self.name = name
        // Tables hold the values of dictionaries, not their numbers: see `TableWriter`.
        schema = given.withoutDictionaries
        self.schemaMessage =
            given.hasDictionaries ? ByteBuffer(bytes: ArrowIPC.encodeSchema(schema)) : message
        self.primaryKey = primaryKey ?? Self.primaryKey(inMetadataOf: schema) ?? []
        keyPositions = try Self.positions(of: self.primaryKey, in: schema, table: name)
    }

    static func check(name: String) throws(DatabaseError) {
        let flaw: String? =
            if name.isEmpty {
                "it is empty"
            } else if name.utf8.count > nameByteCountMax {
                "it has \(name.utf8.count) bytes, the limit is \(nameByteCountMax)"
            } else if name.unicodeScalars.contains(where: {
                $0.properties.generalCategory == .control
            }) {
                "it has control characters"
            } else if name == "system" {
                "it is reserved"
            } else {
                nil
            }
        guard let flaw else { return }
        throw DatabaseError(
            .invalidArgument,
            "\(JSONValue.quoted(String(name.prefix(64)))) can't be a table's name: \(flaw); "
                + "choose another one")
    }

    /// Reads a schema message, bare or encapsulated, and returns it with the bare message.
    static func decodeSchema(
        _ message: ByteBuffer, subject: String
    ) throws(DatabaseError) -> (ArrowSchema, ByteBuffer) {
        let isEncapsulated =
            message.getInteger(
                at: message.readerIndex, endianness: .little, as: UInt32.self) == .max
        do throws(ArrowError) {
            if isEncapsulated {
                let schema = try ArrowIPC.decodeEncapsulatedSchema(ArrowBuffer(message))
                return (schema, ByteBuffer(bytes: ArrowIPC.encodeSchema(schema)))
            }
            let decoded = try ArrowIPC.decodeMessage(header: ArrowBuffer(message))
            if case .schema(let schema) = decoded { return (schema, message) }
        } catch {
            throw DatabaseError(error, in: subject)
        }
        throw DatabaseError(
            .invalidArgument,
            "\(subject): a record batch was sent where an Arrow schema message belongs")
    }

    /// The key's columns as the schema's metadata names them; nil if it doesn't.
    static func primaryKey(inMetadataOf schema: ArrowSchema) -> [String]? {
        guard let text = schema.metadata[Table.primaryKeyMetadataKey] else { return nil }
        return text.split(separator: ",").map { part in
            var part = part
            while part.first == " " { part.removeFirst() }
            while part.last == " " { part.removeLast() }
            return String(part)
        }
    }

    private static func positions(
        of primaryKey: [String], in schema: ArrowSchema, table name: String
    ) throws(DatabaseError) -> [Int] {
        func refuse(_ flaw: String) -> DatabaseError {
            DatabaseError(.invalidArgument, "table \"\(name)\": \(flaw)")
        }
        guard !schema.fields.isEmpty else { throw refuse("the schema has no columns") }
        var names: Set<String> = []
        for field in schema.fields where !names.insert(field.name).inserted {
            throw refuse("the schema has two columns \"\(field.name)\"; names must differ")
        }
        guard primaryKey.count <= keyColumnCountMax else {
            throw refuse(
                "a primary key has at most \(keyColumnCountMax) columns, not \(primaryKey.count)")
        }
        var positions: [Int] = []
        for column in primaryKey {
            guard let position = schema.index(of: column) else {
                throw refuse(
                    "the primary key's column \"\(column)\" is not in the schema, which has: "
                        + schema.fields.map(\.name).joined(separator: ", "))
            }
            let type = schema.fields[position].type
            guard type.canBeKey else {
                throw refuse(
                    "the primary key's column \"\(column)\" is of type \(type), which can't be a key; "
                        + "name columns of booleans, integers, floats, decimal128, dates, times, "
                        + "timestamps, text or binary")
            }
            guard !positions.contains(position) else {
                throw refuse("the primary key names column \"\(column)\" twice")
            }
            positions.append(position)
        }
        return positions
    }
}
