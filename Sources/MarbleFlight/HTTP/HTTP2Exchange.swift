import Logging
import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2

/// A request of plain HTTP on a stream of HTTP/2.
final class HTTP2Exchange: HTTP2StreamUser, HTTPExchangeWire {
    private let exchange: HTTPExchange
    private let stream: HTTP2Stream
    private var hasHead = false

    init(
        _ stream: HTTP2Stream, routes: HTTPRoutes, connection: FlightConnectionHandler,
        logger: Logger
    ) {
        self.stream = stream
        exchange = HTTPExchange(
            routes: routes, connection: connection, isHTTP2: true, eventLoop: stream.eventLoop,
            logger: logger)
        exchange.begin(on: self)
    }

    // MARK: The stream's side

    func headersReceived(_ headers: HPACKHeaders, endStream: Bool) {
        // Trailers of a request say nothing but that it is complete.
        if !hasHead {
            guard let head = HTTPRequestHead(headers, isComplete: endStream) else {
                // A request that isn't one (RFC 9113, 8.1.1).
                return stream.reset(.protocolError)
            }
            hasHead = true
            exchange.received(.head(head))
        }
        if endStream { exchange.received(.end(nil)) }
    }

    func dataReceived(_ chunk: ByteBuffer, endStream: Bool) {
        if chunk.readableBytes > 0 { exchange.received(.body(chunk)) }
        if endStream { exchange.received(.end(nil)) }
    }

    func readCompleted() {}

    func connectionWritabilityChanged(_ isWritable: Bool) {}

    func streamFailed(_ error: any Error) {
        exchange.failed(error)
    }

    func streamEnded() {
        exchange.ended()
    }

    // MARK: The exchange's side

    var remoteAddress: SocketAddress? { stream.remoteAddress }

    func write(_ part: HTTPServerResponsePart, promise: EventLoopPromise<Void>?) {
        switch part {
        case .head(let head):
            var headers: HPACKHeaders = [":status": String(head.status.code)]
            headers.add(contentsOf: HPACKHeaders(httpHeaders: head.headers))
            stream.sendHeaders(headers, endStream: false, promise: promise)
        case .body(.byteBuffer(let body)):
            stream.sendData(body, endStream: false, promise: promise)
        case .body(.fileRegion):
            promise?.fail(ChannelError.operationUnsupported)
        case .end:
            stream.sendData(ByteBuffer(), endStream: true, promise: promise)
        }
    }

    func flush() {
        stream.flush()
    }

    func close() {
        stream.close()
    }

    /// The end of the answer has said it.
    func closeOutput() {}
}

extension HTTPRequestHead {
    /// - Parameter isComplete: Whether no body follows.
    /// - Returns: `nil` if something is missing, or has bytes that would divide the line of a request.
    fileprivate init?(_ headers: HPACKHeaders, isComplete: Bool) {
        guard let method = headers.cleanValue(":method"),
            let path = headers.cleanValue(":path"),
            let host = headers.cleanValue(":authority") ?? headers.cleanValue("host")
        else { return nil }
        self.init(
            version: HTTPVersion(major: 2, minor: 0), method: HTTPMethod(rawValue: method),
            uri: path)
        if !headers.contains(name: "host") { self.headers.add(name: "host", value: host) }
        for (name, value, _) in headers where !name.hasPrefix(":") {
            self.headers.add(name: name, value: value)
        }
        guard !isComplete, !headers.contains(name: "content-length") else { return }
        switch self.method {
        case .GET, .HEAD, .DELETE, .CONNECT, .TRACE: break
        default: self.headers.add(name: "transfer-encoding", value: "chunked")
        }
    }
}

extension HPACKHeaders {
    fileprivate func cleanValue(_ name: String) -> String? {
        guard let value = first(name: name), !value.utf8.contains(where: { $0 <= 32 || $0 == 127 })
        else { return nil }
        return value
    }
}
