import NIOCore
import Testing

@testable import MarbleServer

@Suite struct PutResultTests {
    @Test(arguments: [0, 1, 9, 10, 99, 100, 12_345, UInt64.max])
    func `decimal digits are the number's`(number: UInt64) {
        var buffer = ByteBuffer()
        buffer.writeDecimal(number)
        #expect(String(buffer: buffer) == String(number))
    }
}
