import ArgumentParser
import Foundation
import MarbleArrow

/// Reads or writes the batches of a stream over and over, in memory and on one thread.
struct ArrowBenchCommand: ParsableCommand {
    enum Work: String, ExpressibleByArgument, CaseIterable {
        /// Reads the stream, checking that buffers lie where they may.
        case decode
        /// Reads the stream, checking each offset and each character.
        case validate
        /// Writes the stream.
        case encode
    }

    static let configuration = CommandConfiguration(
        commandName: "arrow",
        abstract: "Measures reading and writing of Arrow IPC streams.",
        discussion: "A pass reads or writes the whole stream; what is counted are batches.")

    @Argument(help: "decode, validate or encode.")
    var work: Work

    @Argument(help: "An Arrow IPC stream.")
    var path: String

    @Option(help: "Compression to encode with: none, lz4 or zstd.")
    var compression = "none"

    @Option(help: "For how long.")
    var seconds = 3.0

    @Option(help: "For how long before that, without measuring.")
    var warmUp = 1.0

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let bytes = ArrowBuffer([UInt8](try Data(contentsOf: URL(filePath: path))))
        let batches = try Self.read(bytes, .full)
        guard let schema = batches.first?.schema else {
            throw ValidationError("\(path) has no batches.")
        }
        guard let compression = Self.compressions[compression] else {
            throw ValidationError("--compression is none, lz4 or zstd.")
        }
        let pass: () throws -> Void =
            switch work {
            case .decode: { _ = try Self.read(bytes, .structure) }
            case .validate: { _ = try Self.read(bytes, .full) }
            case .encode: { try Self.write(batches, schema, compression) }
            }
        _ = try measure(warmUp, pass)
        let passes = try measure(seconds, pass)
        try report(passes, batchCount: batches.count, byteCount: bytes.count)
    }

    private static let compressions: [String: ArrowCompression] = [
        "none": .none, "lz4": .lz4, "zstd": .zstd,
    ]

    private static func read(
        _ bytes: ArrowBuffer, _ validation: ArrowValidation
    ) throws -> [ArrowRecordBatch] {
        var reader = ArrowStreamReader(validation: validation)
        reader.append(bytes)
        var batches: [ArrowRecordBatch] = []
        while let event = try reader.next() {
            if case .recordBatch(let batch) = event { batches.append(batch) }
        }
        return batches
    }

    private static func write(
        _ batches: [ArrowRecordBatch], _ schema: ArrowSchema, _ compression: ArrowCompression
    ) throws {
        var writer = ArrowStreamWriter(schema: schema, compression: compression)
        for batch in batches { try writer.write(batch) }
        writer.finish()
        _ = writer.takeBytes()
    }

    /// How long each pass took.
    private func measure(_ seconds: Double, _ pass: () throws -> Void) throws -> [Duration] {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var passes: [Duration] = []
        repeat { passes.append(try clock.measure(pass)) } while clock.now < end
        return passes.sorted()
    }

    private func report(_ passes: [Duration], batchCount: Int, byteCount: Int) throws {
        let total = passes.reduce(Duration.zero, +) / .seconds(1)
        func microseconds(_ share: Double) -> Double {
            let pass = passes[min(passes.count - 1, Int(Double(passes.count) * share))]
            return pass / .microseconds(1) / Double(batchCount)
        }
        let result = ArrowBenchReport(
            messagesPerS: Double(passes.count * batchCount) / total,
            payloadBytes: Double(byteCount) / Double(batchCount), seconds: total,
            completed: passes.count * batchCount, p50Us: microseconds(0.5),
            p99Us: microseconds(0.99), p999Us: microseconds(0.999))
        guard json else {
            let megabytes = result.messagesPerS * result.payloadBytes / 1e6
            return printLine("\(Int(result.messagesPerS)) batches/s, \(Int(megabytes)) MB/s")
        }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = .sortedKeys
        printLine(String(decoding: try encoder.encode(result), as: UTF8.self))
    }
}

/// The keys that other loads have, too; a message is a batch.
private struct ArrowBenchReport: Encodable {
    let messagesPerS: Double
    let payloadBytes: Double
    let seconds: Double
    let completed: Int
    let p50Us: Double
    let p99Us: Double
    let p999Us: Double
}
