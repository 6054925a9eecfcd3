internal import CMarbleLZ4
internal import CMarbleZstd

/// Decompresses one frame after the other with one context.
final class BufferDecompressor {
    private let codec: ArrowCompressionCodec
    private let context: OpaquePointer?

    init(_ codec: ArrowCompressionCodec) {
        self.codec = codec
        switch codec {
        case .lz4Frame:
            var made: OpaquePointer?
            _ = LZ4F_createDecompressionContext(&made, UInt32(LZ4F_VERSION))
            context = made
        case .zstd: context = ZSTD_createDCtx()
        }
    }

    deinit {
        switch codec {
        case .lz4Frame: _ = LZ4F_freeDecompressionContext(context)
        case .zstd: ZSTD_freeDCtx(context)
        }
    }

    /// Fills `target` with what the frame holds; returns why it can't, if the frame is damaged or
    /// holds more or less than that, or nil if all went well.
    func decompress(
        _ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) -> String? {
        guard context != nil else { return "there is no memory left to decompress with" }
        switch codec {
        case .lz4Frame: return decompressLZ4(frame, into: target)
        case .zstd:
            let count = ZSTD_decompressDCtx(
                context, target.baseAddress, target.count, frame.baseAddress, frame.count)
            if ZSTD_isError(count) != 0 { return String(cString: ZSTD_getErrorName(count)) }
            return count == target.count ? nil : "it holds \(count) bytes"
        }
    }

    private func decompressLZ4(
        _ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) -> String? {
        LZ4F_resetDecompressionContext(context)
        // What has been written stays where it is: the library needn't keep a copy to refer to.
        var options = LZ4F_decompressOptions_t()
        options.stableDst = 1
        var read = 0
        var written = 0
        while true {
            var targetCount = target.count - written
            var sourceCount = frame.count - read
            let hint = LZ4F_decompress(
                context, target.baseAddress.map { $0 + written }, &targetCount,
                frame.baseAddress.map { $0 + read }, &sourceCount, &options)
            if LZ4F_isError(hint) != 0 { return String(cString: LZ4F_getErrorName(hint)) }
            read += sourceCount
            written += targetCount
            if hint == 0 { break }
            if sourceCount == 0 && targetCount == 0 {
                return written == target.count ? "it holds more" : "it is cut off"
            }
        }
        if written < target.count { return "it holds \(written) bytes" }
        return read == frame.count ? nil : "something follows the frame"
    }
}
