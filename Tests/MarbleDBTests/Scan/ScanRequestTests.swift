import MarbleDB
import NIOCore
import Testing

@Suite struct ScanRequestTests {
    private func parse(_ text: String) throws -> ScanRequest {
        try ScanRequest(json: ByteBuffer(string: text))
    }

    @Test func `a ticket says all that a scan can be asked for`() throws {
        let request = try parse(
            """
            {"table": "t", "columns": ["a", "b"], "order": "-key", "limit": 10, "offset": 3,
             "consistency": "stale", "max_staleness_ms": 500, "index": 42}
            """)
        #expect(request.table == "t")
        #expect(request.columns == ["a", "b"])
        #expect(request.order == .keyDescending)
        #expect(request.limit == 10)
        #expect(request.offset == 3)
        #expect(request.consistency == .stale)
        #expect(request.maxStaleness == .milliseconds(500))
        #expect(request.index == 42)
        #expect(try parse(request.json) == request)
        let plain = try parse(#"{"table": "a\"b"}"#)
        #expect(plain == ScanRequest(table: "a\"b"))
        #expect(try parse(plain.json) == plain)
    }

    @Test(arguments: [
        (#"{"columns": []}"#, "\"table\""), (#"{"table": "t", "limti": 1}"#, "limti"),
        (#"{"tabel": "t"}"#, "tabel"),
        (#"{"table": 1}"#, "table"), (#"{"table": "t", "limit": -1}"#, "limit"),
        (#"{"table": "t", "limit": 1.5}"#, "limit"), (#"{"table": "t", "order": "id"}"#, "order"),
        (#"{"table": "t", "consistency": "strong"}"#, "consistency"),
        (#"{"table": "t", "columns": "a"}"#, "columns"),
        (#"{"table": "t", "columns": [1]}"#, "columns"),
        (#"{"table": "t", "max_staleness_ms": 5}"#, "max_staleness_ms"), ("table", "ticket"),
    ])
    func `a ticket that makes no sense is refused by name`(text: String, name: String) {
        let error = #expect(throws: DatabaseError.self) { try parse(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(name) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: ["where", "as_of"])
    func `what isn't supported is said to be so`(key: String) {
        let error = #expect(throws: DatabaseError.self) {
            try parse(#"{"table": "t", "\#(key)": 1}"#)
        }
        #expect(error?.code == .unimplemented)
        #expect(error?.message.contains(key) == true)
    }
}
