import Foundation
import MarbleArrow
import Testing

@Suite struct ArrowRowTests {
    enum Side: String, Codable, CaseIterable {
        case buy, sell
    }

    struct Place: Codable, Equatable {
        var name: String
        var floor: Int8?
    }

    struct Trade: Codable, Equatable {
        var id: Int64
        var symbol: String
        var price: Double?
        var side: Side
        var at: Date
        var tags: [String]
        var odds: [Float?]
        var place: Place?
        var counts: [String: Int]
        var blob: Data
        var bytes: [UInt8]
        var key: UUID
        var flag: Bool
        var count: UInt64
    }

    private static func trade(_ number: Int) -> Trade {
        let last = UInt8(number)
        let place = Place(name: "p", floor: number == 4 ? nil : -1)
        return Trade(
            id: Int64(number), symbol: "s\(number)", price: number == 2 ? nil : Double(number) / 4,
            side: number % 2 == 0 ? .buy : .sell,
            at: Date(timeIntervalSince1970: 1_700_000_000.25 - Double(number) * 1e9),
            tags: [String](repeating: "grüße", count: number), odds: [1.5, nil],
            place: number == 3 ? nil : place, counts: number == 0 ? [:] : ["a": number],
            blob: Data([1, 2, last]), bytes: [UInt8](repeating: 7, count: number),
            key: UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, last)),
            flag: number == 1, count: UInt64.max - UInt64(number))
    }

    private static let trades: [Trade] = (0..<5).map { trade($0) }

    @Test func `a schema is inferred from a type`() throws {
        let schema = try ArrowSchema(inferredFrom: Trade.self)
        let entries = ArrowType.struct([
            ArrowField("key", .utf8, nullable: false),
            ArrowField("value", .int64, nullable: false),
        ])
        let place = ArrowType.struct([
            ArrowField("name", .utf8, nullable: false), ArrowField("floor", .int8),
        ])
        let expected: [ArrowField] = [
            ArrowField("id", .int64, nullable: false),
            ArrowField("symbol", .utf8, nullable: false),
            ArrowField("price", .float64),
            ArrowField("side", .utf8, nullable: false),
            ArrowField("at", .timestamp(.microsecond, timezone: "UTC"), nullable: false),
            ArrowField("tags", .list(of: .utf8, nullable: false), nullable: false),
            ArrowField("odds", .list(of: .float32), nullable: false),
            ArrowField("place", place),
            ArrowField(
                "counts",
                .map(entries: ArrowField("entries", entries, nullable: false), keysSorted: false),
                nullable: false),
            ArrowField("blob", .binary, nullable: false),
            ArrowField("bytes", .binary, nullable: false),
            ArrowField("key", .utf8, nullable: false),
            ArrowField("flag", .bool, nullable: false),
            ArrowField("count", .uint64, nullable: false),
        ]
        #expect(schema == ArrowSchema(expected))
    }

    @Test func `rows become columns and rows again`() throws {
        let batch = try ArrowRowEncoder().encode(Self.trades)
        #expect(batch.rowCount == 5)
        #expect(batch.columns[2].isNull(2) && batch.columns[0].int64(at: 4) == 4)
        #expect(try ArrowRowDecoder().decode(Trade.self, from: batch) == Self.trades)
        let read = try ArrowIPC.roundTrip(batch)
        #expect(try ArrowRowDecoder().decode(Trade.self, from: read) == Self.trades)
        #expect(try ArrowRowEncoder().encode([Trade]()).rowCount == 0)
    }

    struct Small: Codable, Equatable {
        var a: Int
        var b: Int?
    }

    @Test func `a given schema decides about types, order and nulls`() throws {
        let schema = ArrowSchema([
            ArrowField("c", .utf8), ArrowField("b", .float64), ArrowField("a", .uint8),
        ])
        let rows = [Small(a: 255, b: 3), Small(a: 0, b: nil)]
        let batch = try ArrowRowEncoder(schema: schema).encode(rows)
        #expect(batch.schema == schema && batch.columns[0].nullCount == 2)
        #expect(batch.columns[1].double(at: 0) == 3 && batch.columns[1].isNull(1))
        #expect(batch.columns[2].uint64(at: 0) == 255)
        #expect(throws: ArrowError.self) { try ArrowRowDecoder().decode(Small.self, from: batch) }
    }

    @Test func `integers go to columns of floats, if they hold them exactly, and of months`() throws
    {
        for type in [ArrowType.float16, .float32, .float64] {
            let schema = ArrowSchema([
                ArrowField("a", type), ArrowField("b", .interval(.yearMonth)),
            ])
            let rows = [Small(a: 2048, b: 14), Small(a: -3, b: nil)]
            let batch = try ArrowRowEncoder(schema: schema).encode(rows)
            #expect(batch.columns[0].double(at: 0) == 2048 && batch.columns[0].double(at: 1) == -3)
            #expect(batch.columns[1].interval(at: 0) == ArrowInterval(months: 14))
            struct Read: Decodable {
                var a: Double
                var b: Int?
            }
            let read = try ArrowRowDecoder().decode(Read.self, from: batch)
            #expect(read.map(\.a) == [2048, -3] && read.map(\.b) == [14, nil])
        }
        for (type, number) in [
            (ArrowType.float16, 2049), (.float16, 1 << 16), (.float32, 1 << 24 + 1),
        ] {
            let inexact = error(
                [ArrowField("a", type), ArrowField("b", .int64)], [Small(a: number, b: 1)])
            #expect(inexact?.message.contains("\(number)") == true, "\(type)")
        }
        let decimal = error(
            [ArrowField("a", .decimal128(precision: 9, scale: 0)), ArrowField("b", .int64)],
            [Small(a: 1, b: 1)])
        #expect(decimal?.message.contains("\"a\" in row 0") == true)
    }

    private func error(_ schema: [ArrowField], _ rows: [Small]) -> ArrowError? {
        #expect(throws: ArrowError.self) {
            try ArrowRowEncoder(schema: ArrowSchema(schema)).encode(rows)
        }
    }

    @Test func `what doesn't fit is refused by row and column`() throws {
        let fits = Small(a: 1, b: 1)
        let large = error(
            [ArrowField("a", .int8), ArrowField("b", .int64)], [fits, Small(a: 128, b: 1)])
        #expect(large?.message.contains("\"a\" in row 1") == true, "\(String(describing: large))")
        #expect(large?.message.contains("128") == true)
        let missing = error([ArrowField("a", .int64)], [fits])
        #expect(missing?.message.contains("\"b\"") == true)
        let null = error(
            [ArrowField("a", .int64), ArrowField("b", .int64, nullable: false)],
            [Small(a: 1, b: nil)])
        #expect(null?.message.contains("\"b\" in row 0") == true)
        let text = error([ArrowField("a", .utf8), ArrowField("b", .int64)], [fits])
        #expect(text?.message.contains("string") == true)
        #expect([large, missing, null, text].allSatisfy { $0?.code == .invalidArgument })
    }

    @Test func `a batch that lacks a column or has another type is refused by name`() throws {
        let batch = try ArrowRowEncoder().encode([Small(a: 1 << 40, b: nil)])
        struct Other: Decodable {
            var a: Int32
        }
        let large = #expect(throws: ArrowError.self) {
            try ArrowRowDecoder().decode(Other.self, from: batch)
        }
        #expect(large?.message.contains("\"a\" in row 0") == true)
        struct More: Decodable {
            var z: String
        }
        let missing = #expect(throws: ArrowError.self) {
            try ArrowRowDecoder().decode(More.self, from: batch)
        }
        #expect(missing?.message.contains("\"z\"") == true)
        let null = try ArrowRowEncoder(
            schema: ArrowSchema([
                ArrowField("a", .int64), ArrowField("b", .int64),
            ])
        ).encode([Small(a: 1, b: nil)])
        struct Strict: Decodable {
            var b: Int
        }
        #expect(throws: ArrowError.self) { try ArrowRowDecoder().decode(Strict.self, from: null) }
    }

    struct Tree: Codable {
        var branches: [Tree]
    }

    enum Unlisted: String, Codable {
        case one
    }

    @Test func `a type that contains itself or can't be made from nothing needs a schema`() {
        let tree = #expect(throws: ArrowError.self) { try ArrowSchema(inferredFrom: Tree.self) }
        #expect(tree?.code == .unsupportedType)
        struct Row: Codable {
            var kind: Unlisted
        }
        let kind = #expect(throws: ArrowError.self) { try ArrowSchema(inferredFrom: Row.self) }
        #expect(kind?.code == .unsupportedType)
        #expect(throws: ArrowError.self) { try ArrowSchema(inferredFrom: Int.self) }
    }
}
