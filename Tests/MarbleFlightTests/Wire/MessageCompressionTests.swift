import NIOCore
import Testing

@testable import MarbleFlight

struct MessageCompressionTests {
    private static let budget = BufferBudget(byteCountMax: 64 << 20)

    private func frames(
        _ messages: [FlightData], _ compression: FlightCompression
    ) -> ByteBuffer {
        var outgoing = OutgoingMessages()
        outgoing.startCompressing(compression)
        for message in messages { outgoing.append(message, as: .flightData) }
        let byteCount = outgoing.byteCount
        var bytes = ByteBuffer()
        for buffer in outgoing.take() { bytes.writeImmutableBuffer(buffer) }
        #expect(bytes.readableBytes == byteCount)
        return bytes
    }

    private func assembler(
        _ compression: FlightCompression, byteCountMax: Int = 16 << 20,
        budget: BufferBudget = budget
    ) -> MessageAssembler {
        var assembler = MessageAssembler(messageByteCountMax: byteCountMax, budget: budget)
        assembler.compression = compression
        return assembler
    }

    private static let texts = ["", "a", String(repeating: "marble ", count: 30_000)]

    @Test(arguments: FlightCompression.allCases, [1, 3, 1000, 1 << 20])
    func `messages survive compression, whatever chunks they come in`(
        compression: FlightCompression, chunkByteCount: Int
    ) {
        let messages = Self.texts.map {
            FlightData(
                dataHeader: ByteBuffer(string: "h"), dataBody: ByteBuffer(string: $0))
        }
        var bytes = frames(messages, compression)
        var assembler = assembler(compression)
        var decoded: [FlightData] = []
        while let chunk = bytes.readSlice(length: min(chunkByteCount, bytes.readableBytes)),
            chunk.readableBytes > 0
        {
            #expect(assembler.append(chunk, kind: .flightData, messages: &decoded) == nil)
        }
        #expect(decoded.map { String(buffer: $0.dataBody) } == Self.texts)
        #expect(!assembler.hasPartialMessage)
        assembler.reset()
    }

    @Test(arguments: [FlightCompression.gzip, .deflate])
    func `what becomes smaller is compressed, what doesn't stays as it is`(
        compression: FlightCompression
    ) {
        let long = FlightData(dataBody: ByteBuffer(repeating: 1, count: 100_000))
        let bytes = frames([long], compression)
        #expect(bytes.readableBytes < 2000)
        #expect(bytes.readableBytesView.first == 1)
        let random = (0..<5000).map { _ in UInt8.random(in: 0...255) }
        let incompressible = FlightData(dataBody: ByteBuffer(bytes: random))
        #expect(frames([incompressible], compression).readableBytesView.first == 0)
    }

    @Test func `a compressed message may have the limit and not one byte more`() {
        let message = FlightData(dataBody: ByteBuffer(repeating: 1, count: 100_000))
        let bytes = frames([message], .gzip)
        let whole = message.serialized().readableBytes
        var decoded: [FlightData] = []
        var exact = assembler(.gzip, byteCountMax: whole)
        #expect(exact.append(bytes, kind: .flightData, messages: &decoded) == nil)
        #expect(decoded.first?.dataBody == message.dataBody)
        var tooShort = assembler(.gzip, byteCountMax: whole - 1)
        let error = tooShort.append(bytes, kind: .flightData, messages: &decoded)
        #expect(error?.code == .resourceExhausted)
        #expect(error?.message.contains("\(whole - 1)") == true)
        exact.reset()
    }

    @Test func `many small messages that stand for much wait until those before are taken`() {
        let budget = BufferBudget(byteCountMax: 64 << 20)
        let message = FlightData(dataBody: ByteBuffer(repeating: 0, count: 900_000))
        let bytes = frames(Array(repeating: message, count: 50), .gzip)
        #expect(bytes.readableBytes < 256 << 10)
        var assembler = assembler(.gzip, budget: budget)
        var decoded: [FlightData] = []
        #expect(assembler.append(bytes, kind: .flightData, messages: &decoded) == nil)
        var count = 0
        while !decoded.isEmpty {
            #expect(decoded.count <= 2)
            #expect(budget.usedByteCount <= 2 * 901_000)
            count += decoded.count
            decoded.removeAll()
            assembler.decompressedTaken()
            #expect(assembler.resume(kind: .flightData, messages: &decoded) == nil)
        }
        #expect(count == 50)
        #expect(!assembler.hasWaitingMessages)
        #expect(budget.usedByteCount == 0)
    }

    @Test func `what is decompressed and not taken counts against the budget`() {
        let budget = BufferBudget(byteCountMax: 1 << 20)
        let message = FlightData(dataBody: ByteBuffer(repeating: 0, count: 900_000))
        let bytes = frames([message, message], .gzip)
        var assembler = assembler(.gzip, budget: budget)
        var decoded: [FlightData] = []
        let error = assembler.append(bytes, kind: .flightData, messages: &decoded)
        #expect(error?.code == .resourceExhausted)
        #expect(budget.usedByteCount == 0)
    }

    @Test func `the flag without an encoding, and a flag that doesn't exist, are internal errors`()
    {
        for (flag, compression) in [(1, FlightCompression.identity), (2, .gzip)] {
            var assembler = assembler(compression)
            var decoded: [FlightData] = []
            let bytes = ByteBuffer(bytes: [UInt8(flag), 0, 0, 0, 1, 0])
            let error = assembler.append(bytes, kind: .flightData, messages: &decoded)
            #expect(error?.code == .internal)
        }
    }

    @Test(arguments: [FlightCompression.gzip, .deflate])
    func `what isn't compressed as it says is an internal error, and never traps`(
        compression: FlightCompression
    ) {
        let valid = frames(
            [FlightData(dataBody: ByteBuffer(string: (0..<500).map(String.init).joined()))],
            compression)
        let content = Array(valid.readableBytesView.dropFirst(5))
        var broken: [[UInt8]] = [[], [0], Array("not compressed at all".utf8)]
        broken.append(Array(content.dropLast()))
        broken.append(content + [0])
        for index in content.indices {
            var changed = content
            changed[index] ^= 0x55
            broken.append(changed)
        }
        var errorCount = 0
        for bytes in broken {
            var frame = ByteBuffer()
            frame.writeMultipleIntegers(UInt8(1), UInt32(bytes.count))
            frame.writeBytes(bytes)
            var assembler = assembler(compression)
            var decoded: [FlightData] = []
            let error = assembler.append(frame, kind: .flightData, messages: &decoded)
            if error != nil { errorCount += 1 }
            #expect(error == nil || error?.code == .internal)
            assembler.reset()
        }
        // A gzip header has bytes that mean nothing here, such as the time.
        #expect(errorCount >= broken.count - 8)
    }

    @Test func `an encoding is found in lists as HTTP writes them`() {
        #expect(FlightCompression.gzip.isAccepted(by: ["identity, deflate ,gzip"]))
        #expect(FlightCompression.gzip.isAccepted(by: ["identity", "gzip"]))
        #expect(!FlightCompression.gzip.isAccepted(by: ["identity,xgzip"]))
        #expect(FlightCompression.identity.isAccepted(by: []))
    }
}
