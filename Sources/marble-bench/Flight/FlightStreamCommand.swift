import ArgumentParser
import MarbleFlight
import NIOCore

struct FlightStreamCommand: AsyncParsableCommand {
    /// What a message carries its payload in.
    enum Body: String, ExpressibleByArgument, CaseIterable {
        case metadata, batch
    }

    static let configuration = CommandConfiguration(
        commandName: "flight-stream",
        abstract: "Sends messages on one do_exchange, each of which is acknowledged.")

    @Option(help: "The server: HOST:PORT.")
    var endpoint: ServerAddress

    @Option(help: "Application metadata only, or a record batch of one value.")
    var body = Body.metadata

    @OptionGroup var window: WindowOptions
    @OptionGroup var security: SecurityOptions
    @OptionGroup var options: LoadOptions

    func run() async throws {
        let work = work
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

    private var work: StreamClient.Work {
        switch body {
        case .metadata:
            return StreamClient.Work(
                method: .doExchange, opening: [],
                message: FlightData(
                    appMetadata: ByteBuffer(
                        repeating: UInt8(ascii: "v"), count: options.payload)))
        case .batch:
            let table = SampleTable.binary
            return StreamClient.Work(
                method: .doExchange, opening: [table.opening(path: "benchmark")],
                message: table.oneRow(valueByteCount: options.payload))
        }
    }
}
