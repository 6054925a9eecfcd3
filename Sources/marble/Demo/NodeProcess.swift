import Foundation
import MarbleServer
import NIOConcurrencyHelpers

/// One `marble serve` that this process has started. It stops when this process ends, even by
/// `kill -9`, because its standard input ends then.
final class NodeProcess: Sendable {
    /// How a process ended.
    enum Ending: Sendable, CustomStringConvertible {
        case exit(Int32)
        case signal(Int32)

        var description: String {
            switch self {
            case .exit(let code): "exit code \(code)"
            case .signal(let number): "signal \(number)"
            }
        }
    }

    private struct State {
        var output: [UInt8] = []
        var isReady = false
        var ending: Ending?
        var processID: Int32 = 0
        /// Keeps the child's standard input open for as long as this process lives.
        var input: Pipe?
    }

    let number: Int
    let endpoint: String
    let logPath: String
    private let executable: String
    private let arguments: [String]
    private let state = NIOLockedValueBox(State())

    init(number: Int, endpoint: String, executable: String, arguments: [String], logPath: String) {
        self.number = number
        self.endpoint = endpoint
        self.executable = executable
        self.arguments = arguments
        self.logPath = logPath
    }

    /// What a person types to start this node again.
    var commandLine: String {
        ([executable] + arguments).map { argument in
            argument.contains(where: { $0 == " " || $0 == "'" })
                ? "'" + argument.replacingOccurrences(of: "'", with: "'\\''") + "'" : argument
        }.joined(separator: " ")
    }

    var isReady: Bool { state.withLockedValue { $0.isReady } }
    /// Whether it was started and hasn't ended.
    var isRunning: Bool {
        state.withLockedValue { $0.processID > 0 && $0.ending == nil }
    }
    var ending: Ending? { state.withLockedValue { $0.ending } }

    func start() throws(ServerError) {
        guard FileManager.default.createFile(atPath: logPath, contents: nil),
            let log = FileHandle(forWritingAtPath: logPath)
        else {
            throw ServerError(
                .process, "the log file \(logPath) can't be written; check the directory")
        }
        let process = Process()
        let input = Pipe()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments + ["--stop-with-input"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = log
        output.fileHandleForReading.readabilityHandler = { [self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            received(data)
        }
        process.terminationHandler = { [self] process in
            let status = process.terminationStatus
            state.withLockedValue {
                $0.ending =
                    process.terminationReason == .uncaughtSignal ? .signal(status) : .exit(status)
            }
        }
        do {
            try process.run()
        } catch {
            throw ServerError(.process, "\(executable) can't be started: \(error)", cause: error)
        }
        state.withLockedValue {
            $0.processID = process.processIdentifier
            $0.input = input
        }
    }

    private func received(_ data: Data) {
        state.withLockedValue { state in
            guard !state.isReady else { return }
            state.output.append(contentsOf: data)
            state.isReady = state.output.starts(with: "ready ".utf8) && state.output.contains(0x0A)
        }
    }

    /// Sends the signal if the process still runs.
    func send(signal number: Int32) {
        state.withLockedValue { state in
            if state.ending == nil, state.processID > 0 { _ = kill(state.processID, number) }
        }
    }

    /// The last lines that the node wrote to its log.
    func logTail(lineCount: Int = 5) -> String {
        guard let data = FileManager.default.contents(atPath: logPath) else { return "" }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").suffix(lineCount)
            .map { "  " + $0 }.joined(separator: "\n")
    }
}
