internal import Foundation
internal import MarbleFlight

/// Who is known, and what each may do: the content of the file that `docs/formats/access-list.md` describes.
/// It holds no secrets, only their hashes.
struct AccessList: Sendable {
    struct Token: Sendable {
        var name: String
        var role: FlightRole
        var hash: TokenHash
        var expiry: Date?
    }

    struct User: Sendable {
        var role: FlightRole
        var password: PasswordHash
    }

    struct Certificate: Sendable {
        var name: String
        var role: FlightRole
    }

    private(set) var tokens: [Token] = []
    private(set) var users: [String: User] = [:]
    /// By `dns:…`, `cn:…` or `uri:…`.
    private(set) var certificates: [String: Certificate] = [:]

    /// All tokens are compared, whichever fits: the time says nothing.
    func token(_ hash: TokenHash) -> Token? {
        var found: Token?
        for token in tokens where token.hash.equals(hash) { found = token }
        return found
    }

    /// - Parameter path: for messages.
    /// - Throws: `FAILED_PRECONDITION` that names the line.
    init(_ text: String, path: String) throws(FlightError) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            do throws(FlightError) {
                try add(words)
            } catch {
                throw FlightError(
                    .failedPrecondition, "\(path), line \(index + 1): \(error.message)",
                    cause: error)
            }
        }
    }

    private mutating func add(_ words: [String]) throws(FlightError) {
        guard words.count >= 4 else {
            throw Self.invalid(
                "a line is: token, user or certificate; a name; a role; and what it is known by")
        }
        let name = words[1]
        guard name.utf8.count <= 255 else {
            throw Self.invalid("the name is longer than 255 bytes")
        }
        guard let role = FlightRole(rawValue: words[2]) else {
            let known = FlightRole.allCases.map(\.rawValue).joined(separator: ", ")
            throw Self.invalid("there is no role \"\(words[2])\"; there are \(known)")
        }
        switch words[0] {
        case "token":
            try addToken(name, role, words[3], options: words[4...])
        case "user":
            guard let password = PasswordHash(words[3]), words.count == 4 else {
                throw Self.invalid("what follows the role isn't a hash of marble password")
            }
            guard !name.contains(":") else { throw Self.invalid("a user's name has no colon") }
            guard users.updateValue(User(role: role, password: password), forKey: name) == nil
            else {
                throw Self.invalid("the user \(name) is there twice")
            }
        case "certificate":
            try addCertificate(name, role, words[3], hasMore: words.count > 4)
        default:
            throw Self.invalid("\"\(words[0])\" is none of token, user and certificate")
        }
    }

    private mutating func addToken(
        _ name: String, _ role: FlightRole, _ hash: String, options: ArraySlice<String>
    ) throws(FlightError) {
        guard let hash = TokenHash(hash) else {
            throw Self.invalid("what follows the role isn't sha256: and 64 hexadecimal digits")
        }
        var token = Token(name: name, role: role, hash: hash)
        for option in options {
            guard option.hasPrefix("expires="), token.expiry == nil,
                let date = Self.date(String(option.dropFirst("expires=".count)))
            else {
                throw Self.invalid(
                    "\"\(option)\" isn't expires= with a date like 2030-01-31 or 2030-01-31T12:00:00Z"
                )
            }
            token.expiry = date
        }
        guard !tokens.contains(where: { $0.hash.equals(hash) }) else {
            throw Self.invalid("this token is there twice")
        }
        tokens.append(token)
    }

    private mutating func addCertificate(
        _ name: String, _ role: FlightRole, _ pattern: String, hasMore: Bool
    ) throws(FlightError) {
        let kinds = ["dns:", "cn:", "uri:"]
        guard !hasMore, let kind = kinds.first(where: { pattern.hasPrefix($0) }),
            pattern.utf8.count > kind.utf8.count
        else {
            throw Self.invalid("what follows the role isn't dns:NAME, cn:NAME or uri:URI")
        }
        let key = kind == "dns:" ? pattern.lowercased() : pattern
        let certificate = Certificate(name: name, role: role)
        guard certificates.updateValue(certificate, forKey: key) == nil else {
            throw Self.invalid("\(pattern) is there twice")
        }
    }

    /// A day, which begins at midnight UTC, or a point in time (RFC 3339 with `Z`).
    static func date(_ text: String) -> Date? {
        try? Date(text.contains("T") ? text : text + "T00:00:00Z", strategy: .iso8601)
    }

    private static func invalid(_ reason: String) -> FlightError {
        FlightError(.failedPrecondition, reason)
    }
}
