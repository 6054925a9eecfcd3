import ArgumentParser
import MarbleAuth
import MarbleFlight
import MarbleServer

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Makes a token for a program or a node.",
        discussion: """
            Prints the token, which is kept nowhere: it can't be shown again. What nodes need is the \
            line with its hash in their access list (auth_tokens_path). With --file the line is added \
            there, otherwise it is printed to standard error.
            """)

    @OptionGroup var line: AccessListLine

    @Option(help: "When it ends: a day (2030-01-31) or a time (2030-01-31T12:00:00Z).")
    var expires: String?

    func run() throws {
        let token = TokenHash.makeToken()
        var text = "token \(line.name) \(line.role.rawValue) \(TokenHash(of: token).text)"
        if let expires { text += " expires=\(expires)" }
        try AccessListCheck.check(text)
        if try !line.add(text) {
            StandardOutput.error("add this line to the access list of each node:\n\(text)")
        }
        StandardOutput.line(token)
    }
}
