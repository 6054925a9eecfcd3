internal import Foundation
internal import JWTKit
internal import Logging
internal import MarbleFlight

/// The keys that tokens may be signed with.
struct JWTKeys: Sendable {
    private let keys: [(identifier: JWKIdentifier?, key: JWTKey)]

    /// Of a set's keys, those that can't be used are logged, and ignored (RFC 7517, 5).
    /// - Parameters:
    ///   - text: a public key in PEM or a JSON Web Key Set.
    ///   - path: for messages.
    /// - Throws: `FAILED_PRECONDITION` if no key can be used; it says why.
    init(_ text: String, path: String, logger: Logger) throws(FlightError) {
        let set: KeySet
        do {
            if text.contains("-----BEGIN") {
                keys = [(nil, try JWTKey(pem: text))]
                return
            }
            set = try JSONDecoder().decode(KeySet.self, from: Data(text.utf8))
        } catch {
            throw FlightError(
                .failedPrecondition,
                "\(path) holds neither a public key in PEM (RSA, P-256, P-384, P-521) nor a JSON"
                    + " Web Key Set: \(error)", cause: error)
        }
        keys = try set.usable(path, logger)
    }

    /// The keys in the form that checks tokens.
    func collection() async -> JWTKeyCollection {
        let collection = JWTKeyCollection()
        for (identifier, key) in keys { await key.add(to: collection, identifier) }
        return collection
    }
}

private struct KeySet: Decodable {
    struct Member: Decodable {
        let identifier: String?
        /// `nil` for what doesn't have the form of a key.
        let key: JSONWebKey?

        init(from decoder: any Decoder) {
            let values = try? decoder.container(keyedBy: JSONWebKey.CodingKeys.self)
            identifier = try? values?.decode(String.self, forKey: .identifier)
            key = try? JSONWebKey(from: decoder)
        }

        func signatureKey() throws(JSONWebKey.Unusable) -> JWTKey {
            guard let key else {
                throw JSONWebKey.Unusable(reason: "it has no kty, or a member of the wrong type")
            }
            return try key.signatureKey()
        }
    }

    let keys: [Member]

    /// The keys that tokens can be signed with, each with an identifier of its own.
    func usable(
        _ path: String, _ logger: Logger
    ) throws(FlightError) -> [(identifier: JWKIdentifier?, key: JWTKey)] {
        var usable: [(identifier: JWKIdentifier?, key: JWTKey)] = []
        var unusable: [(name: String, reason: String)] = []
        var names: Set<String> = []
        for (index, member) in keys.enumerated() {
            let place = "key \(index + 1)"
            let name = member.identifier ?? place
            do throws(JSONWebKey.Unusable) {
                let key = try member.signatureKey()
                // Keys of one kid are alternatives (RFC 7517, 4.5).
                var own = name
                while !names.insert(own).inserted { own += ", \(place)" }
                usable.append((JWKIdentifier(string: own), key))
            } catch {
                unusable.append((name, error.reason))
            }
        }
        guard !usable.isEmpty else {
            let reasons = unusable.map { "\($0.name): \($0.reason)" }.joined(separator: "; ")
            throw FlightError(
                .failedPrecondition,
                "\(path) holds no key that web tokens can be signed with"
                    + (reasons.isEmpty ? "" : " (\(reasons))"))
        }
        for (name, reason) in unusable {
            logger.notice(
                "a key of the JSON Web Key Set isn't used",
                metadata: ["file": "\(path)", "key": "\(name)", "reason": "\(reason)"])
        }
        return usable
    }
}
