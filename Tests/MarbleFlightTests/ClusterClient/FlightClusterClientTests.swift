import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import MarbleFlight

/// A client of several servers over real sockets.
@Suite(.timeLimit(.minutes(5)))
struct FlightClusterClientTests {
    private func messages(
        _ reader: FlightPartReader
    ) async throws -> [(endpoint: Int, text: String)] {
        var all: [(Int, String)] = []
        for try await part in reader {
            all.append((part.endpoint, String(buffer: part.data.appMetadata)))
        }
        return all
    }

    @Test func `calls take turns between servers`() async throws {
        try await withCluster(3) { cluster, services, _ in
            for _ in 0..<9 { _ = try await cluster.listActions() }
            #expect(services.map(\.callCount) == [3, 3, 3])
        }
    }

    @Test func `a server that is gone is passed over, and taken again when it is back`()
        async throws
    {
        try await withCluster(2) {
            $0.client.reconnectBackoff = FlightBackoff(pauseMin: .milliseconds(1), jitter: 0)
        } _: { cluster, services, servers in
            let port = try #require(servers[0].boundPort)
            await servers[0].shutdown()
            for _ in 0..<6 { _ = try await cluster.doAction(FlightAction(type: "who")) }
            #expect(services.map(\.callCount) == [0, 6])
            let back = FlightServer(
                configuration: .init(host: "127.0.0.1", port: port), service: services[0])
            try await back.start()
            try await eventually("the server has calls again") {
                _ = try await cluster.listActions()
                return services[0].callCount > 0
            }
            await back.shutdown()
        }
    }

    @Test func `when all are gone the error names them, and a call that waits comes through`()
        async throws
    {
        try await withCluster(2) { cluster, services, servers in
            let port = try #require(servers[1].boundPort)
            for server in servers { await server.shutdown() }
            let error = await flightError { _ = try await cluster.listActions() }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("(asked: 127.0.0.1:") == true)
            let patience = FlightCallOptions(timeout: .milliseconds(200), waitsForReady: true)
            let late = await flightError {
                _ = try await cluster.listActions(options: patience)
            }
            #expect(late?.code == .deadlineExceeded)
            async let types = cluster.listActions(options: FlightCallOptions(waitsForReady: true))
            let back = FlightServer(
                configuration: .init(host: "127.0.0.1", port: port), service: services[1])
            try await back.start()
            #expect(try await types.isEmpty)
            await back.shutdown()
        }
    }

    @Test func `an action that a server may have worked on isn't asked of another`() async throws {
        try await withCluster(2) { cluster, services, _ in
            for service in services { service.failure.withLockedValue { $0 = .unavailable } }
            let error = await flightError { _ = try await cluster.doAction(.init(type: "who")) }
            #expect(error?.code == .unavailable)
            #expect(services.map(\.callCount).reduce(0, +) == 1)
            _ = await flightError { _ = try await cluster.listActions() }
            #expect(services.map(\.callCount).reduce(0, +) == 3)
        }
    }

    @Test func `locations that a server leaves open are its own`() async throws {
        try await withCluster(1) { cluster, services, _ in
            let info = try await cluster.getFlightInfo(.path(["open"]))
            #expect(
                info.endpoints.map(\.locations) == [
                    services[0].places, services[0].places,
                ])
            let parts = try await messages(cluster.read(info, inOrder: true))
            #expect(parts.map(\.text) == ["0:a/0", "0:b/0"])
        }
    }

    @Test func `endpoints come in order when the flight says so`() async throws {
        try await withCluster(3) { cluster, _, _ in
            var info = try await cluster.getFlightInfo(.path(["spread"]))
            info.isOrdered = true
            let parts = try await messages(cluster.read(info, parallelism: 3))
            #expect(parts.map(\.endpoint) == (0..<9).flatMap { Array(repeating: $0, count: 20) })
            #expect(parts.prefix(3).map { $0.text.dropFirst(2) } == ["e0/0", "e0/1", "e0/2"])
        }
    }

    @Test func `endpoints come side by side otherwise, each complete and in order`() async throws {
        try await withCluster(3) { cluster, _, _ in
            let info = try await cluster.getFlightInfo(.path(["spread"]))
            let parts = try await messages(cluster.read(info, inOrder: false))
            for number in 0..<9 {
                let texts = parts.filter { $0.endpoint == number }.map { $0.text.dropFirst(2) }
                #expect(texts == (0..<20).map { "e\(number)/\($0)" })
            }
        }
    }

    @Test func `a location that fails before its first message is replaced by another`()
        async throws
    {
        try await withCluster(3) { cluster, services, _ in
            services[0].failure.withLockedValue { $0 = .notFound }
            services[1].failure.withLockedValue { $0 = .unavailable }
            let endpoint = FlightEndpoint(
                ticket: FlightTicket("t 2"),
                locations: [FlightLocation(uri: "https://elsewhere/file")] + services[0].places)
            for _ in 0..<3 {
                var texts: [String] = []
                for try await data in try await cluster.doGet(endpoint) {
                    texts.append(String(buffer: data.appMetadata))
                }
                #expect(texts == ["2:t/0", "2:t/1"])
            }
        }
    }

    @Test func `a location that fails later ends the reading`() async throws {
        try await withCluster(2) { cluster, services, _ in
            var info = FlightInfo()
            info.endpoints = ["t 3", "break 3"].map {
                FlightEndpoint(ticket: FlightTicket($0), locations: services[0].places)
            }
            for isOrdered in [true, false] {
                let error = await flightError {
                    _ = try await messages(cluster.read(info, inOrder: isOrdered))
                }
                #expect(error?.code == .dataLoss)
            }
        }
    }

    @Test func `a reader that is dropped ends its calls`() async throws {
        try await withCluster(1) { cluster, _, servers in
            var info = FlightInfo()
            info.endpoints = (0..<3).map { _ in FlightEndpoint(ticket: FlightTicket("t 1000000")) }
            do {
                var iterator = cluster.read(info, parallelism: 3).makeAsyncIterator()
                _ = try await iterator.next()
                #expect(servers[0].counters.callsOpen > 0)
            }
            try await eventually("the calls are over") { servers[0].counters.callsOpen == 0 }
        }
    }

    @Test func `locations that aren't servers' are refused by name`() async throws {
        #expect(throws: FlightError.self) {
            try FlightClusterClient(configuration: .init(locations: []))
        }
        let error = await flightError {
            _ = try FlightClusterClient(
                configuration: .init(locations: [.init(uri: "ftp://x:1")]))
        }
        #expect(error?.message.contains("ftp://x:1") == true)
        try await withCluster(1) { cluster, _, _ in
            let nowhere = FlightEndpoint(
                ticket: FlightTicket("t"), locations: [.init(uri: "s3://bucket/file")])
            let error = await flightError { _ = try await cluster.doGet(nowhere) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func `clients of servers that aren't used make room for others`() async throws {
        let directory = FlightClientDirectory(
            template: .init(host: "", port: 0), serversMax: 2,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
        let addresses = (1...3).map { FlightAddress(host: "127.0.0.1", port: $0) }
        _ = try directory.take(addresses[0])
        _ = try directory.take(addresses[1])
        let full = await flightError { _ = try directory.take(addresses[2]) }
        #expect(full?.code == .resourceExhausted)
        directory.giveBack(addresses[1])
        _ = try directory.take(addresses[2])
        #expect(Set(directory.addresses) == [addresses[0], addresses[2]])
        await directory.close()
        let closed = await flightError { _ = try directory.take(addresses[0]) }
        #expect(closed?.code == .cancelled)
    }
}
