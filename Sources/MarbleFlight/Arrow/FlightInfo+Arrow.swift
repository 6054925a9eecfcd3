public import MarbleArrow
public import NIOCore

// Schemas travel in `FlightInfo` and `SchemaResult` as encapsulated IPC messages.

extension FlightInfo {
    /// Makes the information of a flight with a schema.
    public init(
        _ schema: ArrowSchema, descriptor: FlightDescriptor? = nil,
        endpoints: [FlightEndpoint] = [], totalRecords: Int64 = -1, totalBytes: Int64 = -1,
        isOrdered: Bool = false, appMetadata: ByteBuffer = ByteBuffer()
    ) {
        self.init(
            schema: ByteBuffer(encapsulating: schema), descriptor: descriptor,
            endpoints: endpoints, totalRecords: totalRecords, totalBytes: totalBytes,
            isOrdered: isOrdered, appMetadata: appMetadata)
    }

    /// The flight's schema; `nil` if the server doesn't say it.
    /// - Throws: `invalidArgument` if the bytes are none, `unimplemented` for what isn't supported.
    public func arrowSchema() throws(FlightError) -> ArrowSchema? {
        guard schema.readableBytes > 0 else { return nil }
        return try schema.encapsulatedSchema()
    }
}

extension FlightSchemaResult {
    /// Makes the answer of `GetSchema`.
    public init(_ schema: ArrowSchema) {
        self.init(schema: ByteBuffer(encapsulating: schema))
    }

    /// The schema.
    /// - Throws: `invalidArgument` if the bytes are none, `unimplemented` for what isn't supported.
    public func arrowSchema() throws(FlightError) -> ArrowSchema {
        try schema.encapsulatedSchema()
    }
}

extension ByteBuffer {
    init(encapsulating schema: ArrowSchema) {
        self.init(bytes: ArrowIPC.encodeEncapsulatedSchema(schema))
    }

    func encapsulatedSchema() throws(FlightError) -> ArrowSchema {
        do throws(ArrowError) {
            return try ArrowIPC.decodeEncapsulatedSchema(ArrowBuffer(self))
        } catch {
            throw FlightError(error)
        }
    }
}
