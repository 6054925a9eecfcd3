import MarbleArrow
import NIOCore

extension ArrowBuffer {
    /// The readable bytes, without a copy: whoever writes to the byte buffer later copies first.
    init(viewing buffer: ByteBuffer) {
        self = buffer.withUnsafeReadableBytesWithStorageManagement { bytes, storage in
            ArrowBuffer(owner: storage.takeUnretainedValue(), bytes: bytes)
        }
    }
}
