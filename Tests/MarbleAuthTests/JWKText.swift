import Foundation
import JWTKit

/// Keys as an issuer's JSON Web Key Set has them.
enum JWKText {
    static func set(_ keys: [String]) -> String {
        #"{"keys": [\#(keys.joined(separator: ", "))]}"#
    }

    static func key(_ members: [String: String], _ more: [String: String]) -> String {
        let all = members.merging(more) { $1 }
        return "{" + all.map { #""\#($0)": "\#($1)""# }.joined(separator: ", ") + "}"
    }

    static func secret(_ bytes: [UInt8], _ more: [String: String]) -> String {
        key(["kty": "oct", "k": base64URL(Data(bytes).base64EncodedString())], more)
    }

    fileprivate static func base64URL(_ base64: String) -> String {
        base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

extension Insecure.RSA.PrivateKey {
    func jwk(_ more: [String: String]) throws -> String {
        let (modulus, exponent) = try publicKey.getKeyPrimitives()
        let members = [
            "kty": "RSA", "n": JWKText.base64URL(modulus.base64EncodedString()),
            "e": JWKText.base64URL(exponent.base64EncodedString()),
        ]
        return JWKText.key(members, more)
    }
}

extension ECDSA.PrivateKey {
    func jwk(_ more: [String: String]) -> String {
        let members = [
            "kty": "EC", "crv": curve.rawValue, "x": JWKText.base64URL(parameters?.x ?? ""),
            "y": JWKText.base64URL(parameters?.y ?? ""),
        ]
        return JWKText.key(members, more)
    }
}

extension EdDSA.PrivateKey {
    func jwk(_ more: [String: String]) -> String {
        let x = JWKText.base64URL(publicKey.rawRepresentation.base64EncodedString())
        return JWKText.key(["kty": "OKP", "crv": "Ed25519", "x": x], more)
    }
}
