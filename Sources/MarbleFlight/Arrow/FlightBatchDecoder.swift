public import MarbleArrow
import NIOCore

/// Reads the messages of one `DoGet`, `DoPut` or `DoExchange` stream as record batches, whose columns
/// are views of the received bytes.
///
/// In a service's async methods and on a client, ``FlightReader/batches`` is shorter.
public struct FlightBatchDecoder: Sendable {
    /// The stream's schema, once its message has come.
    public private(set) var schema: ArrowSchema?
    private var dictionaries: ArrowDictionaries
    private let validation: ArrowValidation

    /// Begins to read a stream.
    /// - Parameters:
    ///   - dictionariesByteCountMax: A stream whose dictionaries have more bytes together is refused
    ///     with `resourceExhausted`: they are kept until its end.
    ///   - validation: How closely batches are looked at. Without a full check, reading a value of
    ///     damaged bytes traps; it is for bytes that are known to be right.
    public init(dictionariesByteCountMax: Int = 1 << 30, validation: ArrowValidation = .full) {
        dictionaries = ArrowDictionaries(byteCountMax: dictionariesByteCountMax)
        self.validation = validation
    }

    /// Reads the next message.
    /// - Returns: The batch; `nil` for a message without one: the schema, a dictionary, or only
    ///   `app_metadata`.
    /// - Throws: `invalidArgument` for bytes that aren't what the Arrow format allows, `unimplemented`
    ///   for what isn't supported, `resourceExhausted` for what is over a limit.
    public mutating func decode(_ data: FlightData) throws(FlightError) -> ArrowRecordBatch? {
        guard let header = data.header, header.readableBytes > 0 else { return nil }
        do throws(ArrowError) {
            return try decode(
                ArrowIPC.decodeMessage(header: ArrowBuffer(header)),
                body: ArrowBuffer(data.dataBody))
        } catch {
            throw FlightError(error)
        }
    }

    private mutating func decode(
        _ message: ArrowMessage, body: ArrowBuffer
    ) throws(ArrowError) -> ArrowRecordBatch? {
        if case .schema(let schema) = message {
            guard self.schema == nil else {
                throw ArrowError(.malformed, "the stream has a second schema")
            }
            self.schema = schema
            return nil
        }
        guard let schema else {
            throw ArrowError(.malformed, "the stream has a batch before its schema")
        }
        switch message {
        case .schema: return nil
        case .dictionaryBatch(let header):
            try dictionaries.read(header, body: body, schema: schema, validation: validation)
            return nil
        case .recordBatch(let header):
            return try ArrowIPC.decodeRecordBatch(
                header: header, body: body, schema: schema, dictionaries: &dictionaries,
                validation: validation)
        }
    }
}

extension FlightError {
    /// The status of an error in Arrow data that a peer has sent.
    init(_ error: ArrowError) {
        let code: FlightStatusCode =
            switch error.code {
            case .malformed, .invalidArgument: .invalidArgument
            case .unsupportedType, .unsupportedFeature: .unimplemented
            case .limitExceeded: .resourceExhausted
            case .inputOutput: .internal
            }
        self.init(code, error.message, cause: error)
    }
}
