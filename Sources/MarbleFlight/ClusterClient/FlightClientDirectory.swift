package import Logging
import NIOConcurrencyHelpers
package import NIOCore

/// Clients by their server's address, made when first needed.
package final class FlightClientDirectory: Sendable {
    private struct Entry {
        var client: FlightClient
        /// Those that have taken it and not given it back.
        var useCount = 0
        var lastUse: UInt64
    }

    private struct State {
        var entries: [FlightAddress: Entry] = [:]
        var useCount: UInt64 = 0
        var isClosed = false
    }

    private let template: FlightClientConfiguration
    private let serversMax: Int
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    /// - Parameters:
    ///   - template: What holds for each client; its host and port are replaced. Its TLS is for all of
    ///     them, whatever their addresses say; without it, those that use TLS trust the system's roots.
    ///   - serversMax: How many clients are kept.
    package init(
        template: FlightClientConfiguration, serversMax: Int, eventLoopGroup: any EventLoopGroup,
        logger: Logger
    ) {
        self.template = template
        self.serversMax = max(serversMax, 1)
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
    }

    /// The client of an address, which is kept at least until ``giveBack(_:)``.
    package func take(_ address: FlightAddress) throws(FlightError) -> FlightClient {
        let result: Result<FlightClient, FlightError> = state.withLockedValue { state in
            guard !state.isClosed else { return .failure(.clientClosed) }
            state.useCount += 1
            if var entry = state.entries[address] {
                entry.useCount += 1
                entry.lastUse = state.useCount
                state.entries[address] = entry
                return .success(entry.client)
            }
            guard state.entries.count < serversMax || makeRoom(&state) else {
                return .failure(
                    FlightError(
                        .resourceExhausted,
                        "calls to \(serversMax) servers are open, which is the limit; "
                            + "end some, or raise it"))
            }
            let client = makeClient(address)
            state.entries[address] = Entry(client: client, useCount: 1, lastUse: state.useCount)
            return .success(client)
        }
        return try result.get()
    }

    package func giveBack(_ address: FlightAddress) {
        state.withLockedValue { state in
            if let count = state.entries[address]?.useCount {
                state.entries[address]?.useCount = count - 1
            }
        }
    }

    /// What is known of a server; nothing is wrong with one that wasn't called yet.
    func health(_ address: FlightAddress) -> FlightClientHealth {
        client(address)?.health ?? FlightClientHealth()
    }

    /// The client of a server that was called before.
    func client(_ address: FlightAddress) -> FlightClient? {
        state.withLockedValue { $0.entries[address]?.client }
    }

    var addresses: [FlightAddress] { state.withLockedValue { Array($0.entries.keys) } }

    package func close() async {
        let clients = state.withLockedValue { state in
            state.isClosed = true
            defer { state.entries.removeAll() }
            return state.entries.values.map(\.client)
        }
        for client in clients { await client.close() }
    }

    /// Closes one server's client, with the calls that are open.
    package func close(_ address: FlightAddress) async {
        let client = state.withLockedValue { $0.entries.removeValue(forKey: address)?.client }
        await client?.close()
    }

    private func makeClient(_ address: FlightAddress) -> FlightClient {
        var configuration = template
        configuration.host = address.host
        configuration.port = address.port
        if address.usesTLS, configuration.tls == nil { configuration.tls = FlightClientTLS() }
        return FlightClient(
            configuration: configuration, eventLoopGroup: eventLoopGroup, logger: logger)
    }

    /// A client that nobody holds closes its connections by itself.
    private func makeRoom(_ state: inout State) -> Bool {
        let unused = state.entries.filter {
            $0.value.useCount == 0 && $0.value.client.health.callsOpen == 0
        }
        guard let oldest = unused.min(by: { $0.value.lastUse < $1.value.lastUse }) else {
            return false
        }
        state.entries[oldest.key] = nil
        return true
    }
}
