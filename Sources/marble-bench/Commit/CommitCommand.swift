import ArgumentParser
import MarbleFlight

struct CommitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit",
        abstract: "Writes entries, each a record batch of one value, on do_put streams.",
        discussion: """
            Every client has a do_put stream of its own to the leader and keeps --in-flight entries \
            outstanding; an entry is complete when its PutResult is there. The table is a new one \
            without a primary key.
            """,
        aliases: ["commit-stream"])

    @Option(help: "The cluster's nodes: HOST:PORT,HOST:PORT,…")
    var endpoints: ServerAddressList

    @Option(help: "Clients, each with a do_put stream.")
    var clients = 64

    @OptionGroup var window: WindowOptions
    @OptionGroup var options: LoadOptions

    func validate() throws {
        try options.validate(streamCount: clients)
    }

    func run() async throws {
        let target = try await CommitTarget(
            cluster: endpoints, valueByteCount: options.payload)
        let (options, window, clients) = (options, window.inFlight, clients)
        let result = try await FlightClient.withLoadClient(
            to: target.leader, connections: options.connections
        ) { client, eventLoop in
            try await Load.run(on: eventLoop, options: options) { load in
                (0..<clients).map { _ in
                    StreamClient(
                        load: load, flightClient: client, work: target.work, window: window)
                }
            }
        }
        try LoadReport(.entry, result, options: options, clients: clients, inFlight: window)
            .printed(asJSON: options.json)
    }
}
