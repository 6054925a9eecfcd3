import ArgumentParser
import MarbleArrow

struct ArrowSchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Shows the columns of a stream or file.")

    @Argument(help: "A stream or file, or - for standard input.")
    var path: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let schema = try ArrowInput(path: path).schema
        StandardOutput.line(json ? Self.json(schema) : Self.text(schema))
    }

    private static func text(_ schema: ArrowSchema) -> String {
        var lines: [String] = []
        for field in schema.fields {
            lines.append("\(field)")
            lines += field.metadata.entries.map { "    \($0.key)=\($0.value)" }
        }
        if !schema.metadata.isEmpty {
            lines.append("metadata:")
            lines += schema.metadata.entries.map { "    \($0.key)=\($0.value)" }
        }
        return lines.joined(separator: "\n")
    }

    private static func json(_ schema: ArrowSchema) -> String {
        let quoted = ArrowJSONFormatter.quoted
        func metadata(_ metadata: ArrowMetadata) -> String {
            let entries = metadata.entries.map { "[\(quoted($0.key)),\(quoted($0.value))]" }
            return "\"metadata\":[" + entries.joined(separator: ",") + "]"
        }
        let fields = schema.fields.map { field in
            "{\"name\":\(quoted(field.name)),\"type\":\(quoted("\(field.type)")),"
                + "\"nullable\":\(field.nullable),\(metadata(field.metadata))}"
        }
        return "{\"fields\":[" + fields.joined(separator: ",") + "],\(metadata(schema.metadata))}"
    }
}
