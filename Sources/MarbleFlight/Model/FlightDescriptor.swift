public import NIOCore

/// The name of a flight: a path, or an opaque command.
///
/// Source: Arrow, `format/Flight.proto`, message `FlightDescriptor`.
public enum FlightDescriptor: Sendable, Hashable {
    /// Names a dataset like a path in a file system (`PATH`).
    case path([String])
    /// Generates a dataset; the bytes' meaning is the service's (`CMD`).
    case command(ByteBuffer)
}

/// A token to fetch one part of a flight by `DoGet`; its bytes' meaning is the service's.
public struct FlightTicket: Sendable, Hashable {
    /// The opaque bytes.
    public var bytes: ByteBuffer

    /// Makes a ticket of opaque bytes.
    public init(_ bytes: ByteBuffer) { self.bytes = bytes }
    /// Makes a ticket of a text's UTF-8 bytes.
    public init(_ text: String) { self.bytes = ByteBuffer(string: text) }
}

/// An opaque condition that `ListFlights` narrows its answer by; empty means all flights.
public struct FlightCriteria: Sendable, Hashable {
    /// The opaque bytes.
    public var expression: ByteBuffer

    /// Makes criteria; without an argument, those that all flights meet.
    public init(_ expression: ByteBuffer = ByteBuffer()) { self.expression = expression }
}
