/// What a caller presents to say who it is.
public struct FlightCredentials: Sendable {
    /// The value of the `authorization` header: `Bearer …` or `Basic …`. What a client sends as
    /// `auth-token-bin`, the older way of Flight clients, is here as `Bearer …` too.
    public var authorization: String?
    /// The client's TLS certificate in DER, which a trusted root has signed.
    public var clientCertificate: [UInt8]?

    /// Makes credentials.
    public init(authorization: String? = nil, clientCertificate: [UInt8]? = nil) {
        self.authorization = authorization
        self.clientCertificate = clientCertificate
    }

    /// Whether nothing was presented.
    public var isEmpty: Bool { authorization == nil && clientCertificate == nil }

    /// The header's scheme in lowercase, and what follows it.
    public var scheme: (name: String, value: Substring)? {
        guard let authorization, let space = authorization.firstIndex(of: " ") else { return nil }
        return (authorization[..<space].lowercased(), authorization[space...].dropFirst())
    }

    /// The user and password of `Basic` (RFC 7617); `nil` for anything else.
    public var basic: (user: String, password: String)? {
        guard let scheme, scheme.name == "basic", let bytes = Base64.decode(String(scheme.value)),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let user = String(validating: bytes[..<colon], as: UTF8.self),
            let password = String(validating: bytes[(colon + 1)...], as: UTF8.self)
        else { return nil }
        return (user, password)
    }

    /// The token of `Bearer` (RFC 6750); `nil` for anything else.
    public var bearer: Substring? {
        guard let scheme, scheme.name == "bearer" else { return nil }
        return scheme.value
    }

    /// The value of the `authorization` header for a user and password.
    public static func basic(user: String, password: String) -> String {
        "Basic \(Base64.encode(Array("\(user):\(password)".utf8)))"
    }
}

extension FlightCredentials: CustomStringConvertible {
    /// What kind of credentials these are; never the secret.
    public var description: String {
        let header = authorization.map { _ in scheme?.name ?? "authorization without a scheme" }
        let parts = [header, clientCertificate.map { _ in "client certificate" }]
        let text = parts.compactMap(\.self).joined(separator: " and ")
        return text.isEmpty ? "none" : text
    }
}

extension FlightCredentials {
    /// - Parameter metadata: a call's headers.
    init(_ metadata: FlightMetadata, clientCertificate: [UInt8]?) {
        self.init(
            authorization: Self.authorization(metadata), clientCertificate: clientCertificate)
    }

    static let authorizationHeader = "authorization"
    static let tokenHeader = "auth-token-bin"

    static func authorization(_ metadata: FlightMetadata) -> String? {
        if let header = metadata.first(authorizationHeader) { return header }
        guard let bytes = metadata.bytes(tokenHeader) else { return nil }
        return "Bearer \(String(decoding: bytes, as: UTF8.self))"
    }
}
