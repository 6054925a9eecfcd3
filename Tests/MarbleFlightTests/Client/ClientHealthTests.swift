import NIOCore
import NIOHTTP2
import NIOPosix
import Testing

@testable import MarbleFlight

/// What a client knows of a server that can't be reached, and does about it.
@Suite(.timeLimit(.minutes(5)))
struct ClientHealthTests {
    /// A listener that does with each connection what the test says.
    private func listener(
        port: Int = 0, _ accepted: @escaping @Sendable (any Channel) -> Void
    ) async throws -> (any Channel, Int) {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.execute { accepted(channel) }
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: port).get()
        return (listener, try #require(listener.localAddress?.port))
    }

    private func failure(
        port: Int, host: String = "127.0.0.1", timeout: Duration = .seconds(60)
    ) async -> FlightClientHealth {
        var configuration = FlightClientConfiguration.patient(host: host, port: port)
        configuration.connectTimeout = timeout
        let client = FlightClient(configuration: configuration)
        let error = await flightError { _ = try await client.listActions() }
        #expect(error?.code == .unavailable)
        #expect(error?.isUnprocessed == true)
        let health = client.health
        #expect(health.failure?.message == error?.message)
        #expect(!health.isHealthy)
        await client.close()
        return health
    }

    @Test func `a refused connection and an unknown name are told apart`() async {
        #expect(await failure(port: 1).problem == .refused)
        #expect(await failure(port: 1, host: "nowhere.invalid").problem == .unresolved)
    }

    @Test func `a server that says nothing is a timeout`() async throws {
        let (listener, port) = try await listener { _ in }
        let health = await failure(port: port, timeout: .milliseconds(100))
        #expect(health.problem == .timeout)
        #expect(health.failure?.message.contains("within 0.1 seconds") == true)
        try await listener.close()
    }

    @Test func `a server that hangs up at once, or speaks another protocol, isn't Flight`()
        async throws
    {
        let (hangsUp, first) = try await listener { $0.close(promise: nil) }
        #expect(await failure(port: first).problem == .notFlight)
        let (speaks, second) = try await listener { channel in
            channel.writeAndFlush(ByteBuffer(string: "220 smtp.example ESMTP\r\n"), promise: nil)
        }
        #expect(await failure(port: second).problem == .notFlight)
        try await hangsUp.close()
        try await speaks.close()
    }

    @Test
    func `after failures in a row calls fail at once, until a call after the pause gets through`()
        async throws
    {
        let (listener, port) = try await listener { _ in }
        try await listener.close()
        var configuration = FlightClientConfiguration.patient(host: "127.0.0.1", port: port)
        configuration.reconnectBackoff = FlightBackoff(
            pauseMin: .seconds(3), multiplier: 1, jitter: 0)
        let client = FlightClient(configuration: configuration)
        for _ in 0..<3 { _ = await flightError { _ = try await client.listActions() } }
        #expect(client.health.circuit == .open)
        let refused = await flightError { _ = try await client.listActions() }
        #expect(refused?.message.contains("connection refused") == true)
        #expect(refused?.message.contains("(3 attempts failed; the next call") == true)
        #expect(client.health.failureCount == 3)

        let server = FlightServer(
            configuration: .init(host: "127.0.0.1", port: port), service: TestService())
        try await server.start()
        try await eventually("the circuit is half open") { client.health.circuit == .halfOpen }
        _ = try await client.listActions()
        #expect(client.health.circuit == .closed)
        #expect(client.health.isHealthy)
        #expect(client.health.connectionsOpen == 1)
        await client.close()
        await server.shutdown()
    }

    @Test func `a call that waits for its server is answered when it comes`() async throws {
        let (listener, port) = try await listener { _ in }
        try await listener.close()
        let client = FlightClient(configuration: .patient(host: "127.0.0.1", port: port))
        let options = FlightCallOptions(waitsForReady: true)
        async let types = client.listActions(options: options)
        try await eventually("attempts fail") { client.health.failureCount >= 2 }
        let server = FlightServer(
            configuration: .init(host: "127.0.0.1", port: port), service: TestService())
        try await server.start()
        #expect(try await types.count == 2)
        await client.close()
        await server.shutdown()
    }

    @Test func `a call that waits for its server ends at its deadline`() async throws {
        let client = FlightClient(configuration: .patient(host: "127.0.0.1", port: 1))
        let options = FlightCallOptions(timeout: .milliseconds(300), waitsForReady: true)
        let error = await flightError { _ = try await client.listActions(options: options) }
        #expect(error?.code == .deadlineExceeded)
        #expect(client.health.callsOpen == 0)
        await client.close()
    }

    @Test
    func `credentials that the server doesn't accept are the health's problem until they are`()
        async throws
    {
        try await withServer(GuardedService()) { _, client in
            _ = await flightError { _ = try await client.listActions() }
            #expect(client.health.problem == .authentication)
            #expect(client.health.circuit == .closed)
            var options = FlightCallOptions()
            options.metadata.add("authorization", "Bearer secret")
            _ = try await client.listActions(options: options)
            #expect(client.health.isHealthy)
        }
    }

    @Test func `calls are counted while they are open`() async throws {
        try await withServer(TestService()) { _, client in
            let task = Task { try await client.doAction(FlightAction(type: "sleep")) }
            try await eventually("the call is open") { client.health.callsOpen == 1 }
            task.cancel()
            _ = try? await task.value
            try await eventually("the call is over") { client.health.callsOpen == 0 }
        }
    }

    @Test func `the operating system looks after silent connections`() async throws {
        try await withServer(
            TestService(),
            clientConfiguration: {
                $0.tcpKeepalive = FlightTCPKeepalive(
                    idle: .seconds(11), interval: .seconds(7), probeCount: 5)
            }
        ) { _, client in
            let reader = try await client.doGet(FlightTicket("endless 1000"))
            let stream = reader.stream
            let values = try await stream.eventLoop.flatSubmit {
                let channel = stream.channel?.channel
                let options = FlightTCPKeepalive().options.map(\.0)
                return EventLoopFuture.whenAllSucceed(
                    options.compactMap { channel?.getOption($0) }, on: stream.eventLoop)
            }.get()
            #expect(values == [1, 11, 7, 5])
            withExtendedLifetime(reader) {}
        }
    }
}

/// Knows one token.
private struct GuardedService: FlightService {
    func listActions(context: FlightCallContext) async throws -> [FlightActionType] {
        guard context.metadata.first("authorization") == "Bearer secret" else {
            throw FlightError(.unauthenticated, "who are you?")
        }
        return []
    }
}
