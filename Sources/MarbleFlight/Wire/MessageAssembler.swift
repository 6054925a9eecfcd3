import NIOCore

/// Cuts what arrives on a stream into gRPC messages.
///
/// Messages that lie whole in a received chunk are slices of it. One that spans chunks is gathered in a
/// buffer that grows with what really arrived, never with what the prefix claims.
struct MessageAssembler {
    private static let prefixByteCount = 5
    /// What may be reserved for a claimed length before a fraction of it has arrived.
    private static let reservedAtOnce = 1 << 20

    private let messageByteCountMax: Int
    private let budget: BufferBudget
    private var partial: ByteBuffer?
    /// Prefix and message together, once the prefix is whole.
    private var partialTotal: Int?
    private var reserved = 0

    init(messageByteCountMax: Int, budget: BufferBudget) {
        self.messageByteCountMax = messageByteCountMax
        self.budget = budget
    }

    var hasPartialMessage: Bool { partial != nil }

    /// Gives back what is held for a message that won't be completed.
    mutating func reset() {
        partial = nil
        partialTotal = nil
        if reserved > 0 { budget.release(reserved) }
        reserved = 0
    }

    /// Takes in a chunk and appends the messages that are complete with it.
    /// - Returns: An error, after which the stream can't go on.
    mutating func append(
        _ chunk: ByteBuffer, kind: FlightMessageKind, messages: inout [FlightData]
    ) -> FlightError? {
        do throws(FlightError) {
            var chunk = chunk
            if partial != nil {
                guard let message = try complete(from: &chunk) else { return nil }
                messages.append(try FlightData(decoding: message, as: kind))
            }
            while chunk.readableBytes >= Self.prefixByteCount {
                let total = try totalByteCount(chunk)
                guard chunk.readableBytes >= total else { break }
                chunk.moveReaderIndex(forwardBy: Self.prefixByteCount)
                guard let message = chunk.readSlice(length: total - Self.prefixByteCount) else {
                    break
                }
                messages.append(try FlightData(decoding: message, as: kind))
            }
            if chunk.readableBytes > 0 { try begin(with: chunk) }
            return nil
        } catch {
            reset()
            return error
        }
    }

    /// The byte count of prefix and message, of a buffer that starts with a whole prefix.
    private func totalByteCount(_ buffer: ByteBuffer) throws(FlightError) -> Int {
        guard
            let (flag, length) = buffer.peekMultipleIntegers(as: (UInt8, UInt32).self)
        else { throw FlightError(.internal, "a message's prefix is incomplete") }
        guard flag == 0 else {
            throw flag == 1
                ? FlightError(
                    .unimplemented,
                    "compressed messages are not supported; send with grpc-encoding identity")
                : FlightError(.internal, "a message's compression flag is \(flag), not 0 or 1")
        }
        guard length <= messageByteCountMax else {
            throw FlightError(
                .resourceExhausted,
                "a message of \(length) bytes is over the limit of \(messageByteCountMax) bytes; "
                    + "send smaller record batches or raise the limit on the receiving side")
        }
        return Self.prefixByteCount + Int(length)
    }

    private mutating func begin(with rest: ByteBuffer) throws(FlightError) {
        partial = ByteBuffer()
        partialTotal =
            rest.readableBytes >= Self.prefixByteCount ? try totalByteCount(rest) : nil
        try add(rest)
    }

    private mutating func add(_ bytes: ByteBuffer) throws(FlightError) {
        guard var buffer = partial else { return }
        partial = nil
        let arrived = buffer.readableBytes + bytes.readableBytes
        if buffer.capacity < arrived {
            let wanted = min(
                partialTotal ?? Self.prefixByteCount, max(Self.reservedAtOnce, 4 * arrived))
            let capacity = max(arrived, wanted)
            guard budget.reserve(capacity - reserved) else {
                throw FlightError(
                    .resourceExhausted,
                    "the messages in transit would take more than \(budget.byteCountMax) bytes of "
                        + "memory; send fewer big messages at once")
            }
            reserved = capacity
            buffer.reserveCapacity(capacity)
        }
        buffer.writeImmutableBuffer(bytes)
        partial = buffer
    }

    /// Takes from the chunk what the partial message lacks.
    /// - Returns: The message without its prefix, if it is complete now.
    private mutating func complete(from chunk: inout ByteBuffer) throws(FlightError) -> ByteBuffer?
    {
        if partialTotal == nil {
            try take(from: &chunk, upTo: Self.prefixByteCount)
            guard let partial, partial.readableBytes == Self.prefixByteCount else { return nil }
            partialTotal = try totalByteCount(partial)
        }
        guard let total = partialTotal else { return nil }
        try take(from: &chunk, upTo: total)
        guard var message = partial, message.readableBytes == total else { return nil }
        message.moveReaderIndex(forwardBy: Self.prefixByteCount)
        reset()
        return message
    }

    private mutating func take(from chunk: inout ByteBuffer, upTo total: Int) throws(FlightError) {
        let lacking = total - (partial?.readableBytes ?? 0)
        guard let bytes = chunk.readSlice(length: min(lacking, chunk.readableBytes)) else { return }
        try add(bytes)
    }
}
