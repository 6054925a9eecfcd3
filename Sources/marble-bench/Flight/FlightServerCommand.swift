import ArgumentParser
import MarbleFlight

struct FlightServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flight-server",
        abstract: "Serves Flight calls that are only acknowledged, until SIGTERM.")

    @Option(help: "TCP port on 127.0.0.1; 0 takes a free one.")
    var port = 5900

    @Option(help: "Speak TLS with this certificate chain (PEM).")
    var tlsCert: String?

    @Option(help: "The certificate's key (PEM).")
    var tlsKey: String?

    func validate() throws {
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key go together")
        }
    }

    func run() async throws {
        var configuration = FlightServerConfiguration(host: "127.0.0.1", port: port)
        if let tlsCert, let tlsKey {
            configuration.tls = FlightServerTLS(
                identity: FlightTLSIdentity(
                    certificateChain: .file(tlsCert), privateKey: .file(tlsKey)))
        }
        let server = FlightServer(
            configuration: configuration, service: AcknowledgingService())
        try await server.start()
        printLine("ready port=\(server.boundPort ?? port)")
        // Nothing here needs to be put in order at the end: SIGTERM ends the process.
        while !Task.isCancelled {
            try await Task.sleep(for: .seconds(3600))
        }
    }
}
