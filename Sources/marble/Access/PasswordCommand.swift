import ArgumentParser
import MarbleAuth
import MarbleFlight
import MarbleServer

struct PasswordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password",
        abstract: "Makes an access list's line for a user who logs in with a password.",
        discussion: """
            Reads the password from the first line of standard input. The line holds its hash only. \
            With --file the line is added there, otherwise it is printed.
            """)

    @OptionGroup var line: AccessListLine

    func run() throws {
        guard let password = readLine(), password.utf8.count >= 8 else {
            throw ServerError(
                .configuration,
                "no password of at least 8 bytes comes from standard input; type it, or pipe it in")
        }
        let hash: PasswordHash
        do {
            hash = try PasswordHash(of: password)
        } catch {
            throw ServerError(.configuration, error.message, cause: error)
        }
        let text = "user \(line.name) \(line.role.rawValue) \(hash.text)"
        try AccessListCheck.check(text)
        if try !line.add(text) { StandardOutput.line(text) }
    }
}
