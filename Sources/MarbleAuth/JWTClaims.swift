internal import Foundation
internal import JWTKit
internal import MarbleFlight

/// What of a token's content counts (RFC 7519, 4.1, and `role` or `roles`).
struct JWTClaims: JWTPayload {
    var sub: String?
    var iss: String?
    var aud: Texts?
    var exp: Double?
    var nbf: Double?
    var role: String?
    var roles: Texts?

    /// One text or several.
    struct Texts: Codable, Sendable {
        var values: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(String.self) {
                values = [one]
            } else {
                values = try container.decode([String].self)
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(values)
        }
    }

    /// Done by ``identity(_:now:)``, which knows the clock and what is wanted.
    func verify(using algorithm: some JWTAlgorithm) async throws {}

    /// Who the token is of. Its signature was checked.
    /// - Throws: `UNAUTHENTICATED` that says which claim doesn't fit.
    func identity(
        _ configuration: AuthConfiguration.JWT, now: Date
    ) throws(FlightError) -> (FlightIdentity, expiry: Date) {
        let leeway = Double(configuration.leeway.components.seconds)
        let time = now.timeIntervalSince1970
        guard let exp, exp.isFinite, exp < 1e12 else { throw Self.refused("it has no exp") }
        guard time < exp + leeway else { throw Self.refused("it has expired; get another one") }
        guard time >= (nbf ?? 0) - leeway else { throw Self.refused("it isn't valid yet (nbf)") }
        if let issuer = configuration.issuer, iss != issuer {
            throw Self.refused("its iss isn't \(issuer)")
        }
        if let audience = configuration.audience, aud?.values.contains(audience) != true {
            throw Self.refused("its aud isn't \(audience)")
        }
        guard let sub, !sub.isEmpty, sub.utf8.count <= 255 else {
            throw Self.refused("it has no sub of at most 255 bytes")
        }
        // Only nodes are peers, and nodes are in the access list.
        let roles = ([role].compactMap(\.self) + (roles?.values ?? []))
            .compactMap(FlightRole.init(rawValue:)).filter { $0 != .peer }
        guard let role = roles.max() else {
            throw Self.refused("its role (or roles) names none of reader, writer and admin")
        }
        return (FlightIdentity(name: sub, role: role), Date(timeIntervalSince1970: exp + leeway))
    }

    static func refused(_ reason: String) -> FlightError {
        FlightError(.unauthenticated, "the JSON web token isn't accepted: \(reason)")
    }
}
