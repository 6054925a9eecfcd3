import NIOCore
import NIOHPACK
import NIOHTTP2

/// Decompresses the headers that come on a connection, and checks them.
///
/// A client's requests are alike, and so are a server's answers: after the first, each of their fields is a
/// number in the table of HPACK (RFC 7541). Such blocks change nothing in the table, so that what they mean
/// is remembered until another kind of block comes.
struct HTTP2FieldDecoder {
    struct Fields {
        let headers: HPACKHeaders
        /// What is wrong with them; `nil`: nothing.
        let violation: String?
    }

    private struct Remembered {
        let block: ByteBuffer
        let kind: HTTP2FieldRules.Kind
        let fields: Fields
    }

    /// Blocks to remember: those of some methods and statuses.
    private static let rememberedCountMax = 4

    private var decoder: HPACKDecoder
    private var remembered: [Remembered] = []

    init(headerListByteCountMax: Int) {
        decoder = HPACKDecoder(
            allocator: ByteBufferAllocator(),
            maxDynamicTableSize: HPACKDecoder.maxDynamicTableSize,
            maxHeaderListSize: headerListByteCountMax)
    }

    /// - Throws: What the table of both sides doesn't survive.
    mutating func decode(
        _ block: ByteBuffer, as kind: HTTP2FieldRules.Kind
    ) throws(HTTP2ConnectionError) -> Fields {
        guard block.isOfIndexes else {
            remembered.removeAll(keepingCapacity: true)
            return try decodeAnew(block, as: kind)
        }
        for known in remembered where known.kind == kind && known.block == block {
            return known.fields
        }
        let fields = try decodeAnew(block, as: kind)
        if remembered.count == Self.rememberedCountMax { remembered.removeFirst() }
        // In memory of its own: the buffer that was read is large.
        var copy = ByteBufferAllocator().buffer(capacity: block.readableBytes)
        copy.writeImmutableBuffer(block)
        remembered.append(Remembered(block: copy, kind: kind, fields: fields))
        return fields
    }

    private mutating func decodeAnew(
        _ block: ByteBuffer, as kind: HTTP2FieldRules.Kind
    ) throws(HTTP2ConnectionError) -> Fields {
        var bytes = block
        do {
            let headers = try decoder.decodeHeaders(from: &bytes)
            return Fields(
                headers: headers, violation: HTTP2FieldRules.violation(of: headers, as: kind))
        } catch is NIOHPACKErrors.MaxHeaderListSizeViolation {
            throw HTTP2ConnectionError(
                .enhanceYourCalm,
                "headers have more than the \(decoder.maxHeaderListSize) bytes allowed")
        } catch {
            throw HTTP2ConnectionError(.compressionError, "headers can't be decompressed: \(error)")
        }
    }
}

extension ByteBuffer {
    /// Whether a block has nothing but fields that the table has: each begins with a bit that no other
    /// representation has, and the further bytes of large numbers may have (RFC 7541, 6.1).
    fileprivate var isOfIndexes: Bool {
        withUnsafeReadableBytes { $0.allSatisfy { $0 & 0x80 != 0 } }
    }
}
