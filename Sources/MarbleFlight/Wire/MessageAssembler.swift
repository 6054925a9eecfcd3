import NIOCore

/// Cuts what arrives on a stream into gRPC messages.
///
/// Messages that lie whole in a received chunk are slices of it, or of one copy of it if it is small. One
/// that spans chunks is gathered in a buffer that grows with what really arrived, never with what the prefix
/// claims.
///
/// Compressed messages are decompressed a few at a time: a kilobyte of them may stand for a megabyte.
/// What waits goes on with ``resume(kind:messages:)`` when those before were taken, and what was taken out
/// counts against the budget until ``decompressedTaken()``.
struct MessageAssembler {
    private static let prefixByteCount = 5
    /// What may be reserved for a claimed length before a fraction of it has arrived: a megabyte of data, and
    /// what describes it.
    private static let reservedAtOnce = (1 << 20) + (64 << 10)
    /// Of larger chunks the messages are slices.
    ///
    /// A chunk is a part of the buffer that was read. Who holds it makes the next read of the socket allocate
    /// another, of which most isn't used, which costs more than to copy a small chunk.
    private static let copiedByteCountMax = 64 << 10
    /// Compressed messages wait when those before them, which nobody has taken, have this much.
    private static let decompressedAtOnce = 1 << 20

    private let messageByteCountMax: Int
    private let budget: BufferBudget
    private var partial: ByteBuffer?
    /// Prefix and message together, once the prefix is whole.
    private var partialTotal: Int?
    private var reserved = 0
    /// How the peer compresses.
    var compression = FlightCompression.identity
    private var decompressor: MessageDecompressor?
    private var decompressedByteCount = 0
    private var waiting: ByteBuffer?

    init(messageByteCountMax: Int, budget: BufferBudget) {
        self.messageByteCountMax = messageByteCountMax
        self.budget = budget
    }

    var hasPartialMessage: Bool { partial != nil }
    /// How much of a message that isn't whole has arrived.
    var partialByteCount: Int { partial?.readableBytes ?? 0 }
    /// Whether ``resume(kind:messages:)`` has something to do.
    var hasWaitingMessages: Bool { waiting != nil }

    /// Gives back what is held for a message that won't be completed.
    mutating func reset() {
        partialDone()
        waiting = nil
        decompressor = nil
        decompressedTaken()
    }

    /// Takes in a chunk and appends the messages that are complete with it.
    /// - Returns: An error, after which the stream can't go on.
    mutating func append(
        _ chunk: ByteBuffer, kind: FlightMessageKind, messages: inout [FlightData]
    ) -> FlightError? {
        guard waiting == nil else {
            waiting?.writeImmutableBuffer(chunk)
            return nil
        }
        do throws(FlightError) {
            var chunk = chunk
            try cut(&chunk, kind: kind, messages: &messages)
            return nil
        } catch {
            reset()
            return error
        }
    }

    /// Has a part of a large message read to where it belongs. ``append(_:kind:messages:)`` goes on from there.
    ///
    /// - Parameter byteCounts: What the message must lack at least, and what may be read at most.
    /// - Returns: how many bytes were read.
    mutating func fill(
        _ byteCounts: ClosedRange<Int>, by read: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Int {
        guard waiting == nil, let total = partialTotal, var buffer = partial else { return 0 }
        let wanted = min(total - buffer.readableBytes, byteCounts.upperBound)
        guard wanted >= byteCounts.lowerBound else { return 0 }
        partial = nil
        defer { partial = buffer }
        let arrived = buffer.readableBytes + byteCounts.lowerBound
        guard (try? makeRoom(in: &buffer, for: arrived)) != nil else { return 0 }
        let byteCount = min(wanted, buffer.writableBytes)
        return buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { bytes in
            read(UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(byteCount)))
        }
    }

    /// Goes on with the compressed messages that wait.
    /// - Returns: An error, after which the stream can't go on.
    mutating func resume(kind: FlightMessageKind, messages: inout [FlightData]) -> FlightError? {
        guard let chunk = waiting.take() else { return nil }
        return append(chunk, kind: kind, messages: &messages)
    }

    /// The messages that were decompressed are no longer held here.
    mutating func decompressedTaken() {
        guard decompressedByteCount > 0 else { return }
        budget.release(decompressedByteCount)
        decompressedByteCount = 0
    }

    private mutating func cut(
        _ chunk: inout ByteBuffer, kind: FlightMessageKind, messages: inout [FlightData]
    ) throws(FlightError) {
        if partial != nil {
            guard decompressedByteCount < Self.decompressedAtOnce else {
                waiting = chunk
                return
            }
            guard let (message, isCompressed) = try complete(from: &chunk) else { return }
            let content = isCompressed ? try decompress(message) : message
            messages.append(try FlightData(decoding: content, as: kind))
        }
        if chunk.readableBytes >= Self.prefixByteCount,
            chunk.readableBytes >= (try totalByteCount(chunk).byteCount)
        {
            if chunk.readableBytes <= Self.copiedByteCountMax { chunk = chunk.exactCopy }
            let taken = try cutWhole(chunk, kind: kind, messages: &messages)
            chunk.moveReaderIndex(forwardBy: taken)
        }
        guard waiting == nil, chunk.readableBytes > 0 else { return }
        try begin(with: chunk)
    }

    /// Cuts out the messages that lie whole in the chunk.
    ///
    /// - Returns: how many bytes they take, from the chunk's start.
    private mutating func cutWhole(
        _ chunk: ByteBuffer, kind: FlightMessageKind, messages: inout [FlightData]
    ) throws(FlightError) -> Int {
        try chunk.withUnsafeReadableBytes { (bytes) throws(FlightError) -> Int in
            var start = 0
            while bytes.count - start >= Self.prefixByteCount {
                let (total, isCompressed) = try totalByteCount(bytes, at: start)
                guard bytes.count - start >= total else { break }
                let message = (start + Self.prefixByteCount)..<(start + total)
                if isCompressed {
                    guard decompressedByteCount < Self.decompressedAtOnce else {
                        waiting = chunk.slice(start..<bytes.count)
                        break
                    }
                    let content = try decompress(chunk.slice(message))
                    messages.append(try FlightData(decoding: content, as: kind))
                } else {
                    messages.append(try FlightData(decoding: chunk, bytes, message, as: kind))
                }
                start += total
            }
            return start
        }
    }

    private mutating func decompress(_ message: ByteBuffer) throws(FlightError) -> ByteBuffer {
        if decompressor == nil { decompressor = try MessageDecompressor(compression) }
        guard
            let content = try decompressor?.decompress(message, byteCountMax: messageByteCountMax)
        else { return message }
        guard budget.reserve(content.readableBytes) else { throw overBudget }
        decompressedByteCount += content.readableBytes
        return content
    }

    private var overBudget: FlightError {
        FlightError(
            .resourceExhausted,
            "the messages in transit would take more than \(budget.byteCountMax) bytes of memory; "
                + "send fewer big messages at once")
    }

    /// The byte count of prefix and message, of a buffer that starts with a whole prefix, and whether the
    /// message is compressed.
    private func totalByteCount(
        _ buffer: ByteBuffer
    ) throws(FlightError) -> (byteCount: Int, isCompressed: Bool) {
        try buffer.withUnsafeReadableBytes { (bytes) throws(FlightError) in
            try totalByteCount(bytes, at: 0)
        }
    }

    private func totalByteCount(
        _ bytes: UnsafeRawBufferPointer, at start: Int
    ) throws(FlightError) -> (byteCount: Int, isCompressed: Bool) {
        guard bytes.count - start >= Self.prefixByteCount else {
            throw FlightError(.internal, "a message's prefix is incomplete")
        }
        let flag = bytes[start]
        let length = UInt32(
            bigEndian: bytes.loadUnaligned(fromByteOffset: start + 1, as: UInt32.self))
        guard flag <= 1 else {
            throw FlightError(.internal, "a message's compression flag is \(flag), not 0 or 1")
        }
        guard flag == 0 || compression != .identity else {
            throw FlightError(
                .internal,
                "a message has the compression flag on a call without grpc-encoding; name the "
                    + "encoding in the headers")
        }
        guard length <= messageByteCountMax else {
            throw FlightError(
                .resourceExhausted,
                "a message of \(length) bytes is over the limit of \(messageByteCountMax) bytes; "
                    + "send smaller record batches or raise the limit on the receiving side")
        }
        return (Self.prefixByteCount + Int(length), flag == 1)
    }

    private mutating func partialDone() {
        partial = nil
        partialTotal = nil
        if reserved > 0 { budget.release(reserved) }
        reserved = 0
    }

    private mutating func begin(with rest: ByteBuffer) throws(FlightError) {
        partial = ByteBuffer()
        partialTotal =
            rest.readableBytes >= Self.prefixByteCount ? try totalByteCount(rest).byteCount : nil
        try add(rest)
    }

    private mutating func add(_ bytes: ByteBuffer) throws(FlightError) {
        guard var buffer = partial else { return }
        partial = nil
        try makeRoom(in: &buffer, for: buffer.readableBytes + bytes.readableBytes)
        buffer.writeImmutableBuffer(bytes)
        partial = buffer
    }

    private mutating func makeRoom(
        in buffer: inout ByteBuffer, for arrived: Int
    ) throws(FlightError) {
        let total = partialTotal ?? Self.prefixByteCount
        let capacity = max(arrived, min(total, max(Self.reservedAtOnce, 4 * arrived)))
        // All of it as soon as it may be had: the sooner, the less is copied.
        guard buffer.capacity < arrived || (reserved < total && capacity >= total) else { return }
        guard budget.reserve(capacity - reserved) else { throw overBudget }
        reserved = capacity
        guard buffer.capacity < capacity else { return }
        var larger = ByteBufferAllocator().buffer(capacity: capacity)
        larger.writeImmutableBuffer(buffer)
        buffer = larger
    }

    /// Takes from the chunk what the partial message lacks.
    /// - Returns: The message without its prefix, if it is complete now.
    private mutating func complete(
        from chunk: inout ByteBuffer
    ) throws(FlightError) -> (message: ByteBuffer, isCompressed: Bool)? {
        if partialTotal == nil {
            try take(from: &chunk, upTo: Self.prefixByteCount)
            guard let partial, partial.readableBytes == Self.prefixByteCount else { return nil }
            partialTotal = try totalByteCount(partial).byteCount
        }
        guard let total = partialTotal else { return nil }
        try take(from: &chunk, upTo: total)
        guard var message = partial, message.readableBytes == total else { return nil }
        let isCompressed = message.readInteger(as: UInt8.self) == 1
        message.moveReaderIndex(forwardBy: Self.prefixByteCount - 1)
        partialDone()
        return (message, isCompressed)
    }

    private mutating func take(from chunk: inout ByteBuffer, upTo total: Int) throws(FlightError) {
        let lacking = total - (partial?.readableBytes ?? 0)
        guard let bytes = chunk.readSlice(length: min(lacking, chunk.readableBytes)) else { return }
        try add(bytes)
    }
}

extension ByteBuffer {
    /// The readable bytes in memory of their own.
    fileprivate var exactCopy: ByteBuffer {
        var copy = ByteBufferAllocator().buffer(capacity: readableBytes)
        copy.writeImmutableBuffer(self)
        return copy
    }
}
