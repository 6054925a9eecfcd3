import ArgumentParser
import MarbleFlight
import NIOCore

struct FlightGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flight-get",
        abstract: "Reads record batches of numbers from one do_get without end, and checks each.")

    @Option(help: "The server: HOST:PORT.")
    var endpoint: ServerAddress

    @OptionGroup var security: SecurityOptions
    @OptionGroup var options: LoadOptions

    func run() async throws {
        let options = options
        let ticket = FlightTicket(ByteBuffer(string: "\(options.payload)"))
        let tls = security.tls
        let result = try await FlightClient.withLoadClient(
            to: endpoint, tls: tls, connections: options.connections
        ) { client, eventLoop in
            try await Load.run(on: eventLoop, options: options) { load in
                [GetClient(load: load, flightClient: client, ticket: ticket)]
            }
        }
        try LoadReport(.message, result, options: options, clients: 1)
            .printed(asJSON: options.json)
    }
}
