import ArgumentParser
import MarbleFlight
import NIOCore

struct FlightPutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flight-put",
        abstract: "Sends record batches of numbers on one do_put, each of which is acknowledged.")

    @Option(help: "The server: HOST:PORT.")
    var endpoint: ServerAddress

    @OptionGroup var window: WindowOptions
    @OptionGroup var security: SecurityOptions
    @OptionGroup var options: LoadOptions

    func run() async throws {
        let table = SampleTable.numbers
        let work = StreamClient.Work(
            method: .doPut, opening: [table.opening(path: "benchmark")],
            message: table.numbers(byteCount: options.payload))
        let (options, window) = (options, window.inFlight)
        let tls = security.tls
        let result = try await FlightClient.withLoadClient(
            to: endpoint, tls: tls, connections: options.connections
        ) { client, eventLoop in
            try await Load.run(on: eventLoop, options: options) { load in
                [StreamClient(load: load, flightClient: client, work: work, window: window)]
            }
        }
        try LoadReport(.message, result, options: options, clients: 1, inFlight: window)
            .printed(asJSON: options.json)
    }
}
