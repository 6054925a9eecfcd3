import MarbleJSON
import NIOCore
import Testing

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws(JSONError) -> JSONValue {
        try JSONValue(parsing: ByteBuffer(string: text), subject: "the text")
    }

    @Test func `values of every kind are read`() throws {
        let text = #" {"a": [1, -2.5e1, true, false, null], "b\n\u00e9\ud83d\ude00": "x\"\\/"} "#
        #expect(
            try parse(text)
                == .object([
                    JSONMember(
                        "a",
                        .array([.integer(1), .number(-25), .bool(true), .bool(false), .null])),
                    JSONMember("b\né😀", .string("x\"\\/")),
                ]))
        #expect(try parse("9223372036854775807") == .integer(.max))
        #expect(try parse("9223372036854775808") == .number(9223372036854775808))
    }

    @Test(arguments: [
        "", " ", "{", "}", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01", "-",
        "1.", "1e", "+1", "tru", "nul", "\"", "\"\\", "\"\\u12\"", "\"\\ud800\"", "\"\\x\"",
        "\"\n\"", "1 1", "{\"a\":1,\"a\":2}", "1e999", "NaN",
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test func `deep nesting is refused`() {
        #expect(throws: JSONError.self) {
            try parse(String(repeating: "[", count: 100_000))
        }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(throws: JSONError.self) {
            try JSONValue(
                parsing: ByteBuffer(bytes: [0x22, 0xFF, 0x22]), subject: "the text")
        }
    }

    @Test func `quoted text is read back`() throws {
        let text = "a\"\\\n\r\t\u{1}é😀/"
        #expect(try parse(JSONValue.quoted(text)) == .string(text))
    }

    @Test func `an unknown key is named`() throws {
        var reader = try JSONObjectReader(try parse(#"{"a": 1, "tabel": "x"}"#), subject: "it")
        #expect(try reader.count("a") == 1)
        let error = #expect(throws: JSONError.self) { try reader.finish() }
        #expect(error?.message.contains("\"tabel\"") == true)
    }

    @Test func `an object's members are had as they are written`() throws {
        let text = ByteBuffer(string: #" {"a" : [1, 2.50] , "b":{"c": "}"},"d":1e400e} "#)
        #expect(throws: JSONError.self) { try JSONValue.memberTexts(text, subject: "it") }
        let good = ByteBuffer(string: #" {"a" : [1, 2.50] , "b":{"c": "}"}} "#)
        let members = try JSONValue.memberTexts(good, subject: "it")
        #expect(members.map(\.key) == ["a", "b"])
        #expect(members.map { String(buffer: $0.text) } == ["[1, 2.50]", #"{"c": "}"}"#])
    }

    @Test(arguments: ["[1]", "", "{} x", "{\"a\":1,\"a\":2}"])
    func `only an object has members`(text: String) {
        #expect(throws: JSONError.self) {
            try JSONValue.memberTexts(ByteBuffer(string: text), subject: "it")
        }
    }
}
