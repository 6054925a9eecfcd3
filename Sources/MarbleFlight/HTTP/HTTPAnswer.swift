import MarbleJSON
import NIOCore
import NIOHTTP1

/// An answer to a plain HTTP request, before it is known how it travels.
struct HTTPAnswer {
    var status: HTTPResponseStatus
    var headers = HTTPHeaders()
    var body: ByteBuffer

    init(_ status: HTTPResponseStatus, contentType: String, body: ByteBuffer) {
        self.status = status
        self.body = body
        headers.add(name: "content-type", value: contentType)
    }

    init(_ response: FlightHTTPResponse) {
        self.init(
            HTTPResponseStatus(statusCode: response.status), contentType: response.contentType,
            body: response.body)
    }

    /// `{"error": {"code": "NOT_FOUND", "message": "…"}}`.
    ///
    /// - Parameter status: Where HTTP says it more exactly than by the error's code.
    init(_ error: FlightError, status: HTTPResponseStatus? = nil) {
        let text = JSONWriter.object { writer in
            writer.key("error")
            writer.object { writer in
                writer.member("code", error.code.description)
                writer.member("message", error.message)
                if let details = error.details {
                    writer.member("details_base64", Base64.encode(details, isPadded: true))
                }
            }
        }
        let status = status ?? error.code.httpStatus
        self.init(status, contentType: Self.json, body: text)
        if status == .unauthorized { headers.add(name: "www-authenticate", value: "Bearer") }
    }

    static let json = "application/json"
}

extension FlightStatusCode {
    /// The HTTP status that says the same (as `google/rpc/code.proto` maps them).
    var httpStatus: HTTPResponseStatus {
        switch self {
        case .ok: .ok
        case .cancelled: .custom(code: 499, reasonPhrase: "Client Closed Request")
        case .invalidArgument, .failedPrecondition, .outOfRange: .badRequest
        case .deadlineExceeded: .gatewayTimeout
        case .notFound: .notFound
        case .alreadyExists, .aborted: .conflict
        case .permissionDenied: .forbidden
        case .unauthenticated: .unauthorized
        case .resourceExhausted: .tooManyRequests
        case .unimplemented: .notImplemented
        case .unavailable: .serviceUnavailable
        case .unknown, .internal, .dataLoss: .internalServerError
        }
    }
}
