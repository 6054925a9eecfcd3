import Foundation

/// A command of the system.
public enum Command {
    public struct Result: Sendable {
        public var status: Int32
        /// What it printed, to both outputs.
        public var output: String
    }

    /// Runs the command until it ends, without blocking a thread.
    public static func run(_ name: String, _ arguments: [String]) async throws -> Result {
        // A file, not a pipe: other children could inherit a pipe's end and keep it open.
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let output = try FileHandle(forWritingTo: file)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        try output.close()
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        return Result(status: status, output: text)
    }
}
