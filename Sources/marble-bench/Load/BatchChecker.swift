import MarbleArrow
import MarbleFlight

/// Decodes the messages of a stream of record batches, and validates each completely.
struct BatchChecker {
    private var schema: ArrowSchema?

    /// - Returns: whether the message was a record batch, not its schema.
    mutating func check(_ message: FlightData) throws(ArrowError) -> Bool {
        switch try ArrowIPC.decodeMessage(header: ArrowBuffer(message.dataHeader)) {
        case .schema(let schema):
            self.schema = schema
            return false
        case .dictionaryBatch:
            throw ArrowError(.unsupportedFeature, "dictionaries are no part of the benchmarks")
        case .recordBatch(let header):
            guard let schema else {
                throw ArrowError(.malformed, "a record batch came before its schema")
            }
            _ = try ArrowIPC.decodeRecordBatch(
                header: header, body: ArrowBuffer(message.dataBody), schema: schema)
            return true
        }
    }
}
