import MarbleJSON
import NIOCore
import Testing

@Suite struct JSONWriterTests {
    @Test func `what is written is read back`() throws {
        let text = JSONWriter.object { writer in
            writer.member("text", "a\"b\\c\nd\u{1}é")
            writer.member("number", UInt64.max)
            writer.member("flag", true)
            writer.key("nothing")
            writer.null()
            writer.key("list")
            writer.array([1, 2]) { $0.value($1) }
            writer.key("empty")
            writer.object { _ in }
        }
        let value = try JSONValue(parsing: text, subject: "the text")
        #expect(value["text"] == .string("a\"b\\c\nd\u{1}é"))
        #expect(value["flag"] == .bool(true))
        #expect(value["nothing"] == .null)
        #expect(value["list"] == .array([.integer(1), .integer(2)]))
        #expect(value["empty"] == .object([]))
        #expect(String(buffer: text).contains("\"number\":18446744073709551615"))
    }
}
