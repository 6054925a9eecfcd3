import MarbleFlight
import NIOCore
import NIOPosix
import Testing

/// Runs `body` with a server on a free port and a client of it; both are gone afterwards.
func withServer(
    _ service: some FlightService,
    clientConfiguration: (inout FlightClientConfiguration) -> Void = { _ in },
    serverConfiguration: (inout FlightServerConfiguration) -> Void = { _ in },
    _ body: (FlightServer, FlightClient) async throws -> Void
) async throws {
    var configuration = FlightServerConfiguration(host: "127.0.0.1", port: 0)
    serverConfiguration(&configuration)
    let server = FlightServer(configuration: configuration, service: service)
    try await server.start()
    let port = try #require(server.boundPort)
    var ours = FlightClientConfiguration.patient(host: "127.0.0.1", port: port)
    clientConfiguration(&ours)
    let client = FlightClient(configuration: ours)
    do {
        try await body(server, client)
    } catch {
        await client.close()
        await server.shutdown()
        throw error
    }
    await client.close()
    await server.shutdown()
}

/// Waits until the condition holds; a test that waits longer than the deadline fails.
func eventually(
    _ what: String, within limit: Duration = .seconds(120), _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("\(what): did not come true within \(limit)")
}

/// The value once it has stayed the same for a while. Only for bounds: a machine that is too busy to let the
/// value change makes a bound hold, never fail.
func settled(_ value: () -> Int) async throws -> Int {
    var last = value()
    var sameCount = 0
    while sameCount < 6 {
        try await Task.sleep(for: .milliseconds(200))
        let current = value()
        sameCount = current == last ? sameCount + 1 : 0
        last = current
    }
    return last
}

/// The error that the body throws.
func flightError(_ body: () async throws -> Void) async -> FlightError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? FlightError
    }
}

extension ByteBuffer {
    init(repeating byte: UInt8, count: Int) {
        self.init()
        writeRepeatingByte(byte, count: count)
    }
}

extension FlightClientConfiguration {
    /// With time for a machine that is busy with other tests.
    static func patient(host: String, port: Int) -> FlightClientConfiguration {
        var configuration = FlightClientConfiguration(host: host, port: port)
        configuration.connectTimeout = .seconds(60)
        return configuration
    }
}
