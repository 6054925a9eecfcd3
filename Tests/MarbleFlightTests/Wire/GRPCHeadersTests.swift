import NIOCore
import NIOHPACK
import Testing

@testable import MarbleFlight

struct GRPCHeadersTests {
    @Test(arguments: ["", "plain", "Grüße 100 % \n\u{0}", "%41", "日本語"])
    func `a status message survives percent encoding`(text: String) {
        let encoded = PercentEncoding.encode(text)
        #expect(encoded.utf8.allSatisfy { $0 >= 0x20 && $0 <= 0x7E })
        #expect(PercentEncoding.decode(encoded) == text)
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5])
    func `a status message that peers wouldn't take is cut, behind a whole character`(
        start: Int
    ) {
        let text = String(repeating: "x", count: start) + String(repeating: "ü", count: 5000)
        let headers = HPACKHeaders(status: FlightError(.internal, text))
        let message = headers.first(name: "grpc-message") ?? ""
        #expect((4080...4096).contains(message.utf8.count))
        let decoded = PercentEncoding.decode(message)
        #expect(decoded.last == "…")
        #expect(text.hasPrefix(decoded.dropLast()))
        let whole = String(repeating: "x", count: 4096)
        #expect(PercentEncoding.encode(whole, byteCountMax: 4096) == whole)
    }

    @Test func `what isn't percent encoding stays as it is`() {
        #expect(PercentEncoding.decode("100%") == "100%")
        #expect(PercentEncoding.decode("%4") == "%4")
        #expect(PercentEncoding.decode("%zz%41") == "%zzA")
    }

    @Test(
        arguments: [
            ("", []), ("Zg", [102]), ("Zg==", [102]), ("Zm8", [102, 111]),
            ("Zm9v", [102, 111, 111]),
        ] as [(String, [UInt8])])
    func `base64 is read with and without padding`(text: String, bytes: [UInt8]) {
        #expect(Base64.decode(text) == bytes)
        #expect(Base64.encode(bytes) == text.replacing("=", with: ""))
    }

    @Test(arguments: ["Z", "Zg=a", "Z g", "ü"])
    func `what isn't base64 is nothing`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: [
        TimeAmount.nanoseconds(1), .microseconds(5), .seconds(30), .hours(5), .hours(90_000),
    ])
    func `a timeout that is sent is the timeout that is read`(timeout: TimeAmount) {
        #expect(GRPCTimeout.decode(GRPCTimeout.encode(timeout)) == timeout)
    }

    @Test(arguments: ["", "5", "S", "-1S", "+1S", "123456789S", "1x", " 1S"])
    func `what isn't a timeout is nothing`(text: String) {
        #expect(GRPCTimeout.decode(text) == nil)
    }

    @Test func `an unknown status number is UNKNOWN, a missing one too`() {
        #expect(HPACKHeaders([("grpc-status", "99")]).callStatus()?.code == .unknown)
        #expect(HPACKHeaders().callStatus()?.code == .unknown)
        #expect(HPACKHeaders([("grpc-status", "0")]).callStatus() == nil)
    }

    @Test func `an answer that isn't gRPC names its HTTP status`() {
        let headers = HPACKHeaders([(":status", "404")])
        #expect(headers.responseRefusal()?.code == .unimplemented)
        #expect(headers.responseRefusal()?.message.contains("404") == true)
        let answer = HPACKHeaders([(":status", "200"), ("content-type", "application/grpc+proto")])
        #expect(answer.responseRefusal() == nil)
    }

    @Test(arguments: [
        ("400", FlightStatusCode.internal), ("401", .unauthenticated), ("403", .permissionDenied),
        ("404", .unimplemented), ("429", .unavailable), ("502", .unavailable),
        ("503", .unavailable), ("504", .unavailable), ("418", .unknown), ("500", .unknown),
    ])
    func `an HTTP status without a gRPC status is mapped as gRPC says`(
        status: String, code: FlightStatusCode
    ) {
        #expect(HPACKHeaders([(":status", status)]).responseRefusal()?.code == code)
        let both = HPACKHeaders([(":status", status), ("grpc-status", "5")])
        #expect(both.responseRefusal()?.code == .notFound)
    }

    @Test func `an answer of another content type is refused, with its name`() {
        let page = HPACKHeaders([(":status", "200"), ("content-type", "text/html")])
        #expect(page.responseRefusal()?.code == .unknown)
        #expect(page.responseRefusal()?.message.contains("text/html") == true)
        #expect(HPACKHeaders([(":status", "200")]).responseRefusal()?.code == .unknown)
    }

    @Test(arguments: [
        ("application/grpc", true), ("application/grpc+proto", true),
        ("application/grpc;charset=utf-8", true), ("Application/GRPC", true),
        ("application/grpc-web", false), ("application/json", false), ("", false),
    ])
    func `content types are told apart`(type: String, isGRPC: Bool) {
        #expect(GRPCHeader.isGRPC(type) == isGRPC)
    }

    @Test func `bytes of metadata are read from lists, with and without padding`() {
        var metadata = FlightMetadata()
        metadata.add("a-bin", "AQ==, Ag,Aw")
        metadata.add("a-bin", "BA")
        #expect(metadata.allBytes("a-bin") == [[1], [2], [3], [4]])
        #expect(metadata.bytes("a-bin") == [1])
        metadata.add("b-bin", "?,,AQ")
        #expect(metadata.allBytes("b-bin") == [[], [1]])
        #expect(metadata.bytes("b-bin") == nil)
    }

    @Test func `the size of headers is counted as HTTP/2 does`() {
        #expect(HPACKHeaders([("a", "bc"), ("de", "")]).listByteCount == 69)
    }

    @Test func `bytes of metadata survive, and reserved names aren't sent`() {
        var metadata = FlightMetadata()
        metadata.add("X-Data-bin", bytes: [0, 255, 3])
        metadata.add("grpc-status", "0")
        #expect(metadata.bytes("x-data-bin") == [0, 255, 3])
        #expect(metadata.entries.map(\.name) == ["x-data-bin"])
    }
}
