import MarbleCluster
import Testing

@Suite("Endpoint")
struct EndpointTests {
    @Test(
        arguments: [
            ("localhost:5001", "localhost", 5001), ("10.0.0.7:1", "10.0.0.7", 1),
            ("db-1.example.com:65535", "db-1.example.com", 65535), ("[::1]:80", "::1", 80),
            ("[fe80::1%eth0]:0", "fe80::1%eth0", 0),
        ])
    func `an endpoint's text is taken apart and put together again`(
        _ text: String, _ host: String, _ port: Int
    ) throws {
        let endpoint = try Endpoint(text)
        #expect(endpoint.host == host)
        #expect(endpoint.port == port)
        #expect(endpoint.description == text)
    }

    @Test(
        arguments: [
            "", ":", "host", "host:", ":80", "[]:80", "host:65536", "host:-1", "host:http",
            "host:80 ", "ho st:80", "http://host:80", "::1:80", "a:b:80", "[::1]",
            "host:99999999999999999999", "host:+5",
        ])
    func `a text that is no endpoint is refused with its field`(_ text: String) {
        let error = #expect(throws: RaftError.self) {
            _ = try Endpoint(text, field: "the_field")
        }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.hasPrefix("the_field: \"\(text)\"") == true)
        #expect(error?.message.contains("host:port") == true)
    }
}
