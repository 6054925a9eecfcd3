// The methods of Flight, at any server of the cluster. All throw `FlightError` as `FlightClient` does.

extension FlightClusterClient {
    /// Asks what is known about a flight and where to fetch it.
    ///
    /// Endpoints without a location, and those that are to be fetched over the same connection, get the
    /// location of the server that answered.
    public func getFlightInfo(
        _ descriptor: FlightDescriptor, options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> FlightInfo {
        try await reading(options) { client, address, options throws(FlightError) in
            try await client.getFlightInfo(descriptor, options: options).located(at: address)
        }
    }

    /// Asks how far a long-running query is; locations are completed as ``getFlightInfo(_:options:)``
    /// does.
    public func pollFlightInfo(
        _ descriptor: FlightDescriptor, options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> FlightPollInfo {
        try await reading(options) { client, address, options throws(FlightError) in
            var answer = try await client.pollFlightInfo(descriptor, options: options)
            answer.info = answer.info?.located(at: address)
            return answer
        }
    }

    /// Asks for a flight's schema.
    public func getSchema(
        _ descriptor: FlightDescriptor, options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> FlightSchemaResult {
        try await reading(options) { client, _, options throws(FlightError) in
            try await client.getSchema(descriptor, options: options)
        }
    }

    /// Reads the flights that meet the criteria.
    public func listFlights(
        _ criteria: FlightCriteria = FlightCriteria(),
        options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> FlightReader<FlightInfo> {
        try await reading(options) { client, _, options throws(FlightError) in
            try await client.listFlights(criteria, options: options)
        }
    }

    /// Asks for all actions.
    public func listActions(
        options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> [FlightActionType] {
        try await reading(options) { client, _, options throws(FlightError) in
            try await client.listActions(options: options)
        }
    }

    /// Has one server carry out an action. Another one is only asked while none has worked on it.
    public func doAction(
        _ action: FlightAction, options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> [FlightResult] {
        try await failingOver(options, isRepeatable: { _ in false }) {
            client, _, options throws(FlightError) in
            try await client.doAction(action, options: options)
        }
    }

    /// Reads one endpoint of a flight, from one of its locations or, if it has none, any server.
    ///
    /// When a location fails before the first message, the next one is asked.
    public func doGet(
        _ endpoint: FlightEndpoint, options: FlightCallOptions = FlightCallOptions()
    ) async throws(FlightError) -> FlightReader<FlightData> {
        try await failingOver(
            to: try addresses(of: endpoint), options, isRepeatable: \.isMendedByAnotherLocation
        ) { client, _, options throws(FlightError) in
            try await client.doGet(endpoint.ticket, options: options)
        }
    }

    /// Sends data to one server; the first message must have a descriptor.
    public func doPut(
        options: FlightCallOptions = FlightCallOptions()
    ) throws(FlightError) -> FlightClientStream<FlightData, FlightPutResult> {
        try start { $0.doPut(options: options) }
    }

    /// Sends and reads data at one server; the first message must have a descriptor.
    public func doExchange(
        options: FlightCallOptions = FlightCallOptions()
    ) throws(FlightError) -> FlightClientStream<FlightData, FlightData> {
        try start { $0.doExchange(options: options) }
    }

    private func reading<Answer>(
        _ options: FlightCallOptions,
        _ body: (FlightClient, FlightAddress, FlightCallOptions) async throws(FlightError) -> Answer
    ) async throws(FlightError) -> Answer {
        let codes = (options.retry ?? configuration.client.retry).codes
        return try await failingOver(options, isRepeatable: { codes.contains($0.code) }, body)
    }

    /// - Returns: `nil` for any server.
    private func addresses(
        of endpoint: FlightEndpoint
    ) throws(FlightError) -> [FlightAddress]? {
        let elsewhere = endpoint.locations.filter { !$0.meansSameConnection }
        guard let first = elsewhere.first else { return nil }
        let addresses = elsewhere.compactMap { address(of: $0) }
        guard !addresses.isEmpty else { throw .noServer(at: first) }
        return addresses
    }
}

extension FlightInfo {
    /// The same with the locations that its server left open.
    func located(at address: FlightAddress) -> FlightInfo {
        var info = self
        for number in info.endpoints.indices {
            if info.endpoints[number].locations.isEmpty {
                info.endpoints[number].locations = [address.location]
            }
            info.endpoints[number].locations = info.endpoints[number].locations.map {
                $0.meansSameConnection ? address.location : $0
            }
        }
        return info
    }
}

extension FlightError {
    /// Locations hold the same data: whatever one of them can't do, another may, but for what this client
    /// wanted itself.
    fileprivate var isMendedByAnotherLocation: Bool {
        code != .cancelled && code != .deadlineExceeded
    }
}
