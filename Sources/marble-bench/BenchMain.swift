import ArgumentParser
import Foundation
import MarbleFlight

/// Measures MarbleDB: a Flight server, and load generators that print one line of results.
///
/// What was asked goes to standard output, what went wrong to standard error with exit code 1.
@main
struct BenchMain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "marble-bench",
        abstract: "Load generators for MarbleDB and its Flight library.",
        discussion: "Benchmarks/README.md says what the results mean.",
        subcommands: [
            FlightServerCommand.self, FlightStreamCommand.self, FlightUnaryCommand.self,
            FlightPutCommand.self, FlightGetCommand.self,
            ArrowBenchCommand.self, CommitCommand.self, LatencyCommand.self,
        ])

    static func main() async {
        FlightAllocator.keepFreedMemory()
        await main(nil)
    }
}

/// Whole lines to the terminal or to the program that reads us, at once.
func printLine(_ text: String) {
    // Where nobody reads any more there is nobody to tell.
    try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
}
