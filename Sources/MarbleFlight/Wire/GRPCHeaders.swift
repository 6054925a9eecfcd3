import NIOCore
import NIOHPACK

// Headers and trailers of gRPC over HTTP/2 (gRPC, `PROTOCOL-HTTP2.md`).

enum GRPCHeader {
    static let contentType = "application/grpc"
    static let status = "grpc-status"
    static let message = "grpc-message"
    static let details = "grpc-status-details-bin"
    static let previousAttempts = "grpc-previous-rpc-attempts"
    static let retryPushback = "grpc-retry-pushback-ms"
    static let arrowStatus = "x-arrow-status"
    static let timeout = "grpc-timeout"
    static let encoding = "grpc-encoding"
    static let acceptEncoding = "grpc-accept-encoding"

    /// Whether a content type is gRPC's, with or without a subtype (`+proto`) or parameters.
    static func isGRPC(_ type: String) -> Bool {
        // Media types are compared without case; hardly anyone makes use of it.
        guard type.hasPrefix(contentType) || type.lowercased().hasPrefix(contentType) else {
            return false
        }
        let rest = type.utf8.dropFirst(contentType.utf8.count)
        return rest.first.map { [UInt8(ascii: "+"), UInt8(ascii: ";")].contains($0) } ?? true
    }
}

extension HPACKHeaders {
    /// What gRPC's own libraries take of all trailers together by default is 8 KiB.
    private static let messageByteCountMax = 4 << 10

    /// Trailers with a status; `nil` is `OK`.
    init(status error: FlightError?) {
        self.init()
        add(name: GRPCHeader.status, value: String((error?.code ?? .ok).rawValue))
        guard let error else { return }
        let message = PercentEncoding.encode(error.message, byteCountMax: Self.messageByteCountMax)
        add(name: GRPCHeader.message, value: message)
        if let details = error.details {
            add(name: GRPCHeader.details, value: Base64.encode(details))
            // Flight's C++ clients look at the details only beside a status of theirs.
            add(name: GRPCHeader.arrowStatus, value: String(error.code.arrowStatus))
        }
    }

    /// Adds the application's entries.
    mutating func append(_ metadata: FlightMetadata) {
        for (name, value, _) in metadata.headers where !FlightMetadata.isReserved(name) {
            add(name: name, value: value)
        }
    }

    /// The status in a response's trailers; `nil` is `OK`.
    func callStatus() -> FlightError? {
        guard let text = first(name: GRPCHeader.status) else {
            return .withoutStatus
        }
        let code = Int(text).flatMap { FlightStatusCode(rawValue: $0) } ?? .unknown
        guard code != .ok else { return nil }
        var error = FlightError(
            code, PercentEncoding.decode(first(name: GRPCHeader.message) ?? ""),
            details: first(name: GRPCHeader.details).flatMap { Base64.decode($0) })
        error.pushback = first(name: GRPCHeader.retryPushback).map { RetryPushback(trailer: $0) }
        return error
    }

    /// Why a response isn't one of gRPC, from its first headers; `nil` if it is.
    func responseRefusal() -> FlightError? {
        let status = first(name: ":status") ?? "none"
        if status == "200" {
            let encoding = first(name: GRPCHeader.encoding) ?? "identity"
            guard FlightCompression(rawValue: encoding) == nil else { return contentTypeRefusal() }
            return FlightError(
                .internal, "the server compresses with \(encoding), which this client didn't offer")
        }
        // A server of gRPC may say more than HTTP does.
        if first(name: GRPCHeader.status) != nil, let error = callStatus() { return error }
        let code: FlightStatusCode =
            switch status {
            case "400": .internal
            case "401": .unauthenticated
            case "403": .permissionDenied
            case "404": .unimplemented
            case "429", "502", "503", "504": .unavailable
            default: .unknown
            }
        return FlightError(
            code, "the peer answered with HTTP status \(status); is it a Flight server?")
    }
}

extension HPACKHeaders {
    /// The size as HTTP/2 counts it (RFC 9113, 6.5.2): names, values, and 32 bytes for each.
    var listByteCount: Int {
        reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 32 }
    }

    private func contentTypeRefusal() -> FlightError? {
        let type = first(name: "content-type") ?? "none"
        guard !GRPCHeader.isGRPC(type) else { return nil }
        return FlightError(
            .unknown, "the peer answered with content type \(type); is it a Flight server?")
    }
}

extension FlightError {
    static var withoutStatus: FlightError {
        FlightError(.unknown, "the server ended the call without a grpc-status")
    }
}

/// `grpc-timeout`: up to eight digits and a unit.
enum GRPCTimeout {
    static func encode(_ timeout: TimeAmount) -> String {
        let nanoseconds = max(timeout.nanoseconds, 1)
        let units: [(Int64, String)] = [
            (1, "n"), (1_000, "u"), (1_000_000, "m"), (1_000_000_000, "S"),
            (60_000_000_000, "M"),
        ]
        for (unit, name) in units {
            let count = nanoseconds / unit + (nanoseconds % unit == 0 ? 0 : 1)
            if count <= 99_999_999 { return "\(count)\(name)" }
        }
        return "99999999H"
    }

    static func decode(_ text: String) -> TimeAmount? {
        guard let unit = text.last, text.utf8.count <= 9,
            text.dropLast().utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
            let count = Int64(text.dropLast())
        else { return nil }
        switch unit {
        case "n": return .nanoseconds(count)
        case "u": return .microseconds(count)
        case "m": return .milliseconds(count)
        case "S": return .seconds(count)
        case "M": return .minutes(count)
        case "H": return .hours(min(count, 1_000_000))
        default: return nil
        }
    }
}

/// `grpc-message`: UTF-8 of which everything but printable ASCII is written as `%XX`.
enum PercentEncoding {
    private static let hexadecimal = Array("0123456789ABCDEF".utf8)

    private static let ellipsis = Array("%E2%80%A6".utf8)

    /// - Parameter byteCountMax: What the encoding may have; a longer text ends with an ellipsis.
    static func encode(_ text: String, byteCountMax: Int = .max) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(min(text.utf8.count, byteCountMax))
        // Where the ellipsis goes if the rest is too long: behind a whole character.
        var cut = 0
        for scalar in text.unicodeScalars {
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                append(byte, to: &encoded)
            }
            guard encoded.count <= byteCountMax else {
                return String(decoding: encoded.prefix(cut) + ellipsis, as: UTF8.self)
            }
            if encoded.count <= byteCountMax - ellipsis.count { cut = encoded.count }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func append(_ byte: UInt8, to encoded: inout [UInt8]) {
        if byte >= 0x20, byte <= 0x7E, byte != UInt8(ascii: "%") {
            encoded.append(byte)
        } else {
            encoded.append(UInt8(ascii: "%"))
            encoded.append(hexadecimal[Int(byte >> 4)])
            encoded.append(hexadecimal[Int(byte & 15)])
        }
    }

    /// Never fails: what isn't well encoded stays as it is.
    static func decode(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let high = digit(bytes[index + 1]), let low = digit(bytes[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
