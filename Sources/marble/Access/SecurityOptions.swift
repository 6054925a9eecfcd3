import ArgumentParser
import MarbleServer

/// The options of `marble serve` about TLS and who may call.
struct SecurityOptions: ParsableArguments {
    @Flag(
        name: .customLong("enable-ssl"), inversion: .prefixedNo,
        help: "Speak TLS, to clients and to the other nodes.")
    var enableSSL: Bool?

    @Option(
        name: .customLong("tls-cert-path"),
        help: ArgumentHelp(
            "This node's certificate chain (PEM).",
            valueName: "file"))
    var tlsCertificatePath: String?

    @Option(
        name: .customLong("tls-key-path"),
        help: ArgumentHelp(
            "The certificate's key (PEM).",
            valueName: "file"))
    var tlsKeyPath: String?

    @Option(
        name: .customLong("tls-root-certs-path"),
        help: ArgumentHelp(
            "The authorities that sign the certificates of nodes and clients (PEM; default: the system's).",
            valueName: "file"))
    var tlsRootCertificatesPath: String?

    @Option(
        name: .customLong("tls-client-auth"),
        help: ArgumentHelp(
            "Whether clients show a certificate: none, optional or required (default: none).",
            valueName: "what"))
    var tlsClientAuthentication: String?

    @Option(
        name: .customLong("auth-tokens-path"),
        help: ArgumentHelp(
            "The access list; with it, every call needs credentials.",
            valueName: "file"))
    var accessListPath: String?

    @Option(
        name: .customLong("auth-jwt-keys-path"),
        help: ArgumentHelp(
            "The keys of an issuer of JSON web tokens (PEM or JWKS).",
            valueName: "file"))
    var jwtKeysPath: String?

    @Option(
        name: .customLong("auth-jwt-issuer"),
        help: ArgumentHelp(
            "What iss of a JSON web token must be.",
            valueName: "text"))
    var jwtIssuer: String?

    @Option(
        name: .customLong("auth-jwt-audience"),
        help: ArgumentHelp(
            "What aud of a JSON web token must hold.",
            valueName: "text"))
    var jwtAudience: String?

    @Option(
        name: .customLong("auth-session-key-path"),
        help: ArgumentHelp(
            "A secret that all nodes share, for logins that are good on all of them.",
            valueName: "file"))
    var sessionKeyPath: String?

    @Option(
        name: .customLong("auth-peer-token-path"),
        help: ArgumentHelp(
            "The token by which the other nodes know this one.",
            valueName: "file"))
    var peerTokenPath: String?

    func apply(to settings: inout NodeSettings) {
        settings.enableSSL = enableSSL
        settings.tlsCertificatePath = tlsCertificatePath
        settings.tlsKeyPath = tlsKeyPath
        settings.tlsRootCertificatesPath = tlsRootCertificatesPath
        settings.tlsClientAuthentication = tlsClientAuthentication
        settings.accessListPath = accessListPath
        settings.jwtKeysPath = jwtKeysPath
        settings.jwtIssuer = jwtIssuer
        settings.jwtAudience = jwtAudience
        settings.sessionKeyPath = sessionKeyPath
        settings.peerTokenPath = peerTokenPath
    }
}
