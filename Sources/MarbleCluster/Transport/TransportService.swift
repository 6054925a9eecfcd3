internal import MarbleFlight
internal import MarbleRaft
internal import NIOCore

/// The node's one Flight service: Raft's calls are the transport's, all others the given service's.
struct TransportService: FlightService {
    let transport: ArrowFlightTransport
    let service: (any FlightService)?

    func streamDelegate(for call: FlightCall) -> (any FlightStreamDelegate)? {
        if call.method == .doExchange, call.metadata.bytes(RaftWire.clusterHeader) != nil {
            return transport.inboundStream(call.stream)
        }
        return service?.streamDelegate(for: call)
    }

    func requiredRole(for method: FlightMethod, metadata: FlightMetadata) -> FlightRole {
        if method == .doExchange, metadata.bytes(RaftWire.clusterHeader) != nil { return .peer }
        return service?.requiredRole(for: method, metadata: metadata) ?? method.requiredRole
    }

    func doAction(
        _ action: FlightAction, writer: FlightWriter<FlightResult>, context: FlightCallContext
    ) async throws {
        guard action.type == RaftWire.messageAction else {
            return try await other(.doAction).doAction(action, writer: writer, context: context)
        }
        try context.require(.peer, for: "the action \(RaftWire.messageAction)")
        try await takeMessage(action.body)
        try await writer.write(FlightResult(body: ByteBuffer()))
    }

    /// A `raft.message` action: the same bytes as one message of a stream, hello included.
    private func takeMessage(_ body: ByteBuffer) async throws(FlightError) {
        let data = try FlightData(serialized: body)
        let envelope = try RaftEnvelope(decoding: data.appMetadata)
        guard let hello = envelope.hello else {
            throw FlightError(
                .invalidArgument, "a raft.message action must say who speaks (the hello field)")
        }
        if let foreign = envelope.foreign {
            return try transport.takeForeign(foreign, from: hello.endpoint)
        }
        guard let receiver = transport.receiver else { throw RaftInboundStream.noGroup }
        _ = try await receiver.greet(hello)
        receiver.received(
            try RaftInboundStream.batch(envelope, data), group: envelope.group,
            from: hello.nodeID, byteCount: data.byteCount)
    }

    func doGet(
        _ ticket: FlightTicket, writer: FlightWriter<FlightData>, context: FlightCallContext
    ) async throws {
        guard let request = SnapshotTicket(ticket) else {
            return try await other(.doGet).doGet(ticket, writer: writer, context: context)
        }
        try context.require(.peer, for: "reading a snapshot's file")
        guard let receiver = transport.receiver else { throw RaftInboundStream.noGroup }
        var offset = request.offset
        while true {
            let part = try await receiver.readSnapshot(
                request.name, group: request.group, at: offset)
            guard part.readableBytes > 0 else { return }
            offset += UInt64(part.readableBytes)
            try await writer.write(FlightData(dataBody: part))
        }
    }

    func listActions(context: FlightCallContext) async throws -> [FlightActionType] {
        var actions = try await service?.listActions(context: context) ?? []
        actions.append(
            FlightActionType(
                type: RaftWire.messageAction,
                description: "For peers: Raft messages, as on their streams."))
        return actions
    }

    // MARK: Passed on

    private func other(_ method: FlightMethod) throws(FlightError) -> any FlightService {
        guard let service else {
            throw FlightError(
                .unimplemented, "this node speaks Raft only; it has no \(method.rawValue)")
        }
        return service
    }

    func handshake(
        requests: FlightReader<FlightHandshakeRequest>,
        responses: FlightWriter<FlightHandshakeResponse>, context: FlightCallContext
    ) async throws {
        try await other(.handshake).handshake(
            requests: requests, responses: responses, context: context)
    }

    func listFlights(
        _ criteria: FlightCriteria, flights: FlightWriter<FlightInfo>, context: FlightCallContext
    ) async throws {
        try await other(.listFlights).listFlights(criteria, flights: flights, context: context)
    }

    func getFlightInfo(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightInfo {
        try await other(.getFlightInfo).getFlightInfo(descriptor, context: context)
    }

    func pollFlightInfo(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightPollInfo {
        try await other(.pollFlightInfo).pollFlightInfo(descriptor, context: context)
    }

    func getSchema(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightSchemaResult {
        try await other(.getSchema).getSchema(descriptor, context: context)
    }

    func doPut(
        reader: FlightReader<FlightData>, writer: FlightWriter<FlightPutResult>,
        context: FlightCallContext
    ) async throws {
        try await other(.doPut).doPut(reader: reader, writer: writer, context: context)
    }

    func doExchange(
        reader: FlightReader<FlightData>, writer: FlightWriter<FlightData>,
        context: FlightCallContext
    ) async throws {
        try await other(.doExchange).doExchange(reader: reader, writer: writer, context: context)
    }
}

/// Names a part of a snapshot's file: `raft.snapshot/<group>/<index>/<term>/<offset>`.
struct SnapshotTicket {
    var group: RaftGroupID
    var name: SnapshotStore.Name
    var offset: UInt64

    init(group: RaftGroupID, name: SnapshotStore.Name, offset: UInt64) {
        self.group = group
        self.name = name
        self.offset = offset
    }

    init?(_ ticket: FlightTicket) {
        guard ticket.bytes.readableBytes <= 128 else { return nil }
        let parts = String(buffer: ticket.bytes).split(separator: "/")
        guard parts.count == 5, parts[0] == RaftWire.snapshotTicketHead,
            let group = UInt64(parts[1]), let index = UInt64(parts[2]),
            let term = UInt64(parts[3]), let offset = UInt64(parts[4])
        else { return nil }
        self.init(
            group: group, name: SnapshotStore.Name(index: index, term: term), offset: offset)
    }

    var ticket: FlightTicket {
        let text =
            "\(RaftWire.snapshotTicketHead)/\(group)/\(name.index)/\(name.term)/\(offset)"
        return FlightTicket(ByteBuffer(string: text))
    }
}
