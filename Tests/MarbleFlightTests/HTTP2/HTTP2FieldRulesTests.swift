import NIOHPACK
import Testing

@testable import MarbleFlight

/// What a message's fields must look like (RFC 9113, 8.2 and 8.3).
struct HTTP2FieldRulesTests {
    private static let request = [
        (":method", "POST"), (":scheme", "http"), (":path", "/x"), (":authority", "h"),
    ]

    @Test func `messages as they must be are let through`() {
        let more = [
            ("te", "trailers"), ("x-a!#$%&'*+-.^_`|~9", "\tany \u{FF} text"), ("empty", ""),
        ]
        #expect(violation(Self.request + more, .request) == nil)
        #expect(violation(Array(Self.request.dropLast()), .request) == nil)
        #expect(violation([(":method", "CONNECT"), (":authority", "h:1")], .request) == nil)
        #expect(violation([(":status", "200"), ("grpc-status", "0")], .response) == nil)
        #expect(violation([("grpc-status", "0")], .trailers) == nil)
    }

    @Test(arguments: [
        ("Upper", "a"), ("", "a"), ("sp ace", "a"), ("nul\0", "a"), ("colon:", "a"), ("é", "a"),
        ("a", "line\r"), ("a", "line\n"), ("a", "nul\0"),
        ("connection", "close"), ("transfer-encoding", "chunked"), ("keep-alive", "1"),
        ("proxy-connection", "a"), ("upgrade", "h2c"), ("te", "gzip"),
        (":path", "/y"), (":unknown", "a"), (":status", "200"),
    ])
    func `a field that can't be there is found`(name: String, value: String) {
        let fields = name.hasPrefix(":") ? Self.request + [(name, value)] : Self.request
        #expect(violation(fields + [(name, value)], .request) != nil)
    }

    @Test(arguments: 0..<3)
    func `a request lacks nothing that it needs`(index: Int) {
        var fields = Self.request
        fields.remove(at: index)
        #expect(violation(fields, .request) != nil)
    }

    @Test(arguments: [
        (":method", ""), (":path", ""), (":path", "/a b"), (":path", "/\r"),
        (":authority", "\u{7F}"),
    ])
    func `what begins a request has no spaces`(name: String, value: String) {
        let fields = Self.request.map { $0.0 == name ? (name, value) : $0 }
        let isRefused = violation(fields, .request) != nil
        #expect(isRefused == (name != ":method"))
    }

    @Test func `each kind has its own`() {
        #expect(violation([("a", "b"), (":status", "200")], .response) != nil)
        #expect(violation([("a", "b")], .response) != nil)
        #expect(violation(Self.request, .response) != nil)
        #expect(violation([(":status", "200")], .trailers) != nil)
        #expect(violation(Self.request + [(":scheme", "http")], .request) != nil)
        let connect = [(":method", "CONNECT"), (":authority", "h:1"), (":path", "/")]
        #expect(violation(connect, .request) != nil)
    }

    private func violation(
        _ fields: [(String, String)], _ kind: HTTP2FieldRules.Kind
    ) -> String? {
        HTTP2FieldRules.violation(of: HPACKHeaders(fields), as: kind)
    }
}
