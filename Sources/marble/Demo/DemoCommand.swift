import ArgumentParser
import Foundation
import Logging
import MarbleServer
import ServiceLifecycle
import UnixSignals

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Runs a whole cluster on this machine, one process a node, until Ctrl-C.")

    @Option(help: "The first node's port; the others take the next ones.")
    var port = 5001

    @Option(help: "How many nodes.")
    var nodes = 3

    @Option(
        name: .customLong("data-dir"),
        help: "Keep the data here. Without it, it goes when the demo ends.")
    var dataDirectory: String?

    func validate() throws {
        guard (1...9).contains(nodes) else {
            throw ValidationError("--nodes must be from 1 to 9")
        }
        guard port >= 1, port + nodes - 1 <= 65535 else {
            throw ValidationError("--port must be from 1 to \(65536 - nodes)")
        }
    }

    func run() async throws {
        let cluster = try DemoCluster(port: port, nodeCount: nodes, dataDirectory: dataDirectory)
        var logger = Logger(label: "marble demo")
        logger.logLevel = .error
        do {
            try await ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [
                        .init(
                            service: cluster,
                            successTerminationBehavior: .gracefullyShutdownGroup)
                    ],
                    gracefulShutdownSignals: [.sigint, .sigterm, .sighup],
                    logger: logger)
            ).run()
        } catch let error as ServerError {
            throw error
        } catch {
            throw ServerError(.process, "the demo ended: \(error)", cause: error)
        }
    }
}
