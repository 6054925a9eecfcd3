/// The ten methods of `arrow.flight.protocol.FlightService`.
///
/// Source: Arrow, `format/Flight.proto`. A raw value is the method's name in the request's path.
public enum FlightMethod: String, Sendable, Hashable, CaseIterable {
    case handshake = "Handshake"
    case listFlights = "ListFlights"
    case getFlightInfo = "GetFlightInfo"
    case pollFlightInfo = "PollFlightInfo"
    case getSchema = "GetSchema"
    case doGet = "DoGet"
    case doPut = "DoPut"
    case doExchange = "DoExchange"
    case doAction = "DoAction"
    case listActions = "ListActions"

    static let serviceName = "arrow.flight.protocol.FlightService"
    private static let servicePrefix = "/\(serviceName)/"

    /// The value of the request's `:path`.
    public var path: String { Self.servicePrefix + rawValue }

    /// The method that a request's `:path` names, or `nil` for any other service or method.
    public init?(path: String) {
        guard path.hasPrefix(Self.servicePrefix) else { return nil }
        self.init(rawValue: String(path.dropFirst(Self.servicePrefix.count)))
    }
}

/// How a ``FlightData`` value stands for a message of a method on the wire.
enum FlightMessageKind: Sendable {
    /// `FlightData`: all four fields.
    case flightData
    /// `Action`: the type's UTF-8 bytes in `dataHeader`, the body in `appMetadata`.
    case action
    /// A message whose one field has number 1 and type `bytes` (`Ticket`, `Result`, `PutResult`,
    /// `Criteria`, `SchemaResult`): its content in `appMetadata`.
    case singleField
    /// Any other message: its whole protobuf encoding in `appMetadata`.
    case whole
}

extension FlightMethod {
    /// What the client sends.
    var requestKind: FlightMessageKind {
        switch self {
        case .doPut, .doExchange: .flightData
        case .doAction: .action
        case .doGet, .listFlights: .singleField
        case .handshake, .getFlightInfo, .pollFlightInfo, .getSchema, .listActions: .whole
        }
    }

    /// What the server sends.
    var responseKind: FlightMessageKind {
        switch self {
        case .doGet, .doExchange: .flightData
        case .doAction, .doPut, .getSchema: .singleField
        case .handshake, .listFlights, .getFlightInfo, .pollFlightInfo, .listActions: .whole
        }
    }
}
