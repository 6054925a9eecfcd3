import NIOCore
import Testing

@testable import MarbleFlight

struct MessageAssemblerTests {
    private func encode(_ messages: [FlightData]) -> ByteBuffer {
        var outgoing = OutgoingMessages()
        for message in messages { outgoing.append(message, as: .flightData) }
        var bytes = ByteBuffer()
        let byteCount = outgoing.byteCount
        for buffer in outgoing.take() { bytes.writeImmutableBuffer(buffer) }
        #expect(bytes.readableBytes == byteCount)
        return bytes
    }

    private let messages = [
        FlightData(), FlightData(appMetadata: ByteBuffer(string: "m")),
        FlightData(
            descriptor: .path(["a", ""]), dataHeader: ByteBuffer(string: "h"),
            dataBody: ByteBuffer(repeating: 9, count: 300)),
        FlightData(descriptor: .command(ByteBuffer())),
        FlightData(dataBody: ByteBuffer(repeating: 8, count: 100_000)),
        FlightData(appMetadata: ByteBuffer(string: "end")),
    ]

    private let large = (64 << 10)...Int.max

    private func check(_ decoded: [FlightData]) {
        #expect(decoded.count == messages.count)
        for (ours, theirs) in zip(messages, decoded) {
            #expect(ours.descriptor == theirs.descriptor)
            #expect(ours.dataHeader == theirs.dataHeader)
            #expect(ours.appMetadata == theirs.appMetadata)
            #expect(ours.dataBody == theirs.dataBody)
        }
    }

    @Test(arguments: [1, 2, 3, 5, 7, 64, 4096, 1 << 20])
    func `messages are put together from chunks of any size`(chunkByteCount: Int) {
        var bytes = encode(messages)
        let budget = BufferBudget(byteCountMax: 1 << 30)
        var assembler = MessageAssembler(messageByteCountMax: 1 << 20, budget: budget)
        var decoded: [FlightData] = []
        while bytes.readableBytes > 0 {
            let count = min(chunkByteCount, bytes.readableBytes)
            guard let chunk = bytes.readSlice(length: count) else { break }
            #expect(assembler.append(chunk, kind: .flightData, messages: &decoded) == nil)
        }
        check(decoded)
        #expect(!assembler.hasPartialMessage)
        #expect(budget.usedByteCount == 0)
    }

    @Test(arguments: [100, 200_000])
    func `a large chunk is held by its messages, a small one is not`(bodyByteCount: Int) throws {
        let chunk = encode([FlightData(dataBody: ByteBuffer(repeating: 7, count: bodyByteCount))])
        var assembler = MessageAssembler(
            messageByteCountMax: 1 << 20, budget: BufferBudget(byteCountMax: 1 << 20))
        var decoded: [FlightData] = []
        #expect(assembler.append(chunk, kind: .flightData, messages: &decoded) == nil)
        let message = try #require(decoded.first)
        let isInside = chunk.withUnsafeReadableBytes { chunk in
            message.dataBody.withUnsafeReadableBytes { body in
                guard let start = chunk.baseAddress, let address = body.baseAddress else {
                    return false
                }
                return address >= start && address < start + chunk.count
            }
        }
        #expect(isInside == (bodyByteCount > 64 << 10))
        #expect(message.dataBody.readableBytes == bodyByteCount)
    }

    @Test(arguments: [70_000, 1 << 20, (5 << 20) + 1])
    func `a large message is read to where it belongs`(bodyByteCount: Int) {
        let values = (0..<bodyByteCount).map { UInt8(truncatingIfNeeded: $0 % 251) }
        let body = ByteBuffer(bytes: values)
        let next = encode([FlightData(dataBody: ByteBuffer(string: "next"))])
        var bytes = encode([FlightData(appMetadata: ByteBuffer(string: "m"), dataBody: body)])
        bytes.writeImmutableBuffer(next)
        let budget = BufferBudget(byteCountMax: 1 << 30)
        var assembler = MessageAssembler(messageByteCountMax: 1 << 30, budget: budget)
        var decoded: [FlightData] = []
        #expect(assembler.fill(large) { _ in 1 } == 0, "no message has begun")
        let begin = bytes.readSlice(length: 100) ?? ByteBuffer()
        #expect(assembler.append(begin, kind: .flightData, messages: &decoded) == nil)
        #expect(assembler.fill((2 * bodyByteCount)...(.max)) { _ in 1 } == 0, "a little is copied")
        while bytes.readableBytes - next.readableBytes >= 64 << 10 {
            let filled = assembler.fill(large) { place in
                let byteCount = min(place.count, bytes.readableBytes, 1 << 18)
                let part = bytes.readSlice(length: byteCount) ?? ByteBuffer()
                part.withUnsafeReadableBytes { place.copyMemory(from: $0) }
                return byteCount
            }
            #expect(filled > 0)
            let error = assembler.append(ByteBuffer(), kind: .flightData, messages: &decoded)
            #expect(error == nil)
        }
        #expect(assembler.append(bytes, kind: .flightData, messages: &decoded) == nil)
        #expect(decoded.map(\.dataBody) == [body, ByteBuffer(string: "next")])
        #expect(budget.usedByteCount == 0)
    }

    @Test(arguments: [1 << 20, 3 << 20])
    func `a large message has all of its memory as soon as a quarter is there`(
        bodyByteCount: Int
    ) {
        let budget = BufferBudget(byteCountMax: 1 << 30)
        var assembler = MessageAssembler(messageByteCountMax: 1 << 30, budget: budget)
        var message = ByteBuffer()
        message.writeMultipleIntegers(UInt8(0), UInt32(bodyByteCount))
        message.writeRepeatingByte(0, count: bodyByteCount / 4)
        var messages: [FlightData] = []
        #expect(assembler.append(message, kind: .whole, messages: &messages) == nil)
        #expect(budget.usedByteCount == bodyByteCount + 5)
    }

    @Test func `nothing is read beyond the memory for a message`() {
        var bytes = encode([FlightData(dataBody: ByteBuffer(repeating: 7, count: 3 << 20))])
        let budget = BufferBudget(byteCountMax: 1 << 21)
        var assembler = MessageAssembler(messageByteCountMax: 1 << 30, budget: budget)
        var decoded: [FlightData] = []
        let begin = bytes.readSlice(length: 100) ?? ByteBuffer()
        #expect(assembler.append(begin, kind: .flightData, messages: &decoded) == nil)
        var arrived = 100
        while true {
            let filled = assembler.fill(large) { $0.count }
            guard filled > 0 else { break }
            arrived += filled
            #expect(budget.usedByteCount <= budget.byteCountMax)
        }
        #expect(arrived < 3 << 20)
        #expect(assembler.partialByteCount == arrived)
        let rest = ByteBuffer(repeating: 7, count: 1 << 20)
        let error = assembler.append(rest, kind: .flightData, messages: &decoded)
        #expect(error?.code == .resourceExhausted)
        #expect(budget.usedByteCount == 0)
    }

    @Test func `a claimed length is not allocated before its bytes arrive`() {
        let budget = BufferBudget(byteCountMax: 1 << 40)
        var assembler = MessageAssembler(messageByteCountMax: 1 << 31, budget: budget)
        var decoded: [FlightData] = []
        let start = ByteBuffer(bytes: [0, 0x7F, 0xFF, 0xFF, 0xFF, 1, 2, 3])
        #expect(assembler.append(start, kind: .flightData, messages: &decoded) == nil)
        #expect(budget.usedByteCount == (1 << 20) + (64 << 10))
        assembler.reset()
        #expect(budget.usedByteCount == 0)
    }

    @Test func `no bytes of any kind trap`() {
        var generator = SystemRandomNumberGenerator()
        let valid = encode(messages)
        for round in 0..<2000 {
            var bytes = valid
            for _ in 0...(round % 4) {
                let index = Int.random(in: 0..<500, using: &generator)
                bytes.setInteger(UInt8.random(in: 0...255, using: &generator), at: index)
            }
            var assembler = MessageAssembler(
                messageByteCountMax: 1 << 20, budget: BufferBudget(byteCountMax: 1 << 21))
            var decoded: [FlightData] = []
            _ = assembler.append(bytes, kind: .flightData, messages: &decoded)
            assembler.reset()
        }
    }

    @Test func `a big body is handed on without a copy`() {
        let body = ByteBuffer(repeating: 1, count: 100_000)
        var outgoing = OutgoingMessages()
        outgoing.append(FlightData(dataBody: body), as: .flightData)
        let address = body.withUnsafeReadableBytes { $0.baseAddress }
        let addresses = outgoing.take().map { $0.withUnsafeReadableBytes { $0.baseAddress } }
        #expect(addresses.contains(address))
    }
}
