import Foundation
import MarbleServer
import ServiceLifecycle

/// Several `marble serve` processes on this machine, from start to end.
struct DemoCluster: Service {
    private static let clusterID = "demo"
    private static let startTimeLimit = Duration.seconds(30)
    private static let stopTimeLimit = Duration.seconds(15)
    private static let pollInterval = Duration.milliseconds(50)

    private let directory: String
    private let isTemporary: Bool
    private let nodes: [NodeProcess]

    init(port: Int, nodeCount: Int, dataDirectory: String?) throws(ServerError) {
        isTemporary = dataDirectory == nil
        let parent = FileManager.default.temporaryDirectory
        let url =
            dataDirectory.map { URL(fileURLWithPath: $0) }
            ?? parent.appendingPathComponent("marble-demo-\(UUID().uuidString)")
        directory = url.path
        let executable = Bundle.main.executablePath ?? CommandLine.arguments[0]
        let endpoints = (0..<nodeCount).map { "localhost:\(port + $0)" }
        nodes = endpoints.enumerated().map { index, endpoint in
            NodeProcess(
                number: index + 1, endpoint: endpoint, executable: executable,
                arguments: [
                    "serve", "--endpoint", endpoint,
                    "--nodes", endpoints.joined(separator: ","),
                    "--cluster-id", Self.clusterID,
                    "--data-dir", url.appendingPathComponent("node-\(index + 1)").path,
                    "--log-level", "notice",
                ],
                logPath: url.appendingPathComponent("node-\(index + 1).log").path)
        }
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw ServerError(
                .dataDirectory,
                "the directory \(url.path) can't be created: \(error.localizedDescription)",
                cause: error)
        }
    }

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await runUntilEnd() }
        } catch is CancellationError {
            await end()
            return
        } catch {
            await end()
            throw error
        }
        await end()
    }

    private func runUntilEnd() async throws {
        for node in nodes { try node.start() }
        try await waitUntilReady()
        let leader = try await waitForLeader()
        announce(leader: leader)
        try await supervise()
    }

    private func poll(
        within limit: Duration, _ condition: () async throws -> Bool
    ) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if try await condition() { return true }
            try await Task.sleep(for: Self.pollInterval)
        }
        return false
    }

    private func waitUntilReady() async throws {
        let allReady = try await poll(within: Self.startTimeLimit) {
            for node in nodes {
                if let ending = node.ending { throw Self.startFailure(node, "\(ending)") }
            }
            return nodes.allSatisfy(\.isReady)
        }
        guard !allReady, let late = nodes.first(where: { !$0.isReady }) else { return }
        throw Self.startFailure(late, "not ready within \(Self.startTimeLimit)")
    }

    private static func startFailure(_ node: NodeProcess, _ how: String) -> ServerError {
        ServerError(
            .process,
            """
            node \(node.number) (\(node.endpoint)) didn't start (\(how)); it says:
            \(node.logTail())
            If a port is in use, choose another first port with marble demo --port PORT.
            """)
    }

    private func waitForLeader() async throws -> String {
        var leader: String?
        let found = try await poll(within: Self.startTimeLimit) {
            for node in nodes {
                let status = try? await NodeStatus.fetch(from: node.endpoint)
                if let status, let endpoint = status.leaderEndpoint { leader = endpoint }
            }
            return leader != nil
        }
        guard found, let leader else {
            throw ServerError(
                .process,
                "the nodes elected no leader within \(Self.startTimeLimit);"
                    + " see the logs in \(directory)")
        }
        return leader
    }

    private func announce(leader: String) {
        let list = nodes.map { node in
            node.endpoint == leader ? "\(node.endpoint) (leader)" : node.endpoint
        }.joined(separator: ", ")
        StandardOutput.line(
            """
            cluster \(Self.clusterID) is up: \(list)
            data and logs: \(directory)\(isTemporary ? " (removed at the end)" : "")

            Write to it from Python (pip install pyarrow):

                import pyarrow as pa, pyarrow.flight as flight
                client = flight.connect("grpc://\(nodes[0].endpoint)")
                rows = pa.table({"id": [1, 2], "price": [9.5, 7.25]})
                writer, results = client.do_put(flight.FlightDescriptor.for_path("trades"), rows.schema)
                writer.write_table(rows)
                print(results.read().to_pybytes())
                writer.close()
                print(client.do_get(flight.Ticket('{"table": "trades"}')).read_all())

            Ctrl-C ends it.
            """)
    }

    /// Says of each node that ends how to start it again, until none is left.
    private func supervise() async throws {
        var ended: Set<Int> = []
        while true {
            for node in nodes where !ended.contains(node.number) {
                guard let ending = node.ending else { continue }
                ended.insert(node.number)
                StandardOutput.error(
                    "marble: node \(node.number) (\(node.endpoint)) ended with \(ending); its log"
                        + " is \(node.logPath). Start it again with:\n  \(node.commandLine)")
            }
            guard ended.count < nodes.count else {
                throw ServerError(.process, "no node is left; see the logs in \(directory)")
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    private func end() async {
        for node in nodes { node.send(signal: SIGTERM) }
        let deadline = ContinuousClock.now + Self.stopTimeLimit
        // The task may be cancelled already: then a sleep returns at once, so the wait is a thread's.
        while nodes.contains(where: \.isRunning), ContinuousClock.now < deadline {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(50)) {
                    continuation.resume()
                }
            }
        }
        for node in nodes { node.send(signal: SIGKILL) }
        if isTemporary { try? FileManager.default.removeItem(atPath: directory) }
    }
}
