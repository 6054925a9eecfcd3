import NIOHPACK

/// What the fields of a request, a response or trailers must look like (RFC 9113, 8.2 and 8.3).
///
/// Bytes that would divide a line of HTTP/1.1 never come through, whatever is done with the field later.
struct HTTP2FieldRules {
    enum Kind { case request, response, trailers }

    private struct PseudoFields: OptionSet {
        let rawValue: UInt8
        static let method = Self(rawValue: 1)
        static let scheme = Self(rawValue: 2)
        static let path = Self(rawValue: 4)
        static let authority = Self(rawValue: 8)
        static let status = Self(rawValue: 16)
    }

    private var seen: PseudoFields = []
    private var hasRegular = false
    private var isConnect = false
    private let kind: Kind

    private init(_ kind: Kind) {
        self.kind = kind
    }

    /// - Returns: what is wrong; `nil`: nothing.
    static func violation(of headers: HPACKHeaders, as kind: Kind) -> String? {
        var rules = Self(kind)
        for (name, value, _) in headers {
            if let reason = rules.violation(name, value) { return reason }
        }
        return rules.missing
    }

    private mutating func violation(_ name: String, _ value: String) -> String? {
        guard name.utf8.first == UInt8(ascii: ":") else {
            hasRegular = true
            return regularViolation(name, value)
        }
        guard !hasRegular else { return "\(name) comes behind other fields" }
        let field: PseudoFields
        switch name {
        case ":method":
            field = .method
            isConnect = value == "CONNECT"
        case ":scheme": field = .scheme
        case ":path":
            field = .path
            if value.isEmpty { return ":path is empty" }
        case ":authority": field = .authority
        case ":status": field = .status
        default:
            return "there is no field with a name of \(name.utf8.count) bytes that begins with :"
        }
        guard seen.insert(field).inserted else { return "\(name) comes twice" }
        let isClean = value.allBytes { $0 > 0x20 && $0 != 0x7F }
        return isClean ? nil : "\(name) has a byte that can't be in it"
    }

    private func regularViolation(_ name: String, _ value: String) -> String? {
        guard !name.isEmpty, name.allBytes(Self.isNameByte) else {
            return
                "a field's name is empty or has a byte that can't be in it, such as a capital letter"
        }
        switch name {
        case "connection", "transfer-encoding", "proxy-connection", "keep-alive", "upgrade":
            return "the field \(name) isn't allowed in HTTP/2"
        case "te":
            if kind == .request, value != "trailers" { return "te isn't trailers" }
        default: break
        }
        let isClean = value.allBytes { $0 != 0 && $0 != 0x0A && $0 != 0x0D }
        return isClean ? nil : "the field \(name) has a byte that ends a line"
    }

    private var missing: String? {
        let (needed, allowed): (PseudoFields, PseudoFields) =
            switch kind {
            case .request where isConnect: ([.method, .authority], [.method, .authority])
            case .request:
                ([.method, .scheme, .path], [.method, .scheme, .path, .authority])
            case .response: (.status, .status)
            case .trailers: ([], [])
            }
        guard seen.isSuperset(of: needed) else { return "a field that begins with : is missing" }
        guard seen.isSubset(of: allowed) else {
            return "a field that begins with : doesn't belong there"
        }
        return nil
    }

    /// `token` without capital letters (RFC 9110, 5.6.2), a bit for each of ASCII's characters.
    private static let nameBytes: (low: UInt64, high: UInt64) = {
        var bits: (low: UInt64, high: UInt64) = (0, 0)
        for byte in "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz".utf8 {
            if byte < 64 {
                bits.low |= 1 << UInt64(byte)
            } else {
                bits.high |= 1 << UInt64(byte - 64)
            }
        }
        return bits
    }()

    private static func isNameByte(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        let bits = byte < 64 ? nameBytes.low : nameBytes.high
        return bits >> UInt64(byte & 63) & 1 == 1
    }
}

extension String {
    /// Whether each byte of the text is as it should be.
    @inline(__always)
    fileprivate func allBytes(_ isRight: (UInt8) -> Bool) -> Bool {
        utf8.withContiguousStorageIfAvailable { $0.allSatisfy(isRight) } ?? utf8.allSatisfy(isRight)
    }
}
