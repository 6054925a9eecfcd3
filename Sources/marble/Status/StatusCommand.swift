import ArgumentParser
import MarbleServer
import NIOCore

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows a cluster's nodes.",
        discussion: "Asks one node for the members, then each member for its own view.")

    @Option(help: "Any node of the cluster: HOST:PORT.")
    var endpoint = "localhost:5001"

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @OptionGroup(title: "TLS and credentials") var access: ClientAccess

    func run() async throws {
        let overview = try await ClusterOverview.fetch(from: endpoint, access)
        StandardOutput.line(json ? String(buffer: overview.json) : overview.table)
    }
}
