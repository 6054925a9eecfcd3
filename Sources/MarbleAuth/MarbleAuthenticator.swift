internal import Foundation
internal import JWTKit
public import Logging
public import MarbleFlight
internal import NIOConcurrencyHelpers
public import NIOCore

/// Knows callers by tokens, passwords, JSON web tokens and certificates, from files that may change while
/// it works.
public final class MarbleAuthenticator: FlightAuthenticator {
    private struct State {
        var polling: [RepeatedTask] = []
        /// The keys in the form that checks signatures, and the revision they are of.
        var keys: (collection: JWTKeyCollection, revision: UInt64)?
    }

    private static let listByteCountMax = 16 << 20
    private static let keysByteCountMax = 1 << 20

    private let configuration: AuthConfiguration
    private let list: ReloadedValue<AccessList>?
    private let jwtKeys: ReloadedValue<JWTKeys>?
    private let sessions: SessionTokens
    private let passwords: PasswordChecker
    private let state = NIOLockedValueBox(State())

    /// Reads the files. Blocking.
    /// - Throws: `FAILED_PRECONDITION` that names the file, and the line of an access list, which can't be used.
    public init(
        configuration: AuthConfiguration, logger: Logger = Logger(label: "marble.auth")
    ) throws(FlightError) {
        self.configuration = configuration
        passwords = try PasswordChecker()
        if let path = configuration.sessionKeyPath {
            let key = try WatchedFile.read(path, byteCountMax: Self.keysByteCountMax)
            guard key.count >= 32 else {
                throw FlightError(
                    .failedPrecondition,
                    "\(path) has fewer than 32 bytes; make it with: openssl rand -hex 32 > \(path)"
                )
            }
            sessions = SessionTokens(key: key)
        } else {
            sessions = SessionTokens()
        }
        do {
            list = try configuration.accessListPath.map { path in
                try ReloadedValue("access list", paths: [path], logger: logger) {
                    try AccessList(Self.text(path, Self.listByteCountMax), path: path)
                }
            }
            jwtKeys = try (configuration.jwt?.keysPath).map { path in
                try ReloadedValue("keys of web tokens", paths: [path], logger: logger) {
                    try JWTKeys(
                        Self.text(path, Self.keysByteCountMax), path: path, logger: logger)
                }
            }
        } catch {
            throw error as? FlightError
                ?? FlightError(.internal, "authentication can't be set up: \(error)", cause: error)
        }
    }

    private static func text(_ path: String, _ byteCountMax: Int) throws(FlightError) -> String {
        let bytes = try WatchedFile.read(path, byteCountMax: byteCountMax)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FlightError(.failedPrecondition, "\(path) isn't UTF-8")
        }
        return text
    }

    /// Looks at the files from now on, again and again.
    public func start(on eventLoop: any EventLoop) {
        let interval = configuration.reloadInterval
        let tasks = [
            list?.poll(every: interval, on: eventLoop),
            jwtKeys?.poll(every: interval, on: eventLoop),
        ].compactMap(\.self)
        state.withLockedValue { $0.polling += tasks }
    }

    /// Looks at the files no more.
    public func stop() {
        let tasks = state.withLockedValue { state in
            defer { state.polling = [] }
            return state.polling
        }
        for task in tasks { task.cancel() }
    }

    // MARK: FlightAuthenticator

    public var revision: UInt64 { (list?.revision ?? 0) &+ (jwtKeys?.revision ?? 0) }

    public func authenticate(
        _ credentials: FlightCredentials
    ) async throws(FlightError) -> FlightIdentity {
        if let token = credentials.bearer { return try await identity(token: token) }
        if let (user, password) = credentials.basic {
            return try await identity(user: user, password: password)
        }
        guard credentials.authorization == nil else {
            throw FlightError(
                .unauthenticated,
                "the authorization header can't be read: send Bearer and a token, or Basic and the"
                    + " base64 of user:password")
        }
        if let certificate = credentials.clientCertificate {
            return try identity(certificate: certificate)
        }
        throw FlightError(
            .unauthenticated,
            "credentials are missing: send the header authorization: Bearer TOKEN, or log in with user"
                + " and password")
    }

    public func sessionToken(for identity: FlightIdentity) async throws(FlightError) -> String? {
        guard let user = list?.current.users[identity.name] else { return nil }
        return sessions.make(
            SessionTokens.Session(
                user: identity.name, passwordFingerprint: user.password.fingerprint,
                expiry: Date() + Double(configuration.sessionLifetime.components.seconds)))
    }

    private func identity(token: Substring) async throws(FlightError) -> FlightIdentity {
        if token.hasPrefix(SessionTokens.prefix) { return try identity(session: token) }
        let now = Date()
        if let known = list?.current.token(TokenHash(of: token)) {
            guard let expiry = known.expiry else {
                return FlightIdentity(name: known.name, role: known.role)
            }
            guard now < expiry else {
                throw FlightError(
                    .unauthenticated, "the token of \(known.name) has expired; get another one")
            }
            return FlightIdentity(
                name: known.name, role: known.role, validUntil: .at(expiry, now: now))
        }
        if let jwt = configuration.jwt, let jwtKeys, token.count(where: { $0 == "." }) == 2 {
            return try await identity(webToken: token, jwt, jwtKeys)
        }
        throw FlightError(
            .unauthenticated,
            "the token isn't known here: check it, or have one made with marble token")
    }

    private func identity(session token: Substring) throws(FlightError) -> FlightIdentity {
        let now = Date()
        guard let session = sessions.read(token), now < session.expiry,
            let user = list?.current.users[session.user],
            ConstantTime.equal(user.password.fingerprint, session.passwordFingerprint)
        else {
            throw FlightError(
                .unauthenticated,
                "the login is over, or was on another node (see auth_session_key_path): log in"
                    + " again")
        }
        return FlightIdentity(
            name: session.user, role: user.role, validUntil: .at(session.expiry, now: now))
    }

    private func identity(
        user name: String, password: String
    ) async throws(FlightError) -> FlightIdentity {
        let user = list?.current.users[name]
        guard try await passwords.isRight(password, user?.password), let user else {
            throw FlightError(.unauthenticated, "user and password don't fit: check both")
        }
        return FlightIdentity(name: name, role: user.role)
    }

    private func identity(certificate: [UInt8]) throws(FlightError) -> FlightIdentity {
        let names = CertificateNames(der: certificate)?.keys ?? []
        let known = list?.current.certificates ?? [:]
        let found = names.compactMap { known[$0] }.max { $0.role < $1.role }
        guard let found else {
            throw FlightError(
                .unauthenticated,
                "the certificate (\(names.joined(separator: ", "))) isn't in the access list: add a"
                    + " line certificate NAME ROLE for it, or send a token")
        }
        return FlightIdentity(name: found.name, role: found.role)
    }

    private func identity(
        webToken token: Substring, _ jwt: AuthConfiguration.JWT, _ keys: ReloadedValue<JWTKeys>
    ) async throws(FlightError) -> FlightIdentity {
        let collection = await collection(keys)
        let claims: JWTClaims
        do {
            claims = try await collection.verify(String(token), iteratingKeys: true)
        } catch {
            throw JWTClaims.refused(
                "its signature isn't of a key that is known here, or its content can't be read")
        }
        let now = Date()
        var (identity, expiry) = try claims.identity(jwt, now: now)
        identity.validUntil = .at(expiry, now: now)
        return identity
    }

    private func collection(_ keys: ReloadedValue<JWTKeys>) async -> JWTKeyCollection {
        let revision = keys.revision
        if let cached = state.withLockedValue({ $0.keys }), cached.revision == revision {
            return cached.collection
        }
        let collection = await keys.current.collection()
        state.withLockedValue { $0.keys = (collection, revision) }
        return collection
    }
}

extension NIODeadline {
    /// A point in time of the calendar, as far from now.
    fileprivate static func at(_ date: Date, now: Date) -> NIODeadline {
        let seconds = min(max(date.timeIntervalSince(now), 0), 1e8)
        return .now() + .nanoseconds(Int64(seconds * 1e9))
    }
}
