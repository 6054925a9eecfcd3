internal import MarbleFlight
internal import MarbleRaft
internal import NIOCore

/// A peer's `DoExchange` stream to this node: a hello first, then batches of Raft messages. It lives
/// on the stream's event loop.
final class RaftInboundStream: FlightStreamDelegate, @unchecked Sendable {
    // Sendable because the greeting comes back from a task; everything is touched on the loop only.

    private enum Phase {
        case waitingForHello
        case greeting
        case open(peer: RaftNodeID)
        case closed
    }

    private let stream: FlightStream
    private let transport: ArrowFlightTransport
    private var receiver: (any RaftTransportReceiver)?
    private var phase = Phase.waitingForHello
    private var early: [FlightData] = []

    init(_ stream: FlightStream, transport: ArrowFlightTransport) {
        self.stream = stream
        self.transport = transport
        receiver = transport.receiver
    }

    static let noGroup = FlightError(
        .unavailable, "this node hosts no Raft group at present; try again once it has started")

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        do throws(FlightError) {
            for message in messages { try take(message) }
        } catch {
            refuse(error)
        }
    }

    private func take(_ data: FlightData) throws(FlightError) {
        switch phase {
        case .waitingForHello:
            guard let hello = try RaftEnvelope(decoding: data.appMetadata).hello else {
                throw FlightError(
                    .invalidArgument, "a peer's stream must begin with a hello that says who speaks"
                )
            }
            phase = .greeting
            stream.pauseReading()
            greet(hello)
        case .greeting:
            early.append(data)
        case .open(let peer):
            let envelope = try RaftEnvelope(decoding: data.appMetadata)
            receiver?.received(
                try Self.batch(envelope, data), group: envelope.group, from: peer,
                byteCount: data.byteCount)
        case .closed:
            break
        }
    }

    private func greet(_ hello: RaftHello) {
        guard let receiver else { return refuse(Self.noGroup) }
        let eventLoop = stream.eventLoop
        Task {
            let answer: Result<RaftHello, FlightError>
            do throws(FlightError) {
                answer = .success(try await receiver.greet(hello))
            } catch {
                answer = .failure(error)
            }
            eventLoop.execute { self.greeted(hello, answer) }
        }
    }

    private func greeted(_ hello: RaftHello, _ answer: Result<RaftHello, FlightError>) {
        guard case .greeting = phase else { return }
        switch answer {
        case .failure(let error):
            refuse(error)
        case .success(let reply):
            phase = .open(peer: hello.nodeID)
            stream.send(FlightData(appMetadata: RaftEnvelope(hello: reply).encoded()))
            do throws(FlightError) {
                let waiting = early
                early = []
                for data in waiting { try take(data) }
            } catch {
                refuse(error)
            }
            stream.resumeReading()
        }
    }

    private func refuse(_ error: FlightError) {
        phase = .closed
        early = []
        transport.metrics.refusals.increment()
        stream.finish(error)
    }

    /// This node stops. From any thread.
    func end() {
        stream.eventLoop.execute {
            self.phase = .closed
            self.stream.finish(
                FlightError(.unavailable, "node \(self.transport.localEndpoint) is shutting down"))
        }
    }

    /// A message's headers with its entries.
    static func batch(
        _ envelope: RaftEnvelope, _ data: FlightData
    ) throws(FlightError) -> RaftBatch {
        var batch = RaftBatch(messages: envelope.messages)
        let header = data.dataHeader
        if header.readableBytes > 0 {
            batch.entries = try RaftEntryBatch.decode(
                header: header, body: data.dataBody, group: envelope.group)
        }
        return batch
    }

    func flightStreamInputEnded(_ stream: FlightStream) {
        phase = .closed
        stream.finish()
    }

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {
        phase = .closed
        early = []
        transport.inboundStreamClosed(self)
    }
}
