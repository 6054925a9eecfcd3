internal import SwiftASN1
internal import X509

/// The names in a certificate, as an access list writes them. Only of certificates that TLS has checked.
struct CertificateNames {
    /// `dns:…`, `uri:…` and `cn:…`.
    private(set) var keys: [String] = []

    /// - Returns: `nil` for what isn't a certificate.
    init?(der: [UInt8]) {
        guard let certificate = try? Certificate(derEncoded: der) else { return nil }
        let alternatives = try? certificate.extensions.subjectAlternativeNames
        for name in alternatives ?? SubjectAlternativeNames([]) {
            switch name {
            case .dnsName(let name): keys.append("dns:\(name.lowercased())")
            case .uniformResourceIdentifier(let uri): keys.append("uri:\(uri)")
            default: break
            }
        }
        for part in certificate.subject {
            for attribute in part where attribute.type == .RDNAttributeType.commonName {
                if let name = String(attribute.value) { keys.append("cn:\(name)") }
            }
        }
    }
}
