import ArgumentParser
import MarbleFlight

struct LatencyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency",
        abstract: "Writes entries at a given rate on do_put streams (open loop).",
        discussion: """
            Entries are sent when they are due, whether or not earlier ones are complete, and their \
            latency counts from when they were due: what a slow server delays isn't left out.
            """)

    @Option(help: "The cluster's nodes: HOST:PORT,HOST:PORT,…")
    var endpoints: ServerAddressList

    @Option(help: "Entries per second, by schedule.")
    var rate: Double

    @Option(help: "Clients, each with a do_put stream, that send in turns.")
    var clients = 4

    @OptionGroup var options: LoadOptions

    func validate() throws {
        try options.validate(streamCount: clients)
        guard rate > 0, rate <= 1e7 else {
            throw ValidationError("--rate must be over 0 and at most 10000000")
        }
    }

    func run() async throws {
        let target = try await CommitTarget(
            cluster: endpoints, valueByteCount: options.payload)
        let (options, rate, clients) = (options, rate, clients)
        let result = try await FlightClient.withLoadClient(
            to: target.leader, connections: options.connections
        ) { client, eventLoop in
            try await Load.run(on: eventLoop, options: options, isScheduled: true) { load in
                let streams = (0..<clients).map { _ in
                    StreamClient(load: load, flightClient: client, work: target.work, window: 0)
                }
                return [
                    OpenLoop(
                        load: load, eventLoop: eventLoop, streams: streams, ratePerSecond: rate)
                ]
            }
        }
        try LoadReport(
            .entry, result, options: options, clients: clients, scheduledPerSecond: rate
        ).printed(asJSON: options.json)
    }
}
