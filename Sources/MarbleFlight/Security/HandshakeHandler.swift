import NIOCore

/// Answers `Handshake` on a server that authenticates: with user and password, in the `authorization` header
/// or in the first message, a client gets a token for its later calls.
final class HandshakeHandler: FlightStreamDelegate {
    private let authentication: ServerAuthentication
    private let connection: ConnectionAuthentication
    private var hasAnswered = false
    private var isAuthenticating = false
    private var inputHasEnded = false

    init(_ authentication: ServerAuthentication, _ connection: ConnectionAuthentication) {
        self.authentication = authentication
        self.connection = connection
    }

    /// Begins with the header, where there is one.
    func begin(_ stream: FlightStream) {
        guard let authorization = FlightCredentials.authorization(stream.metadata) else { return }
        authenticate(stream, authorization) { token in
            if let token {
                stream.responseMetadata.add(
                    FlightCredentials.authorizationHeader, "Bearer \(token)")
            }
        }
    }

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        guard !isAuthenticating, !hasAnswered, let first = messages.first else { return }
        do throws(FlightError) {
            let request = try HandshakeMessage(decoding: first.appMetadata)
            let login = try BasicLogin(decoding: request.payload)
            let authorization = FlightCredentials.basic(user: login.user, password: login.password)
            authenticate(stream, authorization) { token in
                let payload = ByteBuffer(string: token ?? "")
                let response = HandshakeMessage(
                    protocolVersion: request.protocolVersion, payload: payload)
                stream.send(FlightData(appMetadata: response.encoded()))
            }
        } catch {
            stream.fail(error)
        }
    }

    func flightStreamInputEnded(_ stream: FlightStream) {
        inputHasEnded = true
        if hasAnswered { return stream.finish() }
        guard !isAuthenticating else { return }
        stream.fail(
            FlightError(
                .unauthenticated,
                "a handshake needs user and password: as the header authorization: Basic …, or as a"
                    + " BasicAuth message"))
    }

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {}

    private func authenticate(
        _ stream: FlightStream, _ authorization: String, accept: @escaping (String?) -> Void
    ) {
        isAuthenticating = true
        connection.identify(authorization, authentication) { [self] result in
            switch result {
            case .failure(let error):
                stream.fail(error)
            case .success(let identity):
                // A token is not exchanged for another one, which would be good for longer.
                let isBasic = FlightCredentials(authorization: authorization).basic != nil
                guard isBasic else { return answered(stream, nil, accept) }
                makeToken(identity, stream, accept)
            }
        }
    }

    private func makeToken(
        _ identity: FlightIdentity, _ stream: FlightStream, _ accept: @escaping (String?) -> Void
    ) {
        let authenticator = authentication.authenticator
        let bound = NIOLoopBound((self, accept), eventLoop: stream.eventLoop)
        Task {
            let token: Result<String?, FlightError>
            do throws(FlightError) {
                token = .success(try await authenticator.sessionToken(for: identity))
            } catch {
                token = .failure(error)
            }
            stream.eventLoop.execute {
                let (handler, accept) = bound.value
                switch token {
                case .success(let token): handler.answered(stream, token, accept)
                case .failure(let error): stream.fail(error)
                }
            }
        }
    }

    private func answered(
        _ stream: FlightStream, _ token: String?, _ accept: (String?) -> Void
    ) {
        hasAnswered = true
        accept(token)
        if inputHasEnded { stream.finish() }
    }
}

/// The message in which Flight clients send user and password in a handshake (Arrow, `format/Flight.proto`,
/// `BasicAuth`).
struct BasicLogin {
    var user = ""
    var password = ""

    init(decoding message: ByteBuffer) throws(FlightError) {
        var reader = ProtobufReader(message, type: "BasicAuth")
        while let field = try reader.nextField() {
            switch field.number {
            case 2: user = try reader.string(field.type)
            case 3: password = try reader.string(field.type)
            default: try reader.skip(field.type)
            }
        }
    }
}
