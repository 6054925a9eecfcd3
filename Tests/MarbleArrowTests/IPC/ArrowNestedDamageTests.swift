import Testing

@testable import MarbleArrow

/// Damaged bytes of nested columns and dictionaries are refused or read as something else, but never
/// trap: each test runs to its end.
@Suite struct ArrowNestedDamageTests {
    private let schema = Samples.schema(
        of: Samples.types.filter { !Samples.flatTypes.contains($0) })

    private struct Messages {
        var schema: ArrowSchema
        var headers: [[UInt8]]
        var bodies: [[UInt8]]
    }

    /// One after the other, so that each is tried on every kind of field.
    private static let masks: [UInt8] = [0xFF, 0x01, 0x80]

    private func messages(rowCount: Int) -> Messages {
        let batch = Samples.batch(rowCount: rowCount, schema: schema)
        var encoder = ArrowBatchEncoder(schema: schema)
        let encoded = encoder.encode(batch)
        return Messages(
            schema: encoder.schema, headers: encoded.map(\.header), bodies: encoded.map(\.body))
    }

    /// Reads all that there is, as a table would; says whether everything was accepted.
    private func isRead(_ messages: Messages, _ validation: ArrowValidation = .full) -> Bool {
        var dictionaries = ArrowDictionaries()
        for (header, body) in zip(messages.headers, messages.bodies) {
            let body = ArrowBuffer(body)
            switch try? ArrowIPC.decodeMessage(header: ArrowBuffer(header)) {
            case .dictionaryBatch(let header):
                guard
                    (try? dictionaries.read(
                        header, body: body, schema: messages.schema, validation: validation))
                        != nil
                else { return false }
            case .recordBatch(let header):
                guard
                    let batch = try? ArrowIPC.decodeRecordBatch(
                        header: header, body: body, schema: messages.schema,
                        dictionaries: &dictionaries, validation: validation)
                else { return false }
                // Values that weren't looked at may trap when they are read.
                if validation == .full { use(batch) }
            default: return false
            }
        }
        return true
    }

    private func use(_ batch: ArrowRecordBatch) {
        let seen = batch.slice(offset: 0, length: min(batch.rowCount, 16))
        for column in seen.columns {
            for row in 0..<column.length where column.byteCount < 1 << 20 {
                _ = column.value(at: row)
            }
        }
        if seen.byteCount < 1 << 20 { _ = try? seen.take(rows: 0..<seen.rowCount) }
    }

    @Test(arguments: [ArrowValidation.full, .structure])
    func `any byte of the metadata changed`(validation: ArrowValidation) {
        let good = messages(rowCount: 5)
        #expect(isRead(good, validation))
        var refused = 0
        for (message, header) in good.headers.enumerated() {
            for index in header.indices {
                var damaged = good
                damaged.headers[message][index] ^= Self.masks[index % 3]
                if !isRead(damaged, validation) { refused += 1 }
            }
        }
        #expect(refused > 200)
    }

    @Test func `any byte of the values changed`() {
        let good = messages(rowCount: 5)
        var refused = 0
        for (message, body) in good.bodies.enumerated() {
            for index in body.indices {
                var damaged = good
                damaged.bodies[message][index] ^= Self.masks[index % 3]
                if !isRead(damaged) { refused += 1 }
            }
        }
        #expect(refused > 200)
    }

    @Test func `a schema with any byte changed, or cut off anywhere`() {
        let message = ArrowIPC.encodeSchema(schema)
        var refused = 0
        for index in message.indices {
            var damaged = message
            damaged[index] ^= Self.masks[index % 3]
            if (try? ArrowIPC.decodeMessage(header: ArrowBuffer(damaged))) == nil { refused += 1 }
        }
        for count in 0..<message.count - 4 {
            let cut = ArrowBuffer(Array(message[..<count]))
            #expect(throws: ArrowError.self) { try ArrowIPC.decodeMessage(header: cut) }
        }
        #expect(refused > message.count / 8)
    }

    @Test func `types nested too deep are refused when a schema is read`() {
        let deep = (0..<70).reduce(ArrowType.int8) { type, _ in .list(of: type) }
        let schema = ArrowSchema(
            checked: [ArrowField("deep", deep)], metadata: [:], dictionaryIDs: nil)
        let error = #expect(throws: ArrowError.self) {
            try ArrowIPC.decodeMessage(header: ArrowBuffer(ArrowIPC.encodeSchema(schema)))
        }
        #expect(error?.code == .limitExceeded && error?.message.contains("deep") == true)
    }
}
