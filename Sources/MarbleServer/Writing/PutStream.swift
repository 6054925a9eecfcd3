internal import MarbleDB
internal import MarbleFlight
internal import NIOCore

/// A client's `do_put` call: finds out from the first messages which table it is about and who leads,
/// then hands the stream to `LeaderPut` on the leader, to `ForwardedPut` elsewhere.
///
/// Everything happens on the stream's event loop, except for the opening, which is a task.
final class PutStream: FlightStreamDelegate, @unchecked Sendable {
    // Sendable because the opening task carries it; the state is only touched on the event loop.

    private enum State {
        /// The schema hasn't come yet.
        case waiting
        /// The leader, or the table, is being found; reading is paused.
        case opening(Task<Void, Never>)
        case leading(LeaderPut)
        case forwarding(ForwardedPut)
        case ended
    }

    private let stream: FlightStream
    private let service: DatabaseFlightService
    private let isForwarded: Bool
    private var state = State.waiting
    /// What came before the stream had a handler.
    private var held: [FlightData] = []
    private var hasInputEnded = false
    /// Until when a leader is looked for; set by the first look.
    private var deadline: ContinuousClock.Instant?

    init(stream: FlightStream, service: DatabaseFlightService) {
        self.stream = stream
        self.service = service
        isForwarded = stream.metadata.first(Forwarding.header) != nil
    }

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        switch state {
        case .leading(let put): put.received(&messages)
        case .forwarding(let put): put.received(&messages)
        case .waiting:
            held.append(contentsOf: messages)
            open()
        case .opening: held.append(contentsOf: messages)
        case .ended: break
        }
    }

    func flightStreamInputEnded(_ stream: FlightStream) {
        hasInputEnded = true
        switch state {
        case .leading(let put): put.inputEnded()
        case .forwarding(let put): put.inputEnded()
        case .waiting:
            end(
                FlightError(
                    .invalidArgument,
                    "the stream ended before its schema; a do_put starts with a descriptor"
                        + " PATH [table] and a schema"))
        case .opening, .ended: break
        }
    }

    func flightStreamWritabilityChanged(_ stream: FlightStream) {
        if case .forwarding(let put) = state { put.clientWritabilityChanged() }
    }

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {
        switch state {
        case .leading(let put): put.closed()
        case .forwarding(let put): put.clientClosed()
        case .opening(let task): task.cancel()
        case .waiting, .ended: break
        }
        state = .ended
        held.removeAll()
    }

    private func end(_ error: FlightError) {
        state = .ended
        held.removeAll()
        stream.finish(error)
    }
}

extension PutStream {
    private func open() {
        guard let descriptor = held.first?.descriptor else {
            return end(
                FlightError(
                    .invalidArgument,
                    "the first message of a do_put has no descriptor; give PATH [table]"))
        }
        guard case .path(let path) = descriptor, path.count == 1, let table = path.first else {
            return end(
                FlightError(
                    .invalidArgument,
                    "a do_put's descriptor must be PATH [table]: a path of one name"))
        }
        guard let schema = held.first(where: { $0.dataHeader.readableBytes > 0 }) else {
            // A descriptor alone: the schema is in a message to come.
            guard held.count < 16 else {
                return end(
                    FlightError(
                        .invalidArgument, "the stream's first messages hold no schema"))
            }
            return
        }
        stream.pauseReading()
        find(table: table, schema: schema.dataHeader)
    }

    private func find(table: String, schema: ByteBuffer, isRetry: Bool = false) {
        let deadline = deadline ?? service.leaderDeadline
        self.deadline = deadline
        let task = Task { [self] in
            do {
                if isRetry { try await service.pauseForLeader(until: deadline) }
                let route = try await service.route(
                    table: table, schema: schema, until: deadline, isForwarded: isForwarded)
                stream.eventLoop.execute { self.opened(route, table: table) }
            } catch {
                let error = FlightError(answering: error)
                stream.eventLoop.execute { self.openingFailed(error) }
            }
        }
        state = .opening(task)
    }

    private func openingFailed(_ error: FlightError) {
        guard case .opening = state else { return }
        if isForwarded, error.code == .unavailable {
            stream.responseTrailers.add(Forwarding.refusedTrailer, "1")
        }
        end(error)
    }

    private func opened(_ route: PutRoute, table: String) {
        guard case .opening = state else { return }
        var messages: [FlightData] = []
        swap(&messages, &held)
        switch route {
        case .here(let writer, let raft):
            let put = LeaderPut(
                stream: stream, writer: writer, raft: raft, budget: service.writeBudget)
            state = .leading(put)
            // The schema was read already, and with it what came before it.
            let schema = messages.firstIndex { $0.dataHeader.readableBytes > 0 }
            messages.removeFirst((schema ?? -1) + 1)
            if !messages.isEmpty { put.received(&messages) }
            if hasInputEnded { put.inputEnded() }
        case .leader(let client, let leader):
            let put = ForwardedPut(
                client: stream, table: table, leader: leader, origin: service.nodeID
            ) { [unowned self] unsent, error in
                returned(unsent, error, table: table)
            }
            state = .forwarding(put)
            put.open(client)
            put.received(&messages)
            if hasInputEnded { put.inputEnded() }
        }
        stream.resumeReading()
    }

    /// The leader could not be reached, or doesn't lead any more: another one is waited for.
    private func returned(_ messages: [FlightData], _ error: FlightError, table: String) {
        guard case .forwarding = state else { return }
        guard let deadline, ContinuousClock.now < deadline,
            let schema = messages.first(where: { $0.dataHeader.readableBytes > 0 })
        else { return end(error) }
        held = messages
        stream.pauseReading()
        find(table: table, schema: schema.dataHeader, isRetry: true)
    }
}
