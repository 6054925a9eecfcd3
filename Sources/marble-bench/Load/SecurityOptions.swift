import ArgumentParser
import MarbleFlight

/// How the load generators of Flight calls reach their server.
struct SecurityOptions: ParsableArguments {
    @Option(help: "Speak TLS, and trust this certificate (PEM).")
    var tlsRoot: String?

    var tls: FlightClientTLS? {
        tlsRoot.map { FlightClientTLS(trustRoots: .pem(.file($0))) }
    }
}
