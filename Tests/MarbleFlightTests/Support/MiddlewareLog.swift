import MarbleFlight
import NIOConcurrencyHelpers

/// Makes middleware that keeps what it sees, one line an event.
///
/// Each adds the header `x-NAME`, on a server a trailer of the same name with the status as well.
final class MiddlewareLog: Sendable {
    private let kept = NIOLockedValueBox<[String]>([])

    var events: [String] { kept.withLockedValue { $0 } }

    func add(_ event: String) { kept.withLockedValue { $0.append(event) } }

    func client(_ name: String) -> FlightClientMiddlewareFactory {
        { call in
            self.add("\(name) begins \(call.method.rawValue) \(call.previousAttemptCount)")
            return Client(name: name, log: self)
        }
    }

    func server(_ name: String) -> FlightServerMiddlewareFactory {
        { call in
            self.add("\(name) begins \(call.method.rawValue) \(call.identity?.name ?? "-")")
            return Server(name: name, log: self)
        }
    }

    private struct Client: FlightClientMiddleware {
        let name: String
        let log: MiddlewareLog

        func sendingHeaders(_ headers: inout FlightMetadata) {
            log.add("\(name) sends")
            headers.add("x-\(name)", name)
        }

        func receivedHeaders(_ headers: FlightMetadata) {
            log.add("\(name) receives \(headers.first("x-answer") ?? "-")")
        }

        func callEnded(_ error: FlightError?, trailers: FlightMetadata) {
            log.add("\(name) ends \(error?.code ?? .ok) \(trailers.first("x-trailer") ?? "-")")
        }
    }

    private struct Server: FlightServerMiddleware {
        let name: String
        let log: MiddlewareLog

        func sendingHeaders(_ headers: inout FlightMetadata) {
            log.add("\(name) sends \(headers.first("x-answer") ?? "-")")
            headers.add("x-\(name)", name)
        }

        func sendingTrailers(_ trailers: inout FlightMetadata, status: FlightError?) {
            log.add("\(name) sends \(status?.code ?? .ok) \(trailers.first("x-trailer") ?? "-")")
            trailers.add("x-\(name)", "\(status?.code ?? .ok)")
        }

        func callEnded(_ error: FlightError?) {
            log.add("\(name) ends \(error?.code ?? .ok)")
        }
    }
}
