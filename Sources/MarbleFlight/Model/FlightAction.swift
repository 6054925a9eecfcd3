public import NIOCore

/// A request of `DoAction`: what to do, and with what.
public struct FlightAction: Sendable, Hashable {
    /// The action's name.
    public var type: String
    /// Its argument; the bytes' meaning is the action's.
    public var body: ByteBuffer

    /// Makes a request.
    public init(type: String, body: ByteBuffer = ByteBuffer()) {
        self.type = type
        self.body = body
    }
}

/// One result of an action.
public struct FlightResult: Sendable, Hashable {
    /// The bytes' meaning is the action's.
    public var body: ByteBuffer

    /// Makes a result.
    public init(body: ByteBuffer) { self.body = body }
}

/// An action that a service knows, as `ListActions` tells it.
public struct FlightActionType: Sendable, Hashable {
    /// The action's name.
    public var type: String
    /// One line for a person.
    public var description: String

    /// Makes a description.
    public init(type: String, description: String) {
        self.type = type
        self.description = description
    }
}

/// A server's answer to a message of `DoPut`.
public struct FlightPutResult: Sendable, Hashable {
    /// Bytes whose meaning is the application's.
    public var appMetadata: ByteBuffer

    /// Makes an answer.
    public init(appMetadata: ByteBuffer) { self.appMetadata = appMetadata }
}

/// A client's message in `Handshake`.
public struct FlightHandshakeRequest: Sendable, Hashable {
    /// The version of the scheme that the two agree on.
    public var protocolVersion: UInt64
    /// The scheme's bytes.
    public var payload: ByteBuffer

    /// Makes a message.
    public init(protocolVersion: UInt64 = 0, payload: ByteBuffer = ByteBuffer()) {
        self.protocolVersion = protocolVersion
        self.payload = payload
    }
}

/// A server's message in `Handshake`.
public struct FlightHandshakeResponse: Sendable, Hashable {
    /// The version of the scheme that the two agree on.
    public var protocolVersion: UInt64
    /// The scheme's bytes.
    public var payload: ByteBuffer

    /// Makes a message.
    public init(protocolVersion: UInt64 = 0, payload: ByteBuffer = ByteBuffer()) {
        self.protocolVersion = protocolVersion
        self.payload = payload
    }
}
