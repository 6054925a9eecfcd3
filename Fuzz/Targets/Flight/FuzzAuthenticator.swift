@testable import MarbleFlight

/// Takes every user with a password for a writer, and every token for a reader.
struct FuzzAuthenticator: FlightAuthenticator {
    var revision: UInt64 { 0 }

    func authenticate(_ credentials: FlightCredentials) async throws(FlightError) -> FlightIdentity
    {
        if let (user, _) = credentials.basic { return FlightIdentity(name: user, role: .writer) }
        if let token = credentials.bearer {
            return FlightIdentity(name: String(token), role: .reader)
        }
        guard credentials.isEmpty else {
            // The answer to who is UNAUTHENTICATED would take its time, which is real.
            throw FlightError(.permissionDenied, "present a user or a token")
        }
        throw FlightError(.unauthenticated, "present a user or a token")
    }

    /// A user without a name gets none.
    func sessionToken(for identity: FlightIdentity) async throws(FlightError) -> String? {
        identity.name.isEmpty ? nil : "token of \(identity.name)"
    }
}
