import NIOCore
import NIOHPACK
import NIOHTTP2

/// What carries one ``FlightStream``: a stream of HTTP/2 (``HTTP2Stream``), or a request of plain HTTP
/// that stands for a call (``HTTPExchange``). Used on its event loop.
protocol StreamTransport: AnyObject {
    var eventLoop: any EventLoop { get }
    var remoteAddress: SocketAddress? { get }

    /// Queues headers, or trailers. They leave with the next ``flush()``.
    func sendHeaders(_ headers: HPACKHeaders, endStream: Bool, promise: EventLoopPromise<Void>?)
    /// Queues data. It leaves with the next ``flush()``, as far as the peer's windows allow.
    func sendData(_ bytes: ByteBuffer, endStream: Bool, promise: EventLoopPromise<Void>?)
    /// Ends the stream at once, with a code that says why.
    func reset(_ code: HTTP2ErrorCode)
    func flush()
    /// Gives the stream up, whatever of it is still under way.
    func close()
    /// Whether what comes in is handed on. What comes meanwhile waits.
    func setReading(_ isReading: Bool)
}

extension StreamTransport {
    /// Answers a request with headers alone.
    ///
    /// - Parameter isComplete: Whether the client has ended its side; if not, it is told to stop.
    func refuse(_ headers: HPACKHeaders, isComplete: Bool) {
        sendHeaders(headers, endStream: true, promise: nil)
        if !isComplete { reset(.noError) }
        flush()
    }
}
