public import NIOCore

/// Where a flight can be fetched, and what is in it.
///
/// Source: Arrow, `format/Flight.proto`, message `FlightInfo`.
public struct FlightInfo: Sendable, Hashable {
    /// The schema as an encapsulated IPC message (continuation marker, length, flatbuffer); may be empty.
    public var schema: ByteBuffer
    /// The descriptor that the information is about.
    public var descriptor: FlightDescriptor?
    /// The parts; all of them together are the flight.
    public var endpoints: [FlightEndpoint]
    /// The number of rows, or -1 if unknown.
    public var totalRecords: Int64
    /// The number of bytes, or -1 if unknown.
    public var totalBytes: Int64
    /// Whether the endpoints are in the order of the data.
    public var isOrdered: Bool
    /// Bytes whose meaning is the application's.
    public var appMetadata: ByteBuffer

    /// Makes a flight's information.
    public init(
        schema: ByteBuffer = ByteBuffer(), descriptor: FlightDescriptor? = nil,
        endpoints: [FlightEndpoint] = [], totalRecords: Int64 = -1, totalBytes: Int64 = -1,
        isOrdered: Bool = false, appMetadata: ByteBuffer = ByteBuffer()
    ) {
        self.schema = schema
        self.descriptor = descriptor
        self.endpoints = endpoints
        self.totalRecords = totalRecords
        self.totalBytes = totalBytes
        self.isOrdered = isOrdered
        self.appMetadata = appMetadata
    }
}

/// One part of a flight and the places that have it.
public struct FlightEndpoint: Sendable, Hashable {
    /// What to hand to `DoGet`.
    public var ticket: FlightTicket
    /// Where; empty means: where this answer came from.
    public var locations: [FlightLocation]
    /// Until when the ticket is good, if it expires.
    public var expiration: FlightTimestamp?
    /// Bytes whose meaning is the application's.
    public var appMetadata: ByteBuffer

    /// Makes an endpoint.
    public init(
        ticket: FlightTicket, locations: [FlightLocation] = [], expiration: FlightTimestamp? = nil,
        appMetadata: ByteBuffer = ByteBuffer()
    ) {
        self.ticket = ticket
        self.locations = locations
        self.expiration = expiration
        self.appMetadata = appMetadata
    }
}

/// The URI of a Flight service, e.g. `grpc+tcp://host:5001`.
public struct FlightLocation: Sendable, Hashable {
    /// The URI as it was given.
    public var uri: String

    /// Makes a location of a URI.
    public init(uri: String) { self.uri = uri }
    /// Makes the location of a service.
    /// - Parameters:
    ///   - host: A name or an address; brackets are put around one of IPv6.
    ///   - port: The port.
    ///   - usesTLS: `grpc+tls` instead of `grpc+tcp`.
    public init(host: String, port: Int, usesTLS: Bool = false) {
        let scheme = usesTLS ? "grpc+tls" : "grpc+tcp"
        self.uri = "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}

/// A point in time as `google.protobuf.Timestamp` has it.
public struct FlightTimestamp: Sendable, Hashable {
    /// Seconds since 1970-01-01T00:00:00Z.
    public var seconds: Int64
    /// Nanoseconds after that second, 0 to 999,999,999.
    public var nanoseconds: Int32

    /// Makes a point in time.
    public init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }
}

/// How far a long-running query is; the answer of `PollFlightInfo`.
public struct FlightPollInfo: Sendable, Hashable {
    /// The flight as far as it is known.
    public var info: FlightInfo?
    /// What to poll with next; `nil` when the query is complete.
    public var descriptor: FlightDescriptor?
    /// 0.0 to 1.0, if known.
    public var progress: Double?
    /// Until when the descriptor is good, if it expires.
    public var expiration: FlightTimestamp?

    /// Makes a query's state.
    public init(
        info: FlightInfo? = nil, descriptor: FlightDescriptor? = nil, progress: Double? = nil,
        expiration: FlightTimestamp? = nil
    ) {
        self.info = info
        self.descriptor = descriptor
        self.progress = progress
        self.expiration = expiration
    }
}

/// A flight's schema; the answer of `GetSchema`.
public struct FlightSchemaResult: Sendable, Hashable {
    /// The schema as an encapsulated IPC message (continuation marker, length, flatbuffer).
    public var schema: ByteBuffer

    /// Makes a result of an encapsulated IPC message.
    public init(schema: ByteBuffer) { self.schema = schema }
}
