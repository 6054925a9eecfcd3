import NIOCore

/// How much a channel reads at once: as much as came of late, or little while streams read large messages
/// themselves (``PlainSocket``), because what the channel reads of those must be copied.
struct ChannelReads: RecvByteBufferAllocator {
    /// Belongs to the channel's event loop, where alone an allocator is asked.
    final class Mode: @unchecked Sendable {
        /// Whether streams read large messages themselves.
        var isLittle = false
    }

    private static let littleByteCount = 8 << 10

    private let mode: Mode
    private var adaptive = FlightSocket.receiveAllocator

    init(_ mode: Mode) {
        self.mode = mode
    }

    /// - Returns: `nil`: not in a buffer of earlier reads, which may be a large one.
    func nextBufferSize() -> Int? {
        mode.isLittle ? nil : adaptive.nextBufferSize()
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        guard mode.isLittle else { return adaptive.buffer(allocator: allocator) }
        return allocator.buffer(capacity: Self.littleByteCount)
    }

    /// - Returns: `true`: ``buffer(allocator:)`` is to be asked where ``nextBufferSize()`` is `nil`.
    mutating func record(actualReadBytes: Int) -> Bool {
        if !mode.isLittle { _ = adaptive.record(actualReadBytes: actualReadBytes) }
        return true
    }
}
