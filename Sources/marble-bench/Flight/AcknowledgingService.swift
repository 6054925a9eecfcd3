import MarbleArrow
import MarbleFlight
import NIOCore

/// A service that does nothing but to acknowledge: each message of a `do_exchange` or `do_put`, each
/// action. What one read of the socket brings is acknowledged by one write. A `do_get` gets record
/// batches of as many bytes as its ticket says, until it is cancelled.
struct AcknowledgingService: FlightService {
    func streamDelegate(for call: FlightCall) -> (any FlightStreamDelegate)? {
        switch call.method {
        case .doExchange, .doPut: AcknowledgedExchange()
        case .doGet: EndlessGet()
        case .doAction: AcknowledgedAction()
        default: nil
        }
    }
}

/// The acknowledgement: 8 opaque bytes.
private let acknowledgement = ByteBuffer(string: "acknowl.")

/// Acknowledges each message; record batches are decoded and fully validated before that.
private final class AcknowledgedExchange: FlightStreamDelegate {
    private var checker = BatchChecker()

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        let answer = FlightData(appMetadata: acknowledgement)
        for message in messages {
            if message.dataHeader.readableBytes > 0 {
                do {
                    guard try checker.check(message) else { continue }
                } catch {
                    return stream.finish(
                        FlightError(.invalidArgument, error.message, cause: error))
                }
            }
            stream.send(answer)
        }
    }

    func flightStreamInputEnded(_ stream: FlightStream) {
        stream.finish()
    }

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {}
}

/// Answers an action, whatever it is.
private final class AcknowledgedAction: FlightStreamDelegate {
    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        for _ in messages { stream.send(appMetadata: acknowledgement) }
    }

    func flightStreamInputEnded(_ stream: FlightStream) {
        stream.finish()
    }

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {}
}

/// Sends a record batch whenever the stream takes one.
private final class EndlessGet: FlightStreamDelegate {
    private static let byteCountMax = 64 << 20

    private var batch: FlightData?

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        guard batch == nil, let ticket = messages.first?.ticket,
            let byteCount = Int(String(buffer: ticket.bytes)),
            (1...Self.byteCountMax).contains(byteCount)
        else {
            return stream.finish(
                FlightError(
                    .invalidArgument, "a ticket is a number of bytes, at most \(Self.byteCountMax)")
            )
        }
        let table = SampleTable.numbers
        batch = table.numbers(byteCount: byteCount)
        var opening = table.opening(path: "benchmark")
        opening.descriptor = nil
        stream.send(opening)
        fill(stream)
    }

    private func fill(_ stream: FlightStream) {
        guard let batch else { return }
        while stream.isWritable, !stream.isClosed { stream.send(batch) }
    }

    func flightStreamInputEnded(_ stream: FlightStream) {}

    func flightStreamWritabilityChanged(_ stream: FlightStream) {
        fill(stream)
    }

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {}
}
