import Foundation
import Testing

/// A Python process with `pyarrow`, from `MARBLE_PYTHON` or the project's `.venv`.
struct PythonPeer {
    static let interpreter: String = {
        if let path = ProcessInfo.processInfo.environment["MARBLE_PYTHON"] { return path }
        return projectDirectory.appending(path: ".venv/bin/python").path
    }()

    /// Peers are tested where they are installed (`make test` installs them).
    static let isAvailable = FileManager.default.isExecutableFile(atPath: interpreter)

    private static let projectDirectory: URL = {
        // The sources may be reached through a link; the project is where they really are.
        var directory = URL(filePath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<4 { directory.deleteLastPathComponent() }
        return directory
    }()

    let process = Process()
    let output = Pipe()
    let input = Pipe()

    init(script: String, _ arguments: [String] = []) throws {
        let path = Self.projectDirectory
            .appending(path: "Tests/MarbleFlightTests/Peers").appending(path: script).path
        process.executableURL = URL(filePath: Self.interpreter)
        process.arguments = [path] + arguments
        process.standardOutput = output
        process.standardError = output
        process.standardInput = input
        try process.run()
    }

    /// The first line that the process prints.
    func firstLine() throws -> String {
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), byte.first != 10 {
            if byte.isEmpty { break }
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Everything that the process prints until it ends.
    func allOutput() async throws -> String {
        let handle = output.fileHandleForReading
        let data = try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try handle.readToEnd() ?? Data() })
            }
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// Gives the process an empty line to read.
    func writeLine() throws {
        try input.fileHandleForWriting.write(contentsOf: Data([10]))
    }

    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
