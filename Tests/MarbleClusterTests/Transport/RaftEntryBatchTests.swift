import MarbleArrow
import MarbleFlight
import MarbleRaft
import NIOCore
import Testing

@testable import MarbleCluster

@Suite("RaftEntryBatch")
struct RaftEntryBatchTests {
    private func roundTrip(_ entries: [RaftEntry], group: RaftGroupID = 1) throws -> [RaftEntry] {
        let (header, body) = RaftEntryBatch.encode(entries, group: group)
        #expect(body.readableBytes % 8 == 0)
        return try RaftEntryBatch.decode(header: header, body: body, group: group)
    }

    @Test func `entries arrive as they were sent`() throws {
        #expect(try roundTrip([]) == [])
        #expect(try roundTrip([entry(1, term: 1)]) == [entry(1, term: 1)])
        let many = entries(.max - 2000 ... .max - 1000, term: .max)
        #expect(try roundTrip(many, group: .max) == many)
    }

    @Test func `payloads of any length arrive whole`() throws {
        let noop = RaftEntry(index: 1, term: 1, kind: .noop, payload: ByteBuffer())
        for count in 0...17 {
            let text = String(repeating: "x", count: count)
            let sent = [
                noop, entry(2, term: 1, text), entry(3, term: 1, ""), entry(4, term: 1, text),
            ]
            #expect(try roundTrip(sent) == sent)
        }
        #expect(try roundTrip([noop, noop]) == [noop, noop])
        let large = RaftEntry(
            index: 7, term: 2, kind: .command,
            payload: ByteBuffer(repeating: 0xA5, count: 5 << 20))
        #expect(try roundTrip([large, entry(8, term: 2)]) == [large, entry(8, term: 2)])
    }

    @Test func `a body that lies inside a larger buffer is read from its place`() throws {
        let sent = entries(1...3, term: 1)
        let (header, body) = RaftEntryBatch.encode(sent, group: 1)
        var larger = ByteBuffer(repeating: 0xEE, count: 64)
        larger.writeImmutableBuffer(body)
        larger.writeRepeatingByte(0xEE, count: 64)
        larger.moveReaderIndex(forwardBy: 64)
        let slice = larger.readSlice(length: body.readableBytes) ?? ByteBuffer()
        #expect(try RaftEntryBatch.decode(header: header, body: slice, group: 1) == sent)
    }

    @Test func `entries of another group are refused`() {
        let (header, body) = RaftEntryBatch.encode(entries(1...2, term: 1), group: 1)
        let error = #expect(throws: FlightError.self) {
            _ = try RaftEntryBatch.decode(header: header, body: body, group: 2)
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test func `a compressed batch of entries is refused`() throws {
        let (header, body) = RaftEntryBatch.encode(entries(1...2, term: 1), group: 1)
        let batch = try ArrowIPC.decodeRecordBatch(
            header: ArrowBuffer(header), body: ArrowBuffer(body), schema: RaftEntryBatch.schema)
        let encoded = ArrowIPC.encodeRecordBatch(batch, compression: .zstd)
        var compressed = ByteBuffer()
        for segment in encoded.segments { compressed.writeBytes(segment.bytes) }
        let error = #expect(throws: FlightError.self) {
            _ = try RaftEntryBatch.decode(
                header: ByteBuffer(bytes: encoded.header), body: compressed, group: 1)
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("compression") == true)
    }

    @Test func `an entry of a kind that isn't known is refused`() {
        var (header, body) = RaftEntryBatch.encode(entries(1...2, term: 1), group: 1)
        // The kinds come after three columns of two 8-byte values.
        body.setInteger(UInt8(9), at: body.readerIndex + 49)
        let error = #expect(throws: FlightError.self) {
            _ = try RaftEntryBatch.decode(header: header, body: body, group: 1)
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("kind 9") == true)
        header.clear()
        #expect(throws: FlightError.self) {
            _ = try RaftEntryBatch.decode(header: header, body: body, group: 1)
        }
    }

    @Test func `offsets that don't ascend within the payloads are refused`() {
        let (header, body) = RaftEntryBatch.encode(entries(1...2, term: 1), group: 1)
        // Three columns of two 8-byte values, and two kinds with their padding.
        let offsets = 56
        for (position, value) in [(0, -1), (1, -8), (1, .max), (1, .min), (2, .max), (2, 0)]
            as [(Int, Int64)]
        {
            var damaged = body
            damaged.setInteger(
                value, at: damaged.readerIndex + offsets + 8 * position, endianness: .little)
            #expect(throws: FlightError.self, "offset \(position) is \(value)") {
                _ = try RaftEntryBatch.decode(header: header, body: damaged, group: 1)
            }
        }
    }

    @Test func `a header with any bit flipped is refused or decoded and never traps`() {
        let (header, body) = RaftEntryBatch.encode(entries(1...3, term: 1), group: 1)
        var refusedCount = 0
        for damaged in flips(of: Array(header.readableBytesView)) {
            let entries = try? RaftEntryBatch.decode(
                header: ByteBuffer(bytes: damaged), body: body, group: 1)
            if entries == nil { refusedCount += 1 }
            #expect((entries?.count ?? 0) <= body.readableBytes)
        }
        #expect(refusedCount > 0)
    }

    @Test func `a body with any bit flipped is refused or decoded and never traps`() {
        let (header, body) = RaftEntryBatch.encode(entries(1...3, term: 1), group: 1)
        for damaged in flips(of: Array(body.readableBytesView)) {
            let entries = try? RaftEntryBatch.decode(
                header: header, body: ByteBuffer(bytes: damaged), group: 1)
            #expect(entries == nil || entries?.count == 3)
        }
    }

    @Test func `a header or body cut short anywhere is refused`() {
        let (header, body) = RaftEntryBatch.encode(entries(1...3, term: 1), group: 1)
        for count in 0..<header.readableBytes {
            #expect(throws: FlightError.self, "a header of \(count) bytes") {
                _ = try RaftEntryBatch.decode(
                    header: header.getSlice(at: 0, length: count) ?? header, body: body, group: 1)
            }
        }
        // The body ends with padding that may be missing.
        let needed = body.readableBytes - 7
        for count in 0..<needed {
            #expect(throws: FlightError.self, "a body of \(count) bytes") {
                _ = try RaftEntryBatch.decode(
                    header: header, body: body.getSlice(at: 0, length: count) ?? body, group: 1)
            }
        }
    }
}

@Suite("FlightData in an action")
struct SerializedFlightDataTests {
    private let sent = FlightData(
        descriptor: .path(["raft", "orders"]), dataHeader: ByteBuffer(string: "header"),
        appMetadata: ByteBuffer(string: "metadata"), dataBody: ByteBuffer(string: "body"))

    @Test func `a message arrives as it was serialized`() throws {
        let received = try FlightData(serialized: sent.serialized())
        #expect(received.descriptor == sent.descriptor)
        #expect(received.dataHeader == sent.dataHeader)
        #expect(received.appMetadata == sent.appMetadata)
        #expect(received.dataBody == sent.dataBody)
        let empty = try FlightData(serialized: FlightData().serialized())
        #expect(empty.descriptor == nil)
        #expect(empty.byteCount == 0)
    }

    @Test func `bytes with any bit flipped are refused or decoded and never trap`() {
        let bytes = Array(sent.serialized().readableBytesView)
        var refusedCount = 0
        for damaged in flips(of: bytes) {
            let received = try? FlightData(serialized: ByteBuffer(bytes: damaged))
            if received == nil { refusedCount += 1 }
            #expect((received?.byteCount ?? 0) <= bytes.count)
        }
        #expect(refusedCount > 0)
    }
}
