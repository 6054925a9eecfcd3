/// Reads the IPC stream format from bytes that arrive in pieces, divided anywhere.
///
/// Append what arrives, then call `next` until it returns nil. Memory follows what has arrived, not
/// what messages claim. A body that arrives in one piece is not copied.
public struct ArrowStreamReader {
    /// What a stream consists of.
    public enum Event: Sendable {
        /// Comes first, once.
        case schema(ArrowSchema)
        /// Rows of that schema.
        case recordBatch(ArrowRecordBatch)
        /// The stream has ended; whatever is appended later is not looked at.
        case end
    }

    private enum State {
        case prefix
        case metadata(byteCount: Int)
        case body(RecordBatchHeader)
        case dictionary(DictionaryBatchHeader)
        case ended
    }

    /// The stream's schema, once it has arrived.
    public private(set) var schema: ArrowSchema?
    private let bodyByteCountMax: Int
    private let validation: ArrowValidation
    private var state = State.prefix
    private var input = ArrowInputQueue()
    private var dictionaries: ArrowDictionaries

    /// Begins to read a stream.
    ///
    /// - Parameters:
    ///   - bodyByteCountMax: A message with a larger body is refused with `limitExceeded`, and so is one
    ///     whose body would be larger when it is decompressed; so are dictionaries that are larger
    ///     together.
    ///   - validation: How closely batches are looked at.
    public init(bodyByteCountMax: Int = 1 << 30, validation: ArrowValidation = .full) {
        self.bodyByteCountMax = bodyByteCountMax
        self.validation = validation
        dictionaries = ArrowDictionaries(byteCountMax: bodyByteCountMax)
    }

    /// Takes bytes that have arrived.
    public mutating func append(_ bytes: ArrowBuffer) {
        if case .ended = state { return }
        input.append(bytes)
    }

    /// Whether the stream may break off here: between two messages, or after its end.
    public var isAtMessageBoundary: Bool {
        switch state {
        case .ended: true
        case .prefix: input.byteCount == 0 && schema != nil
        case .metadata, .body, .dictionary: false
        }
    }

    /// What comes next, or nil if more bytes are needed for it. After an error the stream can't be
    /// read any further. Throws as `ArrowIPC.decodeMessage` and `decodeRecordBatch` do.
    public mutating func next() throws(ArrowError) -> Event? {
        while true {
            switch state {
            case .ended: return nil
            case .prefix:
                guard try readPrefix() else { return nil }
                if case .ended = state { return .end }
            case .metadata(let byteCount):
                guard let metadata = input.take(byteCount) else { return nil }
                if let event = try read(metadata) { return event }
            case .body(let header):
                guard let body = input.take(header.bodyByteCount) else { return nil }
                state = .prefix
                return .recordBatch(try decode(header, body))
            case .dictionary(let header):
                guard let body = input.take(header.values.bodyByteCount) else { return nil }
                state = .prefix
                try dictionaries.read(
                    header, body: body, schema: try startedSchema(), validation: validation,
                    uncompressedByteCountMax: bodyByteCountMax)
            }
        }
    }

    /// Reads a message's size. Streams from before Arrow 0.15 have no continuation marker.
    private mutating func readPrefix() throws(ArrowError) -> Bool {
        guard let word = input.peek() else { return false }
        let hasMarker = word == ArrowFormat.continuation
        let prefixByteCount = hasMarker ? ArrowFormat.prefixByteCount : 4
        guard let prefix = input.take(prefixByteCount) else { return false }
        let size = prefix.load(Int32.self, at: hasMarker ? 1 : 0)
        guard size >= 0 && size <= ArrowLimits.metadataByteCountMax else {
            throw ArrowError(
                .malformed,
                "a message claims \(size) bytes of metadata; the limit is "
                    + "\(ArrowLimits.metadataByteCountMax): this is no Arrow IPC stream")
        }
        state = size == 0 ? .ended : .metadata(byteCount: Int(size))
        return true
    }

    private mutating func read(_ metadata: ArrowBuffer) throws(ArrowError) -> Event? {
        switch try ArrowIPC.decodeMessage(header: metadata) {
        case .schema(let schema):
            guard self.schema == nil else {
                throw ArrowError(.malformed, "the stream has a second schema")
            }
            self.schema = schema
            state = .prefix
            return .schema(schema)
        case .recordBatch(let header):
            try checkSize(header)
            state = .body(header)
            return nil
        case .dictionaryBatch(let header):
            try checkSize(header.values)
            state = .dictionary(header)
            return nil
        }
    }

    private func checkSize(_ header: RecordBatchHeader) throws(ArrowError) {
        guard header.bodyByteCount <= bodyByteCountMax else {
            throw ArrowError(
                .limitExceeded,
                "a record batch has \(header.bodyByteCount) bytes; the limit is "
                    + "\(bodyByteCountMax): write smaller batches")
        }
    }

    private func startedSchema() throws(ArrowError) -> ArrowSchema {
        guard let schema else {
            throw ArrowError(.malformed, "the stream has a batch before its schema")
        }
        return schema
    }

    private mutating func decode(
        _ header: RecordBatchHeader, _ body: ArrowBuffer
    ) throws(ArrowError) -> ArrowRecordBatch {
        let schema = try startedSchema()
        guard schema.hasDictionaries else {
            return try ArrowIPC.decodeRecordBatch(
                header: header, body: body, schema: schema, validation: validation,
                uncompressedByteCountMax: bodyByteCountMax)
        }
        return try ArrowIPC.decodeRecordBatch(
            header: header, body: body, schema: schema, dictionaries: &dictionaries,
            validation: validation, uncompressedByteCountMax: bodyByteCountMax)
    }
}
