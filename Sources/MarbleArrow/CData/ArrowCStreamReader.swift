internal import CMarbleArrowData

/// Takes batches from another library's stream ("The Arrow C stream interface"). Use it from one
/// thread at a time.
public final class ArrowCStreamReader {
    /// The columns of every batch.
    public let schema: ArrowSchema
    private let stream: UnsafeMutablePointer<MarbleCStream>

    /// Takes the C struct `ArrowArrayStream` at `address`: it is marked as released, and the stream is
    /// released with the reader. Throws what the stream says about itself, and `invalidArgument` if it
    /// has been released.
    public init(from address: UnsafeMutableRawPointer) throws(ArrowError) {
        let source = address.assumingMemoryBound(to: MarbleCStream.self)
        guard source.pointee.release != nil else {
            throw ArrowError(.invalidArgument, "the C stream has been released")
        }
        stream = .allocate(capacity: 1)
        stream.initialize(to: source.pointee)
        source.pointee.release = nil
        var schema = MarbleCSchema()
        do throws(ArrowError) {
            let code = stream.pointee.get_schema?(stream, &schema) ?? -1
            guard code == 0 else { throw Self.failed(stream, code) }
            defer { schema.release?(&schema) }
            self.schema = try ArrowCSchemaImport.schema(schema)
        } catch {
            stream.pointee.release?(stream)
            stream.deallocate()
            throw error
        }
    }

    deinit {
        stream.pointee.release?(stream)
        stream.deallocate()
    }

    /// The next batch, or nil at the end. Throws what the stream says, as `inputOutput`, and what
    /// `ArrowCData.importRecordBatch` throws.
    public func next() throws(ArrowError) -> ArrowRecordBatch? {
        var array = MarbleCArray()
        let code = stream.pointee.get_next?(stream, &array) ?? -1
        guard code == 0 else { throw Self.failed(stream, code) }
        guard array.release != nil else { return nil }
        return try ArrowCArrayImport(moving: &array).batch(schema)
    }

    private static func failed(
        _ stream: UnsafeMutablePointer<MarbleCStream>, _ code: Int32
    ) -> ArrowError {
        let text = stream.pointee.get_last_error?(stream).map { String(cString: $0) }
        return ArrowError(
            .inputOutput, "the C stream failed with code \(code): \(text ?? "it doesn't say why")")
    }
}
