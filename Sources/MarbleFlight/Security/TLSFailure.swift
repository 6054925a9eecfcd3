import NIOSSL

/// What went wrong with TLS, in plain words and with what to check.
struct TLSFailure: CustomStringConvertible {
    let reason: String
    let remedy: String

    /// - Returns: `nil` for an error that isn't one of TLS.
    init?(_ error: any Error) {
        switch error {
        case NIOSSLError.uncleanShutdown:
            (reason, remedy) = (
                "it was cut off without a goodbye", "the peer may have stopped: try again"
            )
        case NIOSSLError.handshakeFailed(let failure):
            (reason, remedy) = Self.explain(failure)
        case NIOSSLError.unableToValidateCertificate, is NIOSSLExtraError:
            (reason, remedy) = (
                "its certificate isn't for the name or address that was connected to (\(error))",
                "use one of the certificate's names, or set the server name that it has"
            )
        case let failure as BoringSSLError:
            (reason, remedy) = Self.explain(failure)
        default:
            return nil
        }
    }

    var description: String { "\(reason); \(remedy)" }

    private static func explain(_ error: BoringSSLError) -> (String, String) {
        guard case .sslError(let stack) = error, let first = stack.first else {
            return ("\(error)", "check both ends' TLS settings")
        }
        let name = libraryName(first)
        switch name {
        case "CERTIFICATE_VERIFY_FAILED":
            return (
                "the peer's certificate isn't signed by a trusted root, or isn't valid now",
                "check the trusted roots, the certificate's dates, and the clock"
            )
        case "WRONG_VERSION_NUMBER":
            return ("it doesn't speak TLS on this port", "connect without TLS, or turn it on there")
        case "EOF during handshake":
            return (
                "it closed the connection during the handshake",
                "check that it speaks TLS, and whether it asks for a client certificate"
            )
        case "TLSV1_ALERT_CERTIFICATE_REQUIRED", "PEER_DID_NOT_RETURN_A_CERTIFICATE":
            return ("a client certificate is required", "give the client a certificate and its key")
        case "TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_BAD_CERTIFICATE",
            "SSLV3_ALERT_CERTIFICATE_EXPIRED", "SSLV3_ALERT_CERTIFICATE_UNKNOWN":
            return (
                "the peer refused the certificate that it was shown (\(name))",
                "check that it trusts the root that signed it, and its dates"
            )
        case "TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL":
            return ("the ends share no version of TLS", "both must speak TLS 1.2 or later")
        default:
            return (name, "check both ends' TLS settings")
        }
    }

    /// `CERTIFICATE_VERIFY_FAILED` of `Error: 268… error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_… at …`.
    private static func libraryName(_ error: BoringSSLInternalError) -> String {
        let text = error.description
        guard let name = text.split(separator: ":").last(where: { $0.contains(" at ") }) else {
            return text.split(separator: " ").dropFirst().joined(separator: " ")
        }
        return String(name.prefix { $0 != " " })
    }
}
