package import MarbleArrow
package import NIOCore

extension ArrowBuffer {
    /// A view of the buffer's readable bytes, without a copy.
    ///
    /// The view holds the storage, so that a later writer to the byte buffer copies first.
    package init(_ buffer: ByteBuffer) {
        self = buffer.withUnsafeReadableBytesWithStorageManagement { bytes, storage in
            ArrowBuffer(owner: storage.takeUnretainedValue(), bytes: bytes)
        }
    }
}

extension ByteBuffer {
    /// A copy of an Arrow buffer's bytes.
    package init(copying buffer: ArrowBuffer) {
        self = buffer.withUnsafeBytes { ByteBuffer(bytes: $0) }
    }
}
