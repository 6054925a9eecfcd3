/// The methods that every server has besides those of Flight: health and reflection of gRPC. A raw value is
/// service and method, as in the request's path.
enum BuiltInMethod: String, CaseIterable {
    case healthCheck = "grpc.health.v1.Health/Check"
    case healthWatch = "grpc.health.v1.Health/Watch"
    case reflection = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
    case reflectionAlpha = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"

    /// The names of all services that a server has.
    static let serviceNames =
        [FlightMethod.serviceName]
        + Set(allCases.compactMap { $0.rawValue.split(separator: "/").first.map(String.init) })
        .sorted()

    /// Short, as metrics and messages call it. Both versions of reflection are one.
    var label: String {
        switch self {
        case .healthCheck: "Health.Check"
        case .healthWatch: "Health.Watch"
        case .reflection, .reflectionAlpha: "ServerReflection.ServerReflectionInfo"
        }
    }

    init?(path: String) {
        guard path.hasPrefix("/") else { return nil }
        self.init(rawValue: String(path.dropFirst()))
    }

    /// Whether the client sends exactly one message.
    var hasSingleRequest: Bool {
        switch self {
        case .healthCheck, .healthWatch: true
        case .reflection, .reflectionAlpha: false
        }
    }

    /// Whether strangers may call it, as they may ask for the health pages.
    var isOpenToAll: Bool {
        switch self {
        case .healthCheck, .healthWatch: true
        case .reflection, .reflectionAlpha: false
        }
    }

    func makeDelegate(health: FlightHealth) -> any FlightStreamDelegate {
        switch self {
        case .healthCheck: HealthCall(health, isWatching: false)
        case .healthWatch: HealthCall(health, isWatching: true)
        case .reflection, .reflectionAlpha: ReflectionCall()
        }
    }
}
