/// Says who a caller is.
///
/// A ``FlightServer`` that has one asks it before anything of a call's messages is read. The answer is
/// remembered for the connection, by the `authorization` header, until ``revision`` changes or the identity
/// ends: later calls with the same header neither wait nor compute.
public protocol FlightAuthenticator: Sendable {
    /// Changes when credentials that were good may not be any more. Asked for each call, so it must be
    /// cheap.
    var revision: UInt64 { get }

    /// Says who presents the credentials, of which there may be none.
    ///
    /// Called on no particular thread; it may take its time. The server counts and slows down failures.
    /// - Throws: `UNAUTHENTICATED`, which says what to present instead, without the secret.
    func authenticate(_ credentials: FlightCredentials) async throws(FlightError) -> FlightIdentity

    /// A token for one who has just authenticated with user and password, to be presented as `Bearer …` in
    /// later calls; `nil` where the authenticator makes none.
    func sessionToken(for identity: FlightIdentity) async throws(FlightError) -> String?
}

extension FlightAuthenticator {
    /// Makes none.
    public func sessionToken(for identity: FlightIdentity) async throws(FlightError) -> String? {
        nil
    }
}
