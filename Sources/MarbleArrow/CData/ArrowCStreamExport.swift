internal import CMarbleArrowData

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A stream of batches that another library pulls from.
private final class ArrowCStreamSource {
    let schema: ArrowSchema
    let next: () throws -> ArrowRecordBatch?
    var error: UnsafeMutablePointer<CChar>?

    init(_ schema: ArrowSchema, _ next: @escaping () throws -> ArrowRecordBatch?) {
        self.schema = schema
        self.next = next
    }

    deinit {
        free(error)
    }

    static func of(_ stream: UnsafeMutablePointer<MarbleCStream>?) -> ArrowCStreamSource? {
        guard let data = stream?.pointee.private_data else { return nil }
        return Unmanaged<ArrowCStreamSource>.fromOpaque(data).takeUnretainedValue()
    }

    /// Puts the next batch to `target`, or a released array at the end.
    func pull(into target: UnsafeMutablePointer<MarbleCArray>) -> Int32 {
        do {
            guard let batch = try next() else {
                target.initialize(to: MarbleCArray())
                return 0
            }
            guard batch.schema.hasSameFields(as: schema) else {
                throw ArrowError(
                    .invalidArgument, "a batch of \(batch.schema) in a stream of \(schema)")
            }
            ArrowCArrayExport.fill(target, batch)
            return 0
        } catch {
            free(self.error)
            self.error = strdup("\(error)")
            return EIO
        }
    }
}

extension ArrowCData {
    /// Hands out a stream of batches in the C struct `ArrowArrayStream` at `address` ("The Arrow C
    /// stream interface"). `next` is called for each batch, by the thread that asks for it, until it
    /// returns nil; what it throws is told to the consumer.
    public static func export(
        schema: ArrowSchema, to address: UnsafeMutableRawPointer,
        next: @escaping () throws -> ArrowRecordBatch?
    ) {
        let source = ArrowCStreamSource(schema, next)
        address.assumingMemoryBound(to: MarbleCStream.self).initialize(
            to: MarbleCStream(
                get_schema: { stream, target in
                    guard let source = ArrowCStreamSource.of(stream), let target else {
                        return EINVAL
                    }
                    ArrowCData.export(source.schema, to: UnsafeMutableRawPointer(target))
                    return 0
                },
                get_next: { stream, target in
                    guard let source = ArrowCStreamSource.of(stream), let target else {
                        return EINVAL
                    }
                    return source.pull(into: target)
                },
                get_last_error: { UnsafePointer(ArrowCStreamSource.of($0)?.error) },
                release: { stream in
                    guard let stream, let data = stream.pointee.private_data else { return }
                    Unmanaged<ArrowCStreamSource>.fromOpaque(data).release()
                    stream.pointee.private_data = nil
                    stream.pointee.release = nil
                },
                private_data: Unmanaged.passRetained(source).toOpaque()))
    }
}
