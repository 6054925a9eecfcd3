import MarbleFlight
import NIOConcurrencyHelpers

/// Knows a few tokens, one user, and everyone with a certificate.
final class TestAuthenticator: FlightAuthenticator {
    struct State: Sendable {
        var roles: [String: FlightRole] = ["r": .reader, "w": .writer, "a": .admin, "p": .peer]
        var revision: UInt64 = 0
        /// How often it was asked.
        var askedCount = 0
    }

    let state = NIOLockedValueBox(State())

    var revision: UInt64 { state.withLockedValue { $0.revision } }
    var askedCount: Int { state.withLockedValue { $0.askedCount } }

    func revoke(_ token: String) {
        state.withLockedValue {
            $0.roles[token] = nil
            $0.revision += 1
        }
    }

    func authenticate(_ credentials: FlightCredentials) async throws(FlightError) -> FlightIdentity
    {
        state.withLockedValue { $0.askedCount += 1 }
        if let token = credentials.bearer {
            if token == "session of ann" { return FlightIdentity(name: "ann", role: .writer) }
            if let role = state.withLockedValue({ $0.roles[String(token)] }) {
                return FlightIdentity(name: String(token), role: role)
            }
        } else if let (user, password) = credentials.basic {
            if user == "ann", password == "secret: ü" {
                return FlightIdentity(name: user, role: .writer)
            }
        } else if credentials.authorization == nil, credentials.clientCertificate != nil {
            return FlightIdentity(name: "certified", role: .writer)
        }
        throw FlightError(.unauthenticated, "present a token that is known here")
    }

    func sessionToken(for identity: FlightIdentity) async throws(FlightError) -> String? {
        "session of \(identity.name)"
    }
}
