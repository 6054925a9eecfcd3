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

    @Test(arguments: ["", "5", "S", "-1S", "123456789S", "1x"])
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
        #expect(HPACKHeaders([(":status", "200")]).responseRefusal() == nil)
    }

    @Test func `bytes of metadata survive, and reserved names aren't sent`() {
        var metadata = FlightMetadata()
        metadata.add("X-Data-bin", bytes: [0, 255, 3])
        metadata.add("grpc-status", "0")
        #expect(metadata.bytes("x-data-bin") == [0, 255, 3])
        #expect(metadata.entries.map(\.name) == ["x-data-bin"])
    }
}
