import NIOCore
import NIOHPACK
import NIOHTTP2
import Testing

@testable import MarbleFlight

struct HTTP2FieldDecoderTests {
    @Test func `numbers mean what the table has when they come`() throws {
        var decoder = HTTP2FieldDecoder(headerListByteCountMax: 1000)
        // The newest entry of the table has the number 62.
        let newest = ByteBuffer(bytes: [0xBE])
        #expect(throws: HTTP2ConnectionError.self) { try decoder.decode(newest, as: .trailers) }
        for value in ["1", "2", "3"] {
            // A literal that enters the table (RFC 7541, 6.2.1).
            let literal = ByteBuffer(bytes: [0x40, 1, UInt8(ascii: "x"), 1] + Array(value.utf8))
            #expect(try decoder.decode(literal, as: .trailers).headers == ["x": value])
            for _ in 0..<2 {
                #expect(try decoder.decode(newest, as: .trailers).headers == ["x": value])
            }
        }
        // The table without its entries.
        #expect(try decoder.decode(ByteBuffer(bytes: [0x20]), as: .trailers).headers.isEmpty)
        #expect(throws: HTTP2ConnectionError.self) { try decoder.decode(newest, as: .trailers) }
    }

    @Test func `what is remembered is checked as what it is`() throws {
        var decoder = HTTP2FieldDecoder(headerListByteCountMax: 1000)
        // `:status: 200`, by the protocol's own table.
        let status = ByteBuffer(bytes: [0x88])
        for _ in 0..<2 {
            #expect(try decoder.decode(status, as: .response).violation == nil)
            #expect(try decoder.decode(status, as: .trailers).violation != nil)
        }
    }

    @Test func `headers over the limit end the connection, remembered or not`() {
        var decoder = HTTP2FieldDecoder(headerListByteCountMax: 100)
        let many = ByteBuffer(bytes: [0x88, 0x88, 0x88])
        for _ in 0..<2 {
            let error = #expect(throws: HTTP2ConnectionError.self) {
                try decoder.decode(many, as: .response)
            }
            #expect(error?.code == .enhanceYourCalm)
        }
    }
}
