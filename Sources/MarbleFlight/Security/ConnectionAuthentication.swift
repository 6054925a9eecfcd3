import NIOCore

/// Who speaks on one connection of a server. Bound to the connection's event loop.
final class ConnectionAuthentication {
    typealias Answer = (Result<FlightIdentity, FlightError>) -> Void

    private struct Known {
        var authorization: String
        var identity: FlightIdentity
        var revision: UInt64
    }

    /// The client's certificate in DER, where TLS has checked one.
    let clientCertificate: [UInt8]?
    private let remoteAddress: SocketAddress?
    private let eventLoop: any EventLoop
    private var known: Known?
    /// Calls whose credentials are being looked at.
    private var waiting: [String: [Answer]] = [:]

    init(
        clientCertificate: [UInt8]?, remoteAddress: SocketAddress?, eventLoop: any EventLoop
    ) {
        self.clientCertificate = clientCertificate
        self.remoteAddress = remoteAddress
        self.eventLoop = eventLoop
    }

    /// Who presented the same header before; `nil` if that must be found out.
    func knownIdentity(
        _ authorization: String?, _ authenticator: any FlightAuthenticator
    ) -> FlightIdentity? {
        guard let known, known.revision == authenticator.revision,
            ConstantTime.equal(known.authorization, authorization ?? "")
        else { return nil }
        if let end = known.identity.validUntil, end <= .now() { return nil }
        return known.identity
    }

    /// Finds out who presents the header. Calls with the same header share one answer.
    /// - Parameter answer: called on the event loop, later.
    func identify(
        _ authorization: String?, _ server: ServerAuthentication, answer: @escaping Answer
    ) {
        let key = authorization ?? ""
        if waiting[key] != nil {
            waiting[key]?.append(answer)
            return
        }
        waiting[key] = [answer]
        let credentials = FlightCredentials(
            authorization: authorization, clientCertificate: clientCertificate)
        // From before, so that an answer that a change overtakes isn't kept.
        let revision = server.authenticator.revision
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        Task { [eventLoop, remoteAddress] in
            let result = await server.authenticate(credentials, from: remoteAddress)
            eventLoop.execute { bound.value.finish(key, result, revision) }
        }
    }

    private func finish(
        _ key: String, _ result: Result<FlightIdentity, FlightError>, _ revision: UInt64
    ) {
        if case .success(let identity) = result {
            known = Known(authorization: key, identity: identity, revision: revision)
        }
        for answer in waiting.removeValue(forKey: key) ?? [] { answer(result) }
    }
}
