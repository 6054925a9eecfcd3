/// What a Flight server does: one method for each of `arrow.flight.protocol.FlightService`.
///
/// Every method has a default that answers `UNIMPLEMENTED`. A ``FlightError`` that is thrown becomes the
/// call's status, `CancellationError` becomes `CANCELLED`, any other error `INTERNAL`. A call's task is
/// cancelled when the client cancels, its deadline passes, or its connection breaks.
public protocol FlightService: Sendable {
    /// The hot path: a delegate that takes the call on its event loop, instead of the async method.
    ///
    /// Called on the event loop when the request's headers are there and no message yet. The first
    /// message comes to ``FlightStreamDelegate/flightStream(_:received:)``. The delegate must
    /// ``FlightStream/finish(_:)`` the stream.
    /// - Returns: `nil` for the async method, which is the default.
    func streamDelegate(for call: FlightCall) -> (any FlightStreamDelegate)?

    /// The least role that a caller needs for a method, on a server that has an authenticator.
    ///
    /// Called on the event loop. The default is ``FlightRole/writer`` for `DoPut` and `DoExchange` and
    /// ``FlightRole/reader`` for everything else. What an action or a ticket needs beyond that is for the
    /// method itself to check, with ``FlightCallContext/require(_:for:)``.
    func requiredRole(for method: FlightMethod, metadata: FlightMetadata) -> FlightRole

    /// Answers the messages of a handshake. Not called on a server that has an authenticator, which
    /// answers itself.
    func handshake(
        requests: FlightReader<FlightHandshakeRequest>,
        responses: FlightWriter<FlightHandshakeResponse>, context: FlightCallContext
    ) async throws
    /// Writes the flights that meet the criteria.
    func listFlights(
        _ criteria: FlightCriteria, flights: FlightWriter<FlightInfo>, context: FlightCallContext
    ) async throws
    /// Says what is known about a flight and where to fetch it.
    func getFlightInfo(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightInfo
    /// Says how far a long-running query is.
    func pollFlightInfo(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightPollInfo
    /// Says a flight's schema.
    func getSchema(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightSchemaResult
    /// Writes the data that a ticket stands for.
    func doGet(
        _ ticket: FlightTicket, writer: FlightWriter<FlightData>, context: FlightCallContext
    ) async throws
    /// Takes data; the descriptor is in the first message.
    func doPut(
        reader: FlightReader<FlightData>, writer: FlightWriter<FlightPutResult>,
        context: FlightCallContext
    ) async throws
    /// Takes and sends data; the descriptor is in the first message.
    func doExchange(
        reader: FlightReader<FlightData>, writer: FlightWriter<FlightData>,
        context: FlightCallContext
    ) async throws
    /// Carries out an action and writes its results.
    func doAction(
        _ action: FlightAction, writer: FlightWriter<FlightResult>, context: FlightCallContext
    ) async throws
    /// Says all actions.
    func listActions(context: FlightCallContext) async throws -> [FlightActionType]
}

extension FlightService {
    public func streamDelegate(for call: FlightCall) -> (any FlightStreamDelegate)? { nil }

    public func requiredRole(for method: FlightMethod, metadata: FlightMetadata) -> FlightRole {
        method.requiredRole
    }

    public func handshake(
        requests: FlightReader<FlightHandshakeRequest>,
        responses: FlightWriter<FlightHandshakeResponse>, context: FlightCallContext
    ) async throws { throw FlightError.unimplemented(.handshake) }

    public func listFlights(
        _ criteria: FlightCriteria, flights: FlightWriter<FlightInfo>, context: FlightCallContext
    ) async throws { throw FlightError.unimplemented(.listFlights) }

    public func getFlightInfo(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightInfo { throw FlightError.unimplemented(.getFlightInfo) }

    public func pollFlightInfo(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightPollInfo { throw FlightError.unimplemented(.pollFlightInfo) }

    public func getSchema(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightSchemaResult { throw FlightError.unimplemented(.getSchema) }

    public func doGet(
        _ ticket: FlightTicket, writer: FlightWriter<FlightData>, context: FlightCallContext
    ) async throws { throw FlightError.unimplemented(.doGet) }

    public func doPut(
        reader: FlightReader<FlightData>, writer: FlightWriter<FlightPutResult>,
        context: FlightCallContext
    ) async throws { throw FlightError.unimplemented(.doPut) }

    public func doExchange(
        reader: FlightReader<FlightData>, writer: FlightWriter<FlightData>,
        context: FlightCallContext
    ) async throws { throw FlightError.unimplemented(.doExchange) }

    public func doAction(
        _ action: FlightAction, writer: FlightWriter<FlightResult>, context: FlightCallContext
    ) async throws { throw FlightError.unimplemented(.doAction) }

    public func listActions(context: FlightCallContext) async throws -> [FlightActionType] {
        throw FlightError.unimplemented(.listActions)
    }
}

extension FlightError {
    static func unimplemented(_ method: FlightMethod) -> FlightError {
        FlightError(.unimplemented, "this service doesn't have the method \(method.rawValue)")
    }
}

extension FlightMethod {
    /// What a method needs where the service says nothing else.
    public var requiredRole: FlightRole {
        switch self {
        case .doPut, .doExchange: .writer
        case .handshake, .listFlights, .getFlightInfo, .pollFlightInfo, .getSchema, .doGet,
            .doAction, .listActions:
            .reader
        }
    }
}
