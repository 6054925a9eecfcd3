import Foundation
import Testing

/// Runs the Python peer beside the tests: a real `pyarrow` on the other side.
enum PyArrow {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// The interpreter of `MARBLE_PYTHON`, else the project's virtual environment.
    private static var interpreter: String {
        if let given = ProcessInfo.processInfo.environment["MARBLE_PYTHON"] { return given }
        return tests.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: ".venv/bin/python").path
    }

    private static var tests: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    }

    /// Returns what the peer printed; throws if it can't be run, or if it fails.
    static func run(_ arguments: String..., script: String = "peer.py") throws -> String {
        guard FileManager.default.isExecutableFile(atPath: interpreter) else {
            throw Failed(
                description: "no Python at \(interpreter): run Scripts/setup.sh, or set "
                    + "MARBLE_PYTHON to one with pyarrow")
        }
        let process = Process()
        process.executableURL = URL(filePath: interpreter)
        process.arguments = [tests.appending(path: "Peers/\(script)").path] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let printed = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(description: "\(script) \(arguments) ended with an error, printed above")
        }
        return String(decoding: printed, as: UTF8.self)
    }

    /// Lends a directory that is removed afterwards.
    static func withDirectory(_ body: (URL) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "marble-arrow-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try body(directory)
    }
}
