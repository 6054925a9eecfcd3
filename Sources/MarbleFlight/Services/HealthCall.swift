import NIOCore

/// One call of `grpc.health.v1.Health`: `Check` answers once, `Watch` at once and after each change.
///
/// A service that isn't known is `NOT_FOUND` to `Check` and `SERVICE_UNKNOWN` (3) to `Watch`, since it may
/// become known. Source: gRPC, `doc/health-checking.md`.
final class HealthCall: FlightStreamDelegate {
    private static let serviceUnknown: UInt64 = 3

    private let health: FlightHealth
    private let isWatching: Bool
    private var service: String?
    private var watcher: Int?
    private var checks: RepeatedTask?
    private var lastSent: UInt64?

    init(_ health: FlightHealth, isWatching: Bool) {
        self.health = health
        self.isWatching = isWatching
    }

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        guard service == nil, let request = messages.first else { return }
        do throws(FlightError) {
            let name = try Self.serviceName(request.appMetadata)
            service = name
            if isWatching {
                watch(stream)
            } else {
                guard let status = health.status(of: name) else {
                    throw FlightError(.notFound, "there is no service \(name) here")
                }
                send(status.rawValue, stream)
                stream.finish()
            }
        } catch {
            stream.finish(error)
        }
    }

    func flightStreamInputEnded(_ stream: FlightStream) {}

    func flightStreamWritabilityChanged(_ stream: FlightStream) {
        if isWatching { report(stream) }
    }

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {
        if let watcher { health.unwatch(watcher) }
        checks?.cancel()
    }

    private func watch(_ stream: FlightStream) {
        let bound = NIOLoopBound(self, eventLoop: stream.eventLoop)
        watcher = health.watch {
            stream.eventLoop.execute { bound.value.report(stream) }
        }
        if let interval = health.checkInterval {
            checks = stream.eventLoop.scheduleRepeatedTask(
                initialDelay: interval, delay: interval
            ) { _ in
                bound.value.report(stream)
            }
        }
        report(stream)
    }

    /// Sends the status if it is another than the last one; a client that doesn't read gets the newest.
    private func report(_ stream: FlightStream) {
        guard let service, !stream.isClosed, stream.isWritable else { return }
        let status = health.status(of: service)?.rawValue ?? Self.serviceUnknown
        if status != lastSent { send(status, stream) }
        if health.hasEnded { stream.finish(FlightError(.unavailable, "the server stops")) }
    }

    private func send(_ status: UInt64, _ stream: FlightStream) {
        lastSent = status
        var writer = ProtobufWriter()
        writer.unsigned(1, status)
        stream.send(appMetadata: writer.buffer)
    }

    static func serviceName(_ request: ByteBuffer) throws(FlightError) -> String {
        var reader = ProtobufReader(request, type: "HealthCheckRequest")
        var name = ""
        while let field = try reader.nextField() {
            if field.number == 1 {
                name = try reader.string(field.type)
            } else {
                try reader.skip(field.type)
            }
        }
        return name
    }
}
