import NIOCore
import NIOHPACK
import NIOHTTP2

/// What carries one ``FlightStream``: a stream of HTTP/2 (``HTTP2Stream``), or a request of plain HTTP
/// that stands for a call (``HTTPExchange``). Used on its event loop.
protocol StreamTransport: AnyObject {
    var eventLoop: any EventLoop { get }
    var remoteAddress: SocketAddress? { get }

    /// Queues a frame's content. It leaves with the next ``flush()``.
    func write(_ payload: HTTP2Frame.FramePayload, promise: EventLoopPromise<Void>?)
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
        write(.headers(.init(headers: headers, endStream: true)), promise: nil)
        if !isComplete { write(.rstStream(.noError), promise: nil) }
        flush()
    }
}
