public import MarbleArrow

/// The record batches of one stream, for `for try await`: what ``FlightReader/batches`` makes.
///
/// Their columns are views of the received bytes, every value checked. What a peer sends beside them in
/// `app_metadata` isn't seen here; read the messages by a ``FlightBatchDecoder`` where it matters.
public struct FlightBatches: AsyncSequence, Sendable {
    let reader: FlightReader<FlightData>

    /// Starts to read; to be done once, at the stream's beginning.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(messages: reader.makeAsyncIterator())
    }

    /// Takes one batch after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var messages: FlightReader<FlightData>.AsyncIterator
        var decoder = FlightBatchDecoder()

        /// The stream's schema: reads as far as its message.
        /// - Throws: `invalidArgument` if the stream has none, and what ``next()`` throws.
        public mutating func schema() async throws(FlightError) -> ArrowSchema {
            while decoder.schema == nil {
                guard let data = try await messages.next() else {
                    throw FlightError(
                        .invalidArgument, "the stream ended before a message with its schema")
                }
                guard try decoder.decode(data) == nil else { break }
            }
            guard let schema = decoder.schema else {
                throw FlightError(.internal, "a batch was read without a schema")
            }
            return schema
        }

        /// The next batch, or `nil` when the peer has sent its last one and, on a client, the call's
        /// status is `OK`.
        /// - Throws: ``FlightError`` with the call's status; `invalidArgument`, `unimplemented` or
        ///   `resourceExhausted` for data that can't be read.
        public mutating func next() async throws(FlightError) -> ArrowRecordBatch? {
            while let data = try await messages.next() {
                if let batch = try decoder.decode(data) { return batch }
            }
            return nil
        }

        /// The same, for generic code.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(FlightError) -> ArrowRecordBatch? {
            while let data = try await messages.next(isolation: actor) {
                if let batch = try decoder.decode(data) { return batch }
            }
            return nil
        }
    }
}

extension FlightReader<FlightData> {
    /// The stream's record batches.
    public var batches: FlightBatches { FlightBatches(reader: self) }
}
