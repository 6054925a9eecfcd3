/// Why a Flight call failed: a gRPC status, words for a person, and what caused it.
///
/// It is the one error type of this module: servers answer a call with it, clients throw it.
public struct FlightError: Error, Sendable {
    /// The gRPC status code; never ``FlightStatusCode/ok``.
    public var code: FlightStatusCode
    /// What failed, why, and what to do about it. Travels as `grpc-message`.
    public var message: String
    /// The bytes of `grpc-status-details-bin`, where the server gave them.
    public var details: [UInt8]?
    /// The error below this one on this machine; never sent to the peer.
    public var cause: (any Error)?
    /// On a client: whether the server certainly hasn't worked on the call, so that it can be made again
    /// whatever it does: no connection came about, or the server refused the call unread. Never sent.
    public var isUnprocessed: Bool { reach != .server }

    /// How far a client's call got.
    enum Reach: Sendable {
        /// Perhaps to the service.
        case server
        /// To a server that refused it unread.
        case refused
        /// To no server.
        case nowhere
    }
    var reach = Reach.server
    /// What the server says about making the call again.
    var pushback: RetryPushback?

    /// Makes an error that a call can end with.
    public init(
        _ code: FlightStatusCode, _ message: String, details: [UInt8]? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.details = details
        self.cause = cause
    }
}

extension FlightError: CustomStringConvertible {
    /// `CODE: message`, followed by the cause where there is one.
    public var description: String {
        guard let cause else { return "\(code): \(message)" }
        return "\(code): \(message) (cause: \(cause))"
    }
}

extension FlightError {
    /// The status that an error of any type, thrown by a service, is answered with.
    init(answering error: any Error) {
        switch error {
        case let error as FlightError:
            self = error
        case is CancellationError:
            self.init(.cancelled, "the call was cancelled", cause: error)
        default:
            self.init(.internal, "the service failed: \(error)", cause: error)
        }
    }

    /// A message from the peer that isn't what its method's protobuf type says.
    static func malformed(_ type: StaticString, _ reason: String) -> FlightError {
        FlightError(.invalidArgument, "malformed \(type) message: \(reason)")
    }
}
