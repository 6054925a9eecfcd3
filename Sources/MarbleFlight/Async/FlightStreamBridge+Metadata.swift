import NIOConcurrencyHelpers

// The headers and trailers that a task waits for.

extension FlightStreamBridge {
    func flightStreamHeadersReceived(_ stream: FlightStream) {
        let headers = stream.metadata
        let waiting = state.withLockedValue { state in
            state.headers = headers
            return state.takeWaiting()
        }
        for continuation in waiting { continuation.resume() }
    }

    /// On a server the request's.
    func headers() async throws(FlightError) -> FlightMetadata {
        if stream.role == .server { return context?.metadata ?? FlightMetadata() }
        return try await metadata { state in
            if let headers = state.headers { return .success(headers) }
            return state.isClosed ? .failure(state.closing ?? .withoutAnswer) : nil
        }
    }

    /// Requests have none.
    func trailers() async throws(FlightError) -> FlightMetadata {
        if stream.role == .server { return FlightMetadata() }
        return try await metadata { state in
            guard state.isClosed else { return nil }
            if let trailers = state.trailers { return .success(trailers) }
            return .failure(state.closing ?? .withoutAnswer)
        }
    }

    /// Waits until `look` finds something, or why it never will.
    private func metadata(
        _ look: @Sendable (State) -> Result<FlightMetadata, FlightError>?
    ) async throws(FlightError) -> FlightMetadata {
        while true {
            if let found = state.withLockedValue({ look($0) }) { return try found.get() }
            await withTaskCancellationHandler {
                await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                    let isFound = state.withLockedValue { state in
                        guard look(state) == nil else { return true }
                        state.waiting.append(continuation)
                        return false
                    }
                    if isFound { continuation.resume() }
                }
            } onCancel: {
                cancelStream()
            }
        }
    }

    /// Hands over what has come so far.
    func copyMetadata(to response: FlightResponseMetadata?) {
        guard let response else { return }
        let (headers, trailers) = state.withLockedValue { ($0.headers, $0.trailers) }
        response.set(headers: headers, trailers: trailers)
    }
}

extension FlightError {
    fileprivate static var withoutAnswer: FlightError {
        FlightError(.internal, "the call ended without the server's headers and status")
    }
}
