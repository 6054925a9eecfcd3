internal import CMarbleLZ4
internal import CMarbleZstd

/// Compresses one buffer after the other with one context.
final class BufferCompressor {
    private let compression: ArrowCompression
    private let zstd: OpaquePointer?

    init(_ compression: ArrowCompression) {
        self.compression = compression
        if case .zstd = compression { zstd = ZSTD_createCCtx() } else { zstd = nil }
    }

    deinit {
        ZSTD_freeCCtx(zstd)
    }

    /// The buffer as a compressed body holds it: the count of bytes (int64), then the frame; or -1
    /// and the bytes as they are, where a frame would be no smaller. Nothing for an empty buffer.
    func compress(_ buffer: ArrowBuffer) -> ArrowBuffer {
        if buffer.count == 0 { return .empty }
        let bound = frameByteCountMax(buffer.count)
        let memory = ArrowMemory(capacity: ArrowFormat.compressedPrefixByteCount + bound)
        memory.append(Int64(buffer.count))
        let target = UnsafeMutableRawBufferPointer(
            start: memory.base + memory.count, count: bound)
        let frameByteCount = buffer.withUnsafeBytes { frame($0, into: target) }
        if let frameByteCount, frameByteCount < buffer.count {
            memory.commit(frameByteCount)
            return memory.buffer()
        }
        let plain = ArrowMemory(capacity: ArrowFormat.compressedPrefixByteCount + buffer.count)
        plain.append(ArrowFormat.notCompressed)
        buffer.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { plain.append(base, count: bytes.count) }
        }
        return plain.buffer()
    }

    private func frameByteCountMax(_ count: Int) -> Int {
        switch compression {
        case .none: count
        case .lz4: LZ4F_compressFrameBound(count, nil)
        case .zstd: ZSTD_compressBound(count)
        }
    }

    /// How many bytes the frame has; nil if there is none.
    private func frame(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) -> Int? {
        switch compression {
        case .none: return nil
        case .lz4:
            let count = LZ4F_compressFrame(
                target.baseAddress, target.count, source.baseAddress, source.count, nil)
            return LZ4F_isError(count) == 0 ? count : nil
        case .zstd(let level):
            let known = min(max(level, Int(ZSTD_minCLevel())), Int(ZSTD_maxCLevel()))
            let count = ZSTD_compressCCtx(
                zstd, target.baseAddress, target.count, source.baseAddress, source.count,
                Int32(known))
            return ZSTD_isError(count) == 0 ? count : nil
        }
    }
}
