import ArgumentParser

struct ArrowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "arrow",
        abstract: "Shows and converts Arrow IPC streams and files.",
        discussion: """
            Streams (.arrows) and files (.arrow, .feather) are told apart by their first bytes. \
            "-" stands for standard input or output.
            """,
        subcommands: [ArrowSchemaCommand.self, ArrowCatCommand.self, ArrowConvertCommand.self])
}

/// Why something can't be done with an Arrow stream or file.
struct ArrowToolError: Error {
    /// What happened to what, and what to do about it.
    var message: String
}
