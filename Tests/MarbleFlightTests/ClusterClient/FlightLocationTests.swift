import Testing

@testable import MarbleFlight

struct FlightLocationTests {
    @Test func `the locations of servers have an address`() {
        #expect(
            FlightLocation(uri: "grpc+tcp://node1:5001").address
                == FlightAddress(host: "node1", port: 5001))
        #expect(
            FlightLocation(uri: "GRPC://10.0.0.1:1/").address
                == FlightAddress(host: "10.0.0.1", port: 1))
        #expect(
            FlightLocation(uri: "grpc+tcp://[::1]:65535?x=1").address
                == FlightAddress(host: "::1", port: 65535))
    }

    @Test func `a location says whether its server speaks TLS`() {
        #expect(
            FlightLocation(uri: "grpc+tls://node1:5001").address
                == FlightAddress(host: "node1", port: 5001, usesTLS: true))
        #expect(FlightLocation(uri: "GRPC+TLS://[::1]:1").address?.usesTLS == true)
        for scheme in ["grpc", "grpc+tcp"] {
            #expect(FlightLocation(uri: "\(scheme)://node1:5001").address?.usesTLS == false)
        }
    }

    @Test(arguments: [
        "", "node1:5001", "grpc+tcp://", "grpc+tcp://node1", "grpc+tcp://node1:",
        "grpc+tcp://:5001",
        "grpc+tcp://node1:0", "grpc+tcp://node1:65536", "grpc+tcp://::1:5001",
        "grpc+tcp://user@node1:5001", "grpc+unix:///tmp/socket", "grpc+tls://node1",
        "https://node1:443/file",
        "arrow-flight-reuse-connection://?",
    ])
    func `other locations have none`(uri: String) {
        #expect(FlightLocation(uri: uri).address == nil)
    }

    @Test func `an address survives being a location`() {
        for address in [
            FlightAddress(host: "node1", port: 5001), FlightAddress(host: "::1", port: 5),
            FlightAddress(host: "node1", port: 5001, usesTLS: true),
        ] {
            #expect(address.location.address == address)
        }
    }
}
