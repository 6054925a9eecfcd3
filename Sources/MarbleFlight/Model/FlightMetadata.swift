import NIOHPACK

/// The headers or trailers of a call: names (lowercase) with values, in order.
///
/// A name that ends in `-bin` carries bytes, in base64 on the wire.
public struct FlightMetadata: Sendable {
    var headers: HPACKHeaders

    init(_ headers: HPACKHeaders) { self.headers = headers }

    /// Makes metadata without entries.
    public init() { self.headers = HPACKHeaders() }

    /// The first value of a name, compared without case; `nil` if there is none.
    public func first(_ name: String) -> String? { headers.first(name: name) }

    /// All values of a name, compared without case.
    public func values(_ name: String) -> [String] { headers[name] }

    /// The bytes of the first value of a `-bin` name; `nil` if there is none, or if it isn't base64.
    public func bytes(_ name: String) -> [UInt8]? {
        headers.first(name: name).flatMap { $0.split(separator: ",").first ?? "" }
            .flatMap { Base64.decode($0.trimmingSpaces()) }
    }

    /// The bytes of all values of a `-bin` name, also of those that a proxy has joined with commas (gRPC,
    /// `PROTOCOL-HTTP2.md`, "Custom-Metadata"); what isn't base64 is left out.
    public func allBytes(_ name: String) -> [[UInt8]] {
        headers[name].flatMap { value in
            value.split(separator: ",", omittingEmptySubsequences: false).compactMap {
                Base64.decode($0.trimmingSpaces())
            }
        }
    }

    /// Adds an entry. `name` is sent in lowercase.
    public mutating func add(_ name: String, _ value: String) {
        headers.add(name: name.lowercased(), value: value)
    }

    /// Adds an entry of bytes; `name` must end in `-bin`.
    public mutating func add(_ name: String, bytes: [UInt8]) {
        precondition(name.hasSuffix("-bin"), "a name of bytes ends in -bin: \(name)")
        headers.add(name: name.lowercased(), value: Base64.encode(bytes))
    }

    /// The entries that the application set: without those of HTTP/2 (`:path`, …) and of gRPC itself.
    public var entries: [(name: String, value: String)] {
        headers.compactMap { name, value, _ in
            Self.isReserved(name) ? nil : (name, value)
        }
    }

    /// Names that belong to the protocol; an application's entries under them aren't sent.
    static func isReserved(_ name: String) -> Bool {
        name.hasPrefix(":") || name.hasPrefix("grpc-") || name == "content-type" || name == "te"
    }
}

extension FlightMetadata: ExpressibleByDictionaryLiteral {
    /// Makes metadata of texts: `["authorization": "Bearer …"]`.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { add(name, value) }
    }
}
