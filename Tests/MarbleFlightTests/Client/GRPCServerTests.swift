import MarbleFlight
import NIOCore
import Testing

/// The client against gRPC's own server, for the method that pyarrow hasn't.
@Suite(.enabled(if: PythonPeer.isAvailable, "needs a Python with grpcio"), .timeLimit(.minutes(5)))
struct GRPCServerTests {
    @Test func `a query is polled until it is complete`() async throws {
        let peer = try PythonPeer(script: "polling_server.py")
        defer { peer.stop() }
        let port = try #require(Int(try peer.firstLine()))
        let client = FlightClient(configuration: .patient(host: "127.0.0.1", port: port))
        var polls: [FlightPollInfo] = []
        var next: FlightDescriptor? = .path(["query"])
        while let descriptor = next {
            let poll = try await client.pollFlightInfo(descriptor)
            polls.append(poll)
            next = poll.descriptor
        }
        #expect(polls == [running(1, 0.25), running(2, 0.5), FlightPollInfo(info: info(3))])
        let unknown = await flightError { _ = try await client.pollFlightInfo(.path(["other"])) }
        #expect(unknown?.code == .notFound)
        await client.close()
    }

    private func running(_ pollCount: Int, _ progress: Double) -> FlightPollInfo {
        FlightPollInfo(
            info: info(pollCount), descriptor: .command(ByteBuffer(string: "poll \(pollCount)")),
            progress: progress,
            expiration: FlightTimestamp(seconds: 1_700_000_000, nanoseconds: 500_000_000))
    }

    private func info(_ partCount: Int) -> FlightInfo {
        FlightInfo(
            endpoints: (0..<partCount).map { FlightEndpoint(ticket: FlightTicket("part \($0)")) })
    }
}
