public import NIOCore

/// A page that a ``FlightServer`` shows on its port to plain HTTP: health, metrics.
///
/// It is answered to `GET` and `HEAD`, over HTTP/1.1 and HTTP/2.
public struct FlightHTTPResource: Sendable {
    /// The request's path, such as `/health/live`; a query behind it is ignored.
    public let path: String
    /// What a server that has an authenticator asks for; `nil`: everyone may see the page.
    public let requiredRole: FlightRole?
    let respond: @Sendable () async -> FlightHTTPResponse

    /// Makes a page.
    /// - Parameters:
    ///   - path: What a request must ask for, from the first slash on, without a query.
    ///   - requiredRole: What a server that has an authenticator asks for; `nil`: everyone may see the page.
    ///   - respond: Makes the answer to one request. The task is cancelled when the client goes.
    public init(
        path: String, requiredRole: FlightRole? = nil,
        respond: @escaping @Sendable () async -> FlightHTTPResponse
    ) {
        self.path = path
        self.requiredRole = requiredRole
        self.respond = respond
    }
}

/// What a ``FlightHTTPResource`` answers.
public struct FlightHTTPResponse: Sendable {
    /// The HTTP status, 200 to 599.
    public var status: Int
    /// The body's media type.
    public var contentType: String
    /// The body; a `HEAD` request gets its length only.
    public var body: ByteBuffer

    /// Makes an answer.
    public init(status: Int = 200, contentType: String = "application/json", body: ByteBuffer) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}
