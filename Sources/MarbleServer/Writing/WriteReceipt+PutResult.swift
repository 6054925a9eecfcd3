internal import MarbleDB
internal import NIOCore

extension WriteReceipt {
    /// Appends the PutResult's text: `{"index":n,"term":n,"rows":n}`. Digits go in one by one: this runs
    /// once for every batch that anyone writes.
    func writePutResult(into buffer: inout ByteBuffer) {
        buffer.writeStaticString("{\"index\":")
        buffer.writeDecimal(index)
        buffer.writeStaticString(",\"term\":")
        buffer.writeDecimal(term)
        buffer.writeStaticString(",\"rows\":")
        buffer.writeDecimal(UInt64(rowCount))
        buffer.writeStaticString("}")
    }
}

extension ByteBuffer {
    /// Appends a number in decimal digits.
    mutating func writeDecimal(_ number: UInt64) {
        // 20 digits are enough for 64 bits.
        writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { space in
            var remaining = number
            var digitCount = 1
            while remaining >= 10 {
                remaining /= 10
                digitCount += 1
            }
            remaining = number
            for place in stride(from: digitCount - 1, through: 0, by: -1) {
                space[place] = UInt8(ascii: "0") + UInt8(remaining % 10)
                remaining /= 10
            }
            return digitCount
        }
    }
}
