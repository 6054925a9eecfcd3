/// Who one end of a TLS connection is: a certificate chain and its private key.
public struct FlightTLSIdentity: Sendable, Hashable {
    /// The certificate first, then those that lead to a root.
    public var certificateChain: FlightPEM
    /// The certificate's key, not encrypted.
    public var privateKey: FlightPEM

    /// Makes an identity; nothing is read yet.
    public init(certificateChain: FlightPEM, privateKey: FlightPEM) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
    }
}

/// Which authorities are trusted to sign the other end's certificate.
public enum FlightTrustRoots: Sendable, Hashable {
    /// Those of the operating system.
    case system
    /// Only these.
    case pem(FlightPEM)
}

/// The lowest version of TLS that is spoken.
public enum FlightTLSVersion: Sendable, Hashable {
    /// TLS 1.2 (RFC 5246) and later.
    case tls12
    /// TLS 1.3 (RFC 8446) and later.
    case tls13
}
