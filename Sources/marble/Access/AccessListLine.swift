public import ArgumentParser
import Foundation
public import MarbleFlight
import MarbleServer

extension FlightRole: ExpressibleByArgument {}

/// Where the line that a command makes for an access list goes.
struct AccessListLine: ParsableArguments {
    @Argument(help: "The name that logs and messages use; without spaces.")
    var name: String

    @Option(help: "What may be done: reader, writer, admin or peer.")
    var role: FlightRole

    @Option(help: ArgumentHelp("The access list to add the line to.", valueName: "file"))
    var file: String?

    func validate() throws {
        guard !name.isEmpty, name.utf8.count <= 255, !name.contains(where: \.isWhitespace) else {
            throw ValidationError("the name must have 1 to 255 bytes, without spaces")
        }
    }

    /// Adds the line to the file, if there is one.
    /// - Returns: whether it was added.
    func add(_ line: String) throws(ServerError) -> Bool {
        guard let file else { return false }
        do {
            let descriptor = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            try handle.write(contentsOf: Data((line + "\n").utf8))
            return true
        } catch {
            throw ServerError(
                .configuration,
                "the access list \(file) can't be written: \(error.localizedDescription)",
                cause: error)
        }
    }
}
