import MarbleArrow
import MarbleFlight
import NIOCore

/// A service that does nothing but to acknowledge: each message of a `do_exchange`, each action.
/// What one read of the socket brings is acknowledged by one write.
struct AcknowledgingService: FlightService {
    func streamDelegate(for call: FlightCall) -> (any FlightStreamDelegate)? {
        switch call.method {
        case .doExchange: AcknowledgedExchange()
        case .doAction: AcknowledgedAction()
        default: nil
        }
    }
}

/// The acknowledgement: 8 opaque bytes.
private let acknowledgement = ByteBuffer(string: "acknowl.")

/// Acknowledges each message; record batches are decoded and fully validated before that.
private final class AcknowledgedExchange: FlightStreamDelegate {
    private var schema: ArrowSchema?

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        let answer = FlightData(appMetadata: acknowledgement)
        for message in messages {
            if message.dataHeader.readableBytes > 0 {
                do {
                    guard try decode(message) else { continue }
                } catch {
                    return stream.finish(
                        FlightError(.invalidArgument, error.message, cause: error))
                }
            }
            stream.send(answer)
        }
    }

    /// - Returns: whether the message is one to acknowledge: a record batch, not its schema.
    private func decode(_ message: FlightData) throws(ArrowError) -> Bool {
        switch try ArrowIPC.decodeMessage(header: ArrowBuffer(message.dataHeader)) {
        case .schema(let schema):
            self.schema = schema
            return false
        case .recordBatch(let header):
            guard let schema else {
                throw ArrowError(.malformed, "a record batch came before its schema")
            }
            _ = try ArrowIPC.decodeRecordBatch(
                header: header, body: ArrowBuffer(message.dataBody), schema: schema)
            return true
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
