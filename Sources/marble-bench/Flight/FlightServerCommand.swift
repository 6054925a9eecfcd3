import ArgumentParser
import MarbleFlight

struct FlightServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flight-server",
        abstract: "Serves Flight calls that are only acknowledged, until SIGTERM.")

    @Option(help: "TCP port on 127.0.0.1; 0 takes a free one.")
    var port = 5900

    func run() async throws {
        let server = FlightServer(
            configuration: FlightServerConfiguration(host: "127.0.0.1", port: port),
            service: AcknowledgingService())
        try await server.start()
        printLine("ready port=\(server.boundPort ?? port)")
        // Nothing here needs to be put in order at the end: SIGTERM ends the process.
        while !Task.isCancelled {
            try await Task.sleep(for: .seconds(3600))
        }
    }
}
