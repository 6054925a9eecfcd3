import ArgumentParser
import MarbleFlight
import NIOCore

struct FlightUnaryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flight-unary",
        abstract: "Calls an action again and again.")

    @Option(help: "The server: HOST:PORT.")
    var endpoint: ServerAddress

    @OptionGroup var window: WindowOptions
    @OptionGroup var security: SecurityOptions
    @OptionGroup var options: LoadOptions

    func run() async throws {
        let request = FlightData(
            dataHeader: ByteBuffer(string: "benchmark"),
            appMetadata: ByteBuffer(repeating: UInt8(ascii: "v"), count: options.payload))
        let (options, inFlight) = (options, window.inFlight)
        let tls = security.tls
        let result = try await FlightClient.withLoadClient(
            to: endpoint, tls: tls, connections: options.connections
        ) { client, eventLoop in
            try await Load.run(on: eventLoop, options: options) { load in
                (0..<inFlight).map { _ in
                    UnaryClient(load: load, flightClient: client, request: request)
                }
            }
        }
        try LoadReport(.call, result, options: options, clients: 1, inFlight: inFlight)
            .printed(asJSON: options.json)
    }
}
