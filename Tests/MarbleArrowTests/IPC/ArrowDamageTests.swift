import MarbleArrow
import Testing

/// Damaged bytes are refused or read as something else, but never trap: each test runs to its end.
@Suite struct ArrowDamageTests {
    private let schema = ArrowSchema(
        [
            ArrowField("id", .int64, nullable: false), ArrowField("text", .utf8),
            ArrowField("flag", .bool), ArrowField("blob", .largeBinary),
            ArrowField("at", .timestamp(.microsecond, timezone: "Europe/Amsterdam")),
            ArrowField("amount", .decimal128(precision: 20, scale: 2), metadata: ["k": "v"]),
        ], metadata: ["primary_key": "id"])

    private func batch() -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(schema: schema)
        for row in 0..<10 {
            builder.columns[0].append(row)
            builder.columns[1].append("grüße \(row)")
            if row % 3 == 0 {
                builder.columns[2].appendNull()
            } else {
                builder.columns[2].append(true)
            }
            builder.columns[3].append([UInt8](repeating: 1, count: row))
            builder.columns[4].append(row)
            builder.columns[5].append(decimal: Int128(row))
        }
        return builder.finish()
    }

    /// Reads all that there is, as a table would; says whether the batch was accepted.
    private func isRead(_ header: [UInt8], _ body: [UInt8]) -> Bool {
        guard
            let batch = try? ArrowIPC.decodeRecordBatch(
                header: ArrowBuffer(header), body: ArrowBuffer(body), schema: schema)
        else { return false }
        // Rows beyond these were checked too, and printing a million of them tells no more.
        let seen = batch.slice(offset: 0, length: min(batch.rowCount, 64))
        return !Canonical.text(schema, [seen]).isEmpty
    }

    private static let masks: [UInt8] = [0xFF, 0x01, 0x80, 0x10]

    @Test func `a record batch with any byte of its metadata changed`() {
        let encoded = ArrowIPC.encodeRecordBatch(batch())
        let body = encoded.body
        #expect(isRead(encoded.header, body))
        var refused = 0
        for index in encoded.header.indices {
            for mask in Self.masks {
                var header = encoded.header
                header[index] ^= mask
                if !isRead(header, body) { refused += 1 }
            }
        }
        #expect(refused > encoded.header.count)
    }

    @Test func `a record batch with any byte of its body changed`() {
        let encoded = ArrowIPC.encodeRecordBatch(batch())
        var refused = 0
        for index in encoded.body.indices {
            for mask in Self.masks {
                var body = encoded.body
                body[index] ^= mask
                if !isRead(encoded.header, body) { refused += 1 }
            }
        }
        #expect(refused > 40)
    }

    @Test func `a record batch cut off anywhere is refused`() {
        let encoded = ArrowIPC.encodeRecordBatch(batch())
        for count in encoded.header.indices {
            #expect(!isRead(Array(encoded.header[..<count]), encoded.body))
        }
        for count in encoded.body.indices {
            #expect(!isRead(encoded.header, Array(encoded.body[..<count])))
        }
    }

    @Test func `a schema with any byte changed, or cut off anywhere`() {
        let message = ArrowIPC.encodeSchema(schema)
        var refused = 0
        for index in message.indices {
            for mask in Self.masks {
                var damaged = message
                damaged[index] ^= mask
                if (try? ArrowIPC.decodeMessage(header: ArrowBuffer(damaged))) == nil {
                    refused += 1
                }
            }
        }
        // The last name's terminating zero and padding tell nothing, so they aren't missed.
        for count in 0..<message.count - 4 {
            let cut = ArrowBuffer(Array(message[..<count]))
            #expect(throws: ArrowError.self) { try ArrowIPC.decodeMessage(header: cut) }
        }
        #expect(refused > message.count / 2)
    }

    @Test func `messages with many bytes changed at once`() {
        var random = FixedRandom(state: 4)
        let encoded = ArrowIPC.encodeRecordBatch(batch())
        let message = ArrowIPC.encodeSchema(schema)
        for _ in 0..<3_000 {
            var header = encoded.header
            var damaged = message
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                header[Int.random(in: header.indices, using: &random)] = random.interestingByte()
                damaged[Int.random(in: damaged.indices, using: &random)] = random.interestingByte()
            }
            _ = isRead(header, encoded.body)
            _ = try? ArrowIPC.decodeMessage(header: ArrowBuffer(damaged))
        }
    }

    @Test func `random bytes are no message`() {
        var random = FixedRandom(state: 5)
        for _ in 0..<3_000 {
            let count = Int.random(in: 0..<200, using: &random)
            let bytes = ArrowBuffer((0..<count).map { _ in random.interestingByte() })
            #expect(throws: ArrowError.self) { try ArrowIPC.decodeMessage(header: bytes) }
        }
    }

    @Test func `metadata that refers to one long text many times is refused`() {
        let name = String(repeating: "x", count: 10_000)
        let fields = (0..<100).map { ArrowField($0 == 0 ? name : "c", .int64) }
        var message = ArrowIPC.encodeSchema(ArrowSchema(fields))
        // Let every short name point to the long one, as a hostile writer could.
        let long = message.indices.first { index in
            index + 4 < message.count && message[index] == 0x10 && message[index + 1] == 0x27
                && message[index + 4] == 0x78
        }
        guard let long else {
            Issue.record("the long name is not in the message")
            return
        }
        let shorts = message.indices.dropLast(5).filter {
            message[$0...].starts(with: [1, 0, 0, 0, 0x63, 0])
        }
        #expect(shorts.count == 99)
        for position in stride(from: 0, to: message.count - 3, by: 4) {
            let value = (0..<4).reduce(0) { $0 | Int(message[position + $1]) << (8 * $1) }
            guard shorts.contains(position + value), long > position else { continue }
            for byte in 0..<4 {
                message[position + byte] = UInt8(
                    truncatingIfNeeded: (long - position) >> (8 * byte))
            }
        }
        let error = #expect(throws: ArrowError.self) {
            try ArrowIPC.decodeMessage(header: ArrowBuffer(message))
        }
        #expect(error?.code == .limitExceeded)
    }
}

extension FixedRandom {
    /// A byte of the kind that breaks readers: small, huge, or negative numbers' ends.
    fileprivate mutating func interestingByte() -> UInt8 {
        switch next() % 4 {
        case 0: 0
        case 1: 0xFF
        case 2: UInt8(next() % 16)
        default: UInt8(next() % 256)
        }
    }
}
