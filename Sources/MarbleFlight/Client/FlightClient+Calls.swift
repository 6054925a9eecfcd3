import NIOCore

// The ten methods. All throw `FlightError` with the server's status, or with what kept the call from
// reaching the server. Cancelling the task that waits cancels the call. Those that read wait for the
// first message, so that they can be made again if there is none (see `FlightRetryPolicy`).

extension FlightClient {
    /// Exchanges messages to authenticate, in as many rounds as the scheme takes.
    public func handshake(
        options: FlightCallOptions = FlightCallOptions()
    ) -> FlightClientStream<FlightHandshakeRequest, FlightHandshakeResponse> {
        let bridge = openBridge(.handshake, options)
        return FlightClientStream(
            writer: bridge.handshakeRequestWriter, responses: bridge.handshakeResponseReader)
    }

    /// Reads the flights that meet the criteria.
    public func listFlights(
        _ criteria: FlightCriteria = FlightCriteria(),
        options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> FlightReader<FlightInfo> {
        let request = FlightData(appMetadata: criteria.expression)
        return try await begin(.listFlights, request, options).infoReader
    }

    /// Asks what is known about a flight and where to fetch it.
    public func getFlightInfo(
        _ descriptor: FlightDescriptor, options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> FlightInfo {
        let request = FlightData(appMetadata: descriptor.encoded())
        return try FlightInfo(decoding: try await callForOne(.getFlightInfo, request, options))
    }

    /// Asks how far a long-running query is.
    public func pollFlightInfo(
        _ descriptor: FlightDescriptor, options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> FlightPollInfo {
        let request = FlightData(appMetadata: descriptor.encoded())
        return try FlightPollInfo(decoding: try await callForOne(.pollFlightInfo, request, options))
    }

    /// Asks for a flight's schema.
    public func getSchema(
        _ descriptor: FlightDescriptor, options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> FlightSchemaResult {
        let request = FlightData(appMetadata: descriptor.encoded())
        return FlightSchemaResult(schema: try await callForOne(.getSchema, request, options))
    }

    /// Reads the data that a ticket stands for.
    public func doGet(
        _ ticket: FlightTicket, options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> FlightReader<FlightData> {
        try await begin(.doGet, FlightData(appMetadata: ticket.bytes), options).dataReader
    }

    /// Sends data; the first message must have a descriptor.
    public func doPut(
        options: FlightCallOptions = FlightCallOptions()
    ) -> FlightClientStream<FlightData, FlightPutResult> {
        let bridge = openBridge(.doPut, options)
        return FlightClientStream(writer: bridge.dataWriter, responses: bridge.putResultReader)
    }

    /// Sends and reads data; the first message must have a descriptor.
    public func doExchange(
        options: FlightCallOptions = FlightCallOptions()
    ) -> FlightClientStream<FlightData, FlightData> {
        let bridge = openBridge(.doExchange, options)
        return FlightClientStream(writer: bridge.dataWriter, responses: bridge.dataReader)
    }

    /// Has the server carry out an action, and collects the results.
    ///
    /// All results together may have as many bytes as the longest message may have; use
    /// ``streamAction(_:options:)`` for more.
    public func doAction(
        _ action: FlightAction, options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> [FlightResult] {
        try await call(.doAction, Self.data(of: action), options).map {
            FlightResult(body: $0.appMetadata)
        }
    }

    /// Has the server carry out an action, and reads the results as they come.
    public func streamAction(
        _ action: FlightAction, options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> FlightReader<FlightResult> {
        try await begin(.doAction, Self.data(of: action), options).resultReader
    }

    /// Asks for all actions.
    public func listActions(
        options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> [FlightActionType] {
        var types: [FlightActionType] = []
        for data in try await call(.listActions, FlightData(), options) {
            types.append(try FlightActionType(decoding: data.appMetadata))
        }
        return types
    }

    private static func data(of action: FlightAction) -> FlightData {
        FlightData(dataHeader: ByteBuffer(string: action.type), appMetadata: action.body)
    }

    private func openBridge(
        _ method: FlightMethod, _ options: FlightCallOptions
    ) -> FlightStreamBridge {
        let (stream, connection) = makeStream(method, options: options)
        let bridge = FlightStreamBridge(stream: stream)
        stream.eventLoop.execute {
            connection.open(stream, delegate: bridge)
        }
        return bridge
    }

    /// Sends the one request of a call whose answers are read one by one, and waits for the first.
    private func begin(
        _ method: FlightMethod, _ request: FlightData, _ options: FlightCallOptions
    ) async throws(FlightError) -> FlightStreamBridge {
        try await withAttempts(method, options) { options throws(FlightError) in
            let bridge = openBridge(method, options)
            defer { bridge.copyMetadata(to: options.responseMetadata) }
            try await bridge.write(request)
            bridge.finish()
            try await bridge.waitForFirst()
            return bridge
        }
    }

    /// The content of the one answer of a call that has one.
    private func callForOne(
        _ method: FlightMethod, _ request: FlightData, _ options: FlightCallOptions
    ) async throws(FlightError) -> ByteBuffer {
        let answers = try await call(method, request, options)
        guard answers.count == 1 else {
            // gRPC, `doc/statuscodes.md`: "Response cardinality violation".
            throw FlightError(
                .unimplemented, "\(method.rawValue) got \(answers.count) answers instead of one")
        }
        return answers[0].appMetadata
    }

    /// A call of one request whose answers are collected.
    private func call(
        _ method: FlightMethod, _ request: FlightData, _ options: FlightCallOptions
    ) async throws(FlightError) -> [FlightData] {
        if let hedging = options.hedging, method.isIdempotent {
            return try await hedge(method, options, hedging) { options throws(FlightError) in
                try await self.callOnce(method, request, options)
            }
        }
        return try await withAttempts(method, options) { options throws(FlightError) in
            try await callOnce(method, request, options)
        }
    }

    /// One attempt: one hop to the loop and one back.
    private func callOnce(
        _ method: FlightMethod, _ request: FlightData, _ options: FlightCallOptions
    ) async throws(FlightError) -> [FlightData] {
        let (stream, connection) = makeStream(method, options: options)
        let byteCountMax = options.messageByteCountMax ?? configuration.messageByteCountMax
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                stream.eventLoop.execute {
                    let collector = AnswerCollector(
                        byteCountMax: byteCountMax, response: options.responseMetadata,
                        continuation: continuation)
                    connection.open(stream, delegate: collector)
                    stream.send(request)
                    stream.endInput()
                }
            }
        } onCancel: {
            stream.eventLoop.execute { stream.cancel() }
        }
        return try result.get()
    }
}
