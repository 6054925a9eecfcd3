import ArgumentParser
import Foundation
import MarbleFlight
import MarbleServer
import NIOCore

/// Runs the command line: what went wrong goes to standard error as `marble: error: …` with exit
/// code 1; usage errors, help and the version are the argument parser's.
@main
enum MarbleMain {
    static func main() async {
        // A reader that went away must end a write with an error, not the process.
        signal(SIGPIPE, SIG_IGN)
        FlightAllocator.keepFreedMemory()
        // The log, apply and snapshot threads want cores too, and fewer loops mean fewer hops.
        NIOSingletons.groupLoopCountSuggestion = max(1, System.coreCount / 2)
        do {
            var command = try MarbleCommand.parseAsRoot()
            if var asyncCommand = command as? any AsyncParsableCommand {
                try await asyncCommand.run()
            } else {
                try command.run()
            }
        } catch let error as ServerError {
            StandardOutput.error("marble: error: \(error.message)")
            exit(1)
        } catch let error as ArrowToolError {
            StandardOutput.error("marble: error: \(error.message)")
            exit(1)
        } catch {
            MarbleCommand.exit(withError: error)
        }
    }
}

struct MarbleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "marble",
        abstract: "MarbleDB: a replicated, Arrow-native database.",
        version: "marble \(MarbleVersion.current)",
        subcommands: [
            ServeCommand.self, DemoCommand.self, StatusCommand.self, ArrowCommand.self,
            TokenCommand.self, PasswordCommand.self,
        ])
}
