import NIOConcurrencyHelpers
public import NIOCore
public import Tracing

/// A call that has just come in, before its first message.
public struct FlightCall: Sendable {
    /// The server's end of the call.
    public let stream: FlightStream

    /// What kind of call it is.
    public var method: FlightMethod { stream.method }
    /// The request's headers.
    public var metadata: FlightMetadata { stream.metadata }
    /// The client's address.
    public var remoteAddress: SocketAddress? { stream.remoteAddress }
    /// When the client stops waiting.
    public var deadline: NIODeadline? { stream.deadline }
    /// The context of the call's span, for what a delegate does on its behalf; `nil` in a program without a
    /// tracer. Async methods have it as their task's (`ServiceContext.current`).
    public var serviceContext: ServiceContext? { stream.span?.context }
    /// Who calls; `nil` on a server without an authenticator.
    public var identity: FlightIdentity? { stream.identity }
}

/// What an async method of a ``FlightService`` knows about its call besides the messages.
public final class FlightCallContext: Sendable {
    /// What kind of call it is.
    public let method: FlightMethod
    /// The request's headers.
    public let metadata: FlightMetadata
    /// The client's address.
    public let remoteAddress: SocketAddress?
    /// When the client stops waiting.
    public let deadline: NIODeadline?
    /// Who calls; `nil` on a server without an authenticator.
    public let identity: FlightIdentity?

    /// The context of the call's span.
    let serviceContext: ServiceContext?

    private struct Answer {
        var headers = FlightMetadata()
        var trailers = FlightMetadata()
        var isChanged = false
    }
    private let answer = NIOLockedValueBox(Answer())

    init(_ call: FlightCall) {
        method = call.method
        metadata = call.metadata
        remoteAddress = call.remoteAddress
        deadline = call.deadline
        serviceContext = call.serviceContext
        identity = call.identity
    }

    /// Checks that the caller has a role.
    /// - Parameters:
    ///   - role: The role that is needed, or one that covers it.
    ///   - what: What needs the role, for the message.
    /// - Throws: `PERMISSION_DENIED` unless the caller has it, or the server has no authenticator.
    public func require(_ role: FlightRole, for what: String) throws(FlightError) {
        try identity?.require(role, for: what)
    }

    /// Adds a header to the response. Headers that are added after the first message was written are lost.
    public func addResponseHeader(_ name: String, _ value: String) {
        answer.withLockedValue {
            $0.headers.add(name, value)
            $0.isChanged = true
        }
    }

    /// Adds a trailer, which goes out with the call's status.
    public func addResponseTrailer(_ name: String, _ value: String) {
        answer.withLockedValue {
            $0.trailers.add(name, value)
            $0.isChanged = true
        }
    }

    func apply(to stream: FlightStream) {
        answer.withLockedValue { answer in
            guard answer.isChanged else { return }
            answer.isChanged = false
            stream.responseMetadata = answer.headers
            stream.responseTrailers = answer.trailers
        }
    }
}
