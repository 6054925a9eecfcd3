internal import MarbleCluster
internal import MarbleFlight
internal import MarbleJSON
internal import MarbleMetrics
internal import NIOCore

extension DatabaseFlightService {
    /// What the node shows to `GET` requests.
    var resources: [FlightHTTPResource] {
        [
            FlightHTTPResource(path: "/health/live") {
                FlightHTTPResponse(body: JSONWriter.object { $0.member("live", true) })
            },
            FlightHTTPResource(path: "/health/ready") { [weak self] in
                self?.readiness() ?? FlightHTTPResponse(status: 503, body: ByteBuffer())
            },
            FlightHTTPResource(path: "/metrics", requiredRole: .reader) { [metrics] in
                FlightHTTPResponse(
                    contentType: MetricsRegistry.prometheusContentType,
                    body: ByteBuffer(string: metrics.prometheusText()))
            },
        ]
    }

    /// What the gRPC health service tells: serving while the node is ready.
    var flightHealth: FlightHealth {
        FlightHealth { [weak self] in
            guard let self else { return .notServing }
            return Self.isReady(components()) ? .serving : .notServing
        }
    }

    private func components() -> [HealthComponent: HealthStatus] {
        (try? raft())?.health ?? [
            .raft: .unhealthy(reason: "the node is starting; wait for it")
        ]
    }

    private static func isReady(_ components: [HealthComponent: HealthStatus]) -> Bool {
        components.allSatisfy { component, status in
            if case .peer = component { true } else { status.isHealthy }
        }
    }

    /// `{"ready", "components": {name: {"healthy", "reason"}}}`; status 503 unless it is ready: it listens,
    /// its log works, it knows a leader, and its state keeps up. Peers that are down don't count.
    private func readiness() -> FlightHTTPResponse {
        let components = components()
        let isReady = Self.isReady(components)
        let body = JSONWriter.object { writer in
            writer.member("ready", isReady)
            Self.write(components, to: &writer)
        }
        return FlightHTTPResponse(status: isReady ? 200 : 503, body: body)
    }
}
