import Foundation

/// A load's result as it is printed. Benchmarks/README.md holds the meaning of the JSON's keys.
struct LoadReport: Encodable {
    /// What the operations of a load are.
    enum Operation: String, Encodable {
        case message, call, entry

        fileprivate var plural: String {
            switch self {
            case .message: "messages"
            case .call: "calls"
            case .entry: "entries"
            }
        }
    }

    let operation: Operation
    let clients: Int
    let inFlight: Int?
    let connections: Int
    let payloadBytes: Int
    let scheduledPerS: Double?
    let seconds: Double
    let completed: Int
    let errors: Int
    let firstError: String?
    let messagesPerS: Double?
    let callsPerS: Double?
    let entriesPerS: Double?
    let p50Us: Double
    let p99Us: Double
    let p999Us: Double
    private var rate: Double { Double(completed) / seconds }

    init(
        _ operation: Operation, _ result: LoadResult, options: LoadOptions, clients: Int,
        inFlight: Int? = nil, scheduledPerSecond: Double? = nil
    ) {
        self.operation = operation
        self.clients = clients
        self.inFlight = inFlight
        connections = options.connections
        payloadBytes = options.payload
        scheduledPerS = scheduledPerSecond
        seconds = result.seconds
        completed = result.completed
        errors = result.errors
        firstError = result.firstError.map { "\($0)" }
        let rate = Double(result.completed) / result.seconds
        messagesPerS = operation == .message ? rate : nil
        callsPerS = operation == .call ? rate : nil
        entriesPerS = operation == .entry ? rate : nil
        p50Us = result.p50Microseconds
        p99Us = result.p99Microseconds
        p999Us = result.p999Microseconds
    }

    /// Prints one line. Throws where there is nothing to tell but an error.
    func printed(asJSON: Bool) throws {
        guard completed > 0 else {
            throw BenchError(
                .nothingCompleted,
                "no \(operation.rawValue) was completed in \(seconds) s: "
                    + (firstError ?? "the server didn't answer; look at its log"))
        }
        guard asJSON else { return printLine(text) }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = .sortedKeys
        printLine(String(decoding: try encoder.encode(self), as: UTF8.self))
    }

    private var text: String {
        let megabytes = rate * Double(payloadBytes) / 1e6
        var line = "\(Int(rate)) \(operation.plural)/s, \(Int(megabytes)) MB/s"
        line += "; latency in µs: p50 \(Int(p50Us)), p99 \(Int(p99Us)), p99.9 \(Int(p999Us))"
        if errors > 0 { line += "; \(errors) errors, the first: \(firstError ?? "unknown")" }
        return line
    }
}
