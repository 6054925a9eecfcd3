import NIOCore
import NIOHTTP2
import Testing

@testable import MarbleFlight

struct HTTP2FrameReaderTests {
    /// What was read, with the parts of DATA put together.
    private struct Reading: Equatable {
        var frames: [String] = []
        var data = ByteBuffer()
        var windowByteCount = 0
        var endCount = 0
    }

    @Test(arguments: [1, 2, 5, 9, 10, 64, 1 << 20])
    func `frames are the same in pieces of any size`(pieceByteCount: Int) throws {
        let whole = try read(bytes, by: .max)
        #expect(whole.frames.count == 8)
        #expect(whole.data.readableBytes == 503)
        #expect(whole.windowByteCount == 503 + 13)
        #expect(whole.endCount == 2)
        #expect(try read(bytes, by: pieceByteCount) == whole)
    }

    @Test func `nothing of a read is held once it is taken`() throws {
        var reader = makeReader()
        var bytes = ByteBuffer(string: RawPeer.preface)
        bytes.writeFrame([])
        bytes.writeFrame(type: 0, flags: 0, stream: 1, payload: ByteBuffer(string: "abc"))
        bytes.writeBytes([0, 0, 8])
        reader.append(bytes)
        while try reader.next() != nil {}
        let address = bytes.withUnsafeReadableBytes { $0.baseAddress }
        bytes.clear()
        bytes.writeInteger(UInt8(1))
        bytes.withUnsafeReadableBytes {
            #expect($0.baseAddress == address, "what somebody else holds is copied")
        }
    }

    @Test func `reading goes on behind what a stream has read itself`() throws {
        var reader = makeReader()
        var bytes = ByteBuffer(string: RawPeer.preface)
        bytes.writeFrame([])
        bytes.writeFrame(
            type: 0, flags: 9, stream: 1, payload: ByteBuffer(bytes: [2, 10, 11, 12, 13, 0, 0]))
        bytes.writePing(HTTP2PingData(withInteger: 5), isAcknowledgement: false)
        let tail = bytes.readableBytes - (17 + 2 + 3)
        reader.append(try #require(bytes.getSlice(at: 0, length: tail)))
        while try reader.next() != nil {}
        let open = try #require(reader.openData)
        #expect(open.streamID == 1)
        #expect(open.byteCount == 3, "without the padding")
        guard case .data(let part) = reader.passed(2) else {
            Issue.record("no data")
            return
        }
        #expect(part.byteCount == 2 && part.windowByteCount == 2 && !part.isEnd)
        #expect(part.bytes.readableBytes == 0)
        #expect(reader.openData?.byteCount == 1)
        _ = reader.passed(1)
        #expect(reader.openData == nil)
        reader.append(try #require(bytes.getSlice(at: tail + 3, length: 17 + 2)))
        guard case .data(let padding) = try reader.next() else {
            Issue.record("no end")
            return
        }
        #expect(padding.byteCount == 0 && padding.windowByteCount == 2 && padding.isEnd)
        guard case .ping(let data, _) = try reader.next() else {
            Issue.record("no ping")
            return
        }
        #expect(data.integer == 5)
    }

    @Test func `a frame longer than allowed is refused by its length`() throws {
        var reader = makeReader()
        var bytes = ByteBuffer(string: RawPeer.preface)
        bytes.writeFrame([])
        HTTP2FrameHeader(.data, on: 1, byteCount: 20_001).write(to: &bytes)
        reader.append(bytes)
        _ = try reader.next()
        #expect(throws: HTTP2ConnectionError.self) { try reader.next() }
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nHost: example\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"])
    func `what doesn't begin with the preface isn't HTTP 2`(text: String) {
        var reader = makeReader()
        reader.append(ByteBuffer(string: text))
        #expect(throws: HTTP2ConnectionError.self) { try reader.next() }
    }

    private func makeReader() -> HTTP2FrameReader {
        HTTP2FrameReader(
            HTTP2FrameRules(frameByteCountMax: 20_000, headerBlockByteCountMax: 10_000),
            expectsPreface: true)
    }

    private var bytes: ByteBuffer {
        var bytes = ByteBuffer(string: RawPeer.preface)
        bytes.writeFrame([HTTP2SettingValue(.maxFrameSize, 20_000)])
        bytes.writeHeaders(
            1, ByteBuffer(repeating: 0x82, count: 25), isEnd: false, frameByteCountMax: 10)
        bytes.writeFrame(type: 0xEE, flags: 0, stream: 1, payload: ByteBuffer(string: "unknown"))
        bytes.writeFrame(
            type: 0, flags: 0, stream: 1, payload: ByteBuffer(repeating: 1, count: 500))
        var padded = ByteBuffer(bytes: [5])
        padded.writeString("xyz")
        padded.writeRepeatingByte(0, count: 5)
        bytes.writeFrame(type: 0, flags: 9, stream: 1, payload: padded)
        // Nothing but padding, which ends the stream all the same.
        bytes.writeFrame(
            type: 0, flags: 9, stream: 3, payload: ByteBuffer(bytes: [6] + [0, 0, 0, 0, 0, 0]))
        bytes.writePing(HTTP2PingData(withInteger: 77), isAcknowledgement: false)
        bytes.writeWindowUpdate(1, by: 12_345)
        bytes.writeReset(1, .cancel)
        bytes.writeSettingsAcknowledgement()
        bytes.writeFrame(type: 2, flags: 0, stream: 1, payload: ByteBuffer(bytes: [0, 0, 0, 3, 1]))
        bytes.writeGoAway(lastStreamID: 7, .enhanceYourCalm, ByteBuffer(string: "why"))
        return bytes
    }

    private func read(_ bytes: ByteBuffer, by pieceByteCount: Int) throws -> Reading {
        var reader = makeReader()
        var reading = Reading()
        var rest = bytes
        while rest.readableBytes > 0 {
            let byteCount = min(pieceByteCount, rest.readableBytes)
            let piece = rest.readSlice(length: byteCount)
            reader.append(try #require(piece))
            while let frame = try reader.next() {
                guard case .data(let part) = frame else {
                    reading.frames.append(describe(frame))
                    continue
                }
                reading.data.writeImmutableBuffer(part.bytes)
                reading.windowByteCount += part.windowByteCount
                if part.isEnd { reading.endCount += 1 }
            }
        }
        return reading
    }

    private func describe(_ frame: HTTP2IncomingFrame) -> String {
        switch frame {
        case .headers(let block):
            "headers \(block.streamID) \(Array(buffer: block.bytes)) \(block.isEnd)"
        case .ping(let data, let isAcknowledgement): "ping \(data.integer) \(isAcknowledgement)"
        case .goAway(let last, let code, let data):
            "goaway \(last) \(code.networkCode) \(String(buffer: data))"
        case .reset(let id, let code): "reset \(id) \(code.networkCode)"
        case .settings(let settings): "settings \(settings)"
        default: "\(frame)"
        }
    }
}
