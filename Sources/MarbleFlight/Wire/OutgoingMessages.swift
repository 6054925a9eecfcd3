import NIOCore

/// What one stream has to send: gRPC-framed messages, packed into as few buffers as possible.
///
/// Small messages share one buffer. A big one's last field is kept as the buffer that it came in, so
/// that its bytes are never copied. A frame is: compression flag (1 byte), length (4 bytes, big
/// endian), message (gRPC, `PROTOCOL-HTTP2.md`, "Length-Prefixed-Message").
struct OutgoingMessages {
    /// A field from this size on is sent as its own buffer.
    static let separateByteCountMin = 64 << 10
    private static let prefixByteCount = 5

    private var full: [ByteBuffer] = []
    private var tail = ByteBuffer()
    private(set) var byteCount = 0
    /// How much the last turns' shared buffers held, so that the next one needn't grow step by step.
    private var expectedByteCount = 0
    private var compressor: MessageCompressor?

    /// Compresses the messages from here on.
    mutating func startCompressing(_ compression: FlightCompression) {
        compressor = MessageCompressor(compression)
    }

    mutating func append(_ data: FlightData, as kind: FlightMessageKind) {
        if let compressor { return append(data, as: kind, compressor) }
        if tail.capacity == 0 {
            tail.reserveCapacity(max(256, min(expectedByteCount, 1 << 20)))
        }
        if case .whole = kind {
            let message = data.appMetadata
            appendPrefix(messageByteCount: message.readableBytes)
            return appendLast(message)
        }
        var total = 0
        data.forEachField(of: kind) { number, value in
            total += ByteBuffer.fieldByteCount(number, byteCount: value.readableBytes)
        }
        if total < Self.separateByteCountMin {
            appendSmall(data, as: kind, messageByteCount: total)
        } else {
            appendPrefix(messageByteCount: total)
            data.forEachField(of: kind) { number, value in appendField(number, value) }
        }
    }

    /// Appends a message of which nothing is kept as its own buffer: all of it in one go.
    private mutating func appendSmall(
        _ data: FlightData, as kind: FlightMessageKind, messageByteCount: Int
    ) {
        let total = Self.prefixByteCount + messageByteCount
        byteCount += total
        tail.writeWithUnsafeMutableBytes(minimumWritableBytes: total) { bytes in
            var writer = FieldWriter(bytes)
            writer.byte(0)
            writer.bigEndian(UInt32(messageByteCount))
            data.forEachField(of: kind) { number, value in writer.field(number, value) }
            return writer.byteCount
        }
    }

    /// Hands over the buffers in order, and starts anew.
    mutating func take() -> [ByteBuffer] {
        var buffers: [ByteBuffer] = []
        swap(&buffers, &full)
        if tail.readableBytes > 0 {
            expectedByteCount = max(tail.readableBytes, expectedByteCount / 2)
            buffers.append(tail)
            tail = ByteBuffer()
        }
        byteCount = 0
        return buffers
    }

    private mutating func append(
        _ data: FlightData, as kind: FlightMessageKind, _ compressor: MessageCompressor
    ) {
        var plain = OutgoingMessages()
        plain.append(data, as: kind)
        var message = ByteBuffer()
        message.reserveCapacity(plain.byteCount)
        for buffer in plain.take() { message.writeImmutableBuffer(buffer) }
        message.moveReaderIndex(forwardBy: Self.prefixByteCount)
        let compressed = compressor.compress(message)
        let content = compressed ?? message
        appendPrefix(
            messageByteCount: content.readableBytes, flag: compressed == nil ? 0 : 1)
        appendLast(content)
    }

    private mutating func appendPrefix(messageByteCount: Int, flag: UInt8 = 0) {
        precondition(
            messageByteCount <= Int(UInt32.max), "a gRPC message has at most 4 GiB - 1 bytes")
        tail.writeMultipleIntegers(flag, UInt32(messageByteCount))
        byteCount += Self.prefixByteCount
    }

    private mutating func appendField(_ number: UInt64, _ value: ByteBuffer) {
        let before = tail.writerIndex
        tail.writeFieldPrefix(number, byteCount: value.readableBytes)
        byteCount += tail.writerIndex - before
        appendLast(value)
    }

    private mutating func appendLast(_ value: ByteBuffer) {
        byteCount += value.readableBytes
        guard value.readableBytes >= Self.separateByteCountMin else {
            tail.writeImmutableBuffer(value)
            return
        }
        full.append(tail)
        full.append(value)
        tail = ByteBuffer()
    }
}
