import ArgumentParser
import MarbleArrow

struct ArrowConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Writes a stream or file anew, as a stream or file.",
        discussion: """
            The output's name says what is written: .arrows is a stream, .arrow and .feather are \
            files; what goes to standard output is a stream. --to overrules it. An output file \
            appears when it is complete, and takes the place of one that is there.
            """)

    @Argument(help: "A stream or file, or - for standard input.")
    var input: String

    @Argument(help: "What to write, or - for standard output.")
    var output: String

    @Option(help: "Write a file or a stream.")
    var to: ArrowOutput.Format?

    @Option(help: "Compress buffers: none, lz4, zstd, or zstd:LEVEL.")
    var compression = CompressionOption(compression: .none)

    @Option(help: "Write so many rows at most.")
    var limit: Int?

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit must not be negative.") }
        guard to != nil || ArrowOutput.Format(output: output) != nil else {
            throw ValidationError(
                "\(output) doesn't say whether to write a file (.arrow, .feather) or a stream "
                    + "(.arrows); say --to file or --to stream.")
        }
    }

    func run() throws {
        var source = try ArrowInput(path: input, limit: limit)
        var target = try ArrowOutput(
            path: output, format: to ?? ArrowOutput.Format(output: output) ?? .stream,
            schema: source.schema, compression: compression.compression,
            metadata: source.fileMetadata)
        do {
            while let batch = try source.next() { try target.write(batch) }
            try target.finish()
        } catch {
            target.discard()
            throw error
        }
    }
}

/// How the command line names compressions.
struct CompressionOption: ExpressibleByArgument {
    var compression: ArrowCompression

    init(compression: ArrowCompression) {
        self.compression = compression
    }

    init?(argument: String) {
        switch argument {
        case "none": compression = .none
        case "lz4": compression = .lz4
        case "zstd": compression = .zstd
        default:
            let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0] == "zstd", let level = Int(parts[1]) else {
                return nil
            }
            compression = .zstd(level: level)
        }
    }

    var defaultValueDescription: String { "none" }
}
