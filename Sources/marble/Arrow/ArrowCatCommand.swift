import ArgumentParser
import MarbleArrow

struct ArrowCatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Prints the rows of a stream or file.")

    @Argument(help: "A stream or file, or - for standard input.")
    var path: String

    @Option(help: "Print so many rows at most.")
    var limit: Int?

    @Flag(help: "Print a JSON object a row instead of a table.")
    var json = false

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit must not be negative.") }
    }

    func run() throws {
        var input = try ArrowInput(path: path, limit: limit)
        var table = ArrowTableFormatter(schema: input.schema)
        let lines = ArrowJSONFormatter(schema: input.schema)
        var isFirst = true
        while let batch = try input.next() {
            // Text takes more room than columns do: print it in pieces.
            for start in stride(from: 0, to: batch.rowCount, by: 1000) {
                let piece = batch.slice(offset: start, length: min(1000, batch.rowCount - start))
                let text = json ? lines.lines(of: piece) : table.lines(of: piece)
                try ArrowOutput.print(text)
                isFirst = false
            }
        }
        if isFirst && !json { try ArrowOutput.print(table.lines(of: .empty(input.schema))) }
    }
}
