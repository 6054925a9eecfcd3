import NIOHPACK

extension FlightStream {
    /// On a client: makes what goes along with the attempt, and adds its headers.
    func startMiddleware(_ factories: [FlightClientMiddlewareFactory]) {
        guard !factories.isEmpty, let headers = headersToSend else { return }
        let attempts = headers.first(name: GRPCHeader.previousAttempts)
        let call = FlightClientCall(
            method: method, peerName: peerName, metadata: FlightMetadata(headers),
            previousAttemptCount: attempts.flatMap { Int($0) } ?? 0)
        clientMiddleware = factories.compactMap { $0(call) }
        var added = FlightMetadata()
        for each in clientMiddleware { each.sendingHeaders(&added) }
        headersToSend?.append(added)
    }

    /// On a server: makes what goes along with the call.
    /// - Returns: `false` if the call has ended with that.
    func startMiddleware(_ factories: [FlightServerMiddlewareFactory]) -> Bool {
        guard !factories.isEmpty else { return true }
        let call = FlightCall(stream: self)
        do throws(FlightError) {
            for make in factories where !hasEnded {
                guard let made = make(call), !hasEnded else { continue }
                serverMiddleware.append(made)
                try made.callBegins(call)
            }
        } catch {
            fail(error)
        }
        return !hasEnded
    }

    /// Middleware may end the call by its stream.
    private var hasEnded: Bool { closeReason != nil || ending != .none }

    /// On a server: adds the application's headers to the answer's.
    func appendResponseMetadata(to headers: inout HPACKHeaders) {
        var metadata = responseMetadata
        for each in serverMiddleware { each.sendingHeaders(&metadata) }
        headers.append(metadata)
    }

    /// On a server: adds the application's trailers to the status.
    func appendResponseTrailers(to trailers: inout HPACKHeaders) {
        var metadata = responseTrailers
        for each in serverMiddleware { each.sendingTrailers(&metadata, status: finalStatus) }
        trailers.append(metadata)
    }

    /// Tells what goes along with the call that it is over, and lets go of it: it may keep its call, which has
    /// the stream.
    /// - Parameter error: What the stream ends with, see ``FlightStreamDelegate/flightStream(_:closed:)``.
    func endMiddleware(_ error: FlightError?) {
        for each in clientMiddleware { each.callEnded(error, trailers: trailingMetadata) }
        clientMiddleware = []
        for each in serverMiddleware { each.callEnded(error ?? finalStatus) }
        serverMiddleware = []
    }
}
