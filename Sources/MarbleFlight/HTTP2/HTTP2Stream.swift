import DequeModule
import NIOCore
import NIOHTTP2

/// One stream of a connection, as its user sees it: a call, or a request of plain HTTP.
///
/// Belongs to an ``HTTP2Streams``, and lives on its event loop.
final class HTTP2Stream: StreamTransport {
    private enum Phase {
        case open
        /// `RST_STREAM` was written, and HTTP/2 hasn't said yet that the stream has ended.
        case resetting
        /// HTTP/2 has said so, and why; what had come before is being handed on.
        case ending(HTTP2ErrorCode?)
        case ended
    }

    /// The frames' number; a client's stream gets it with its first frame, so that numbers go out in order.
    private(set) var id: HTTP2StreamID?
    private let streams: HTTP2Streams
    /// Who uses the stream; let go at its end.
    private var user: (any HTTP2StreamUser)?
    private var window: InboundWindow
    /// What has come while nobody wanted to read.
    private var held: Deque<HTTP2Frame.FramePayload> = []
    private var isReading = true
    private var isTakingHeld = false
    private var phase = Phase.open
    /// Whether frames of it have come in this read of the connection.
    var isRead = false
    /// Whether HTTP/2 knows the stream. Headers of a client wait while the server takes no further streams.
    var isOpen: Bool

    /// - Parameter id: of a stream that the peer has opened.
    init(_ streams: HTTP2Streams, id: HTTP2StreamID? = nil, windowByteCount: Int) {
        self.streams = streams
        self.id = id
        isOpen = id != nil
        window = InboundWindow(target: windowByteCount)
    }

    /// Says who uses the stream, unless that has ended meanwhile.
    func attach(_ user: any HTTP2StreamUser) {
        if case .ended = phase { return user.streamEnded() }
        self.user = user
    }

    var eventLoop: any EventLoop { streams.eventLoop }
    var remoteAddress: SocketAddress? { streams.remoteAddress }

    // MARK: Outgoing

    func write(_ payload: HTTP2Frame.FramePayload, promise: EventLoopPromise<Void>?) {
        guard case .open = phase else {
            promise?.fail(ChannelError.alreadyClosed)
            return
        }
        let id = id ?? streams.number(self)
        self.id = id
        streams.write(HTTP2Frame(streamID: id, payload: payload), promise)
    }

    func flush() {
        streams.flush()
    }

    /// Ends the stream with `RST_STREAM`, if anything of it has gone out.
    func close() {
        guard case .open = phase else { return }
        phase = .resetting
        if let id {
            streams.write(HTTP2Frame(streamID: id, payload: .rstStream(.cancel)), nil)
            streams.flush()
        }
        // HTTP/2 says that an open stream has ended, and nothing of any other.
        if !isOpen { streams.end(self) }
    }

    // MARK: Incoming

    func received(_ payload: HTTP2Frame.FramePayload) {
        if payload.isEnd { window.isClosed = true }
        guard isReading, held.isEmpty else {
            if case .data(let frame) = payload { window.held(frame.data.readableBytes) }
            held.append(payload)
            return
        }
        user?.frameReceived(payload)
    }

    func readCompleted() {
        isRead = false
        user?.readCompleted()
    }

    func setReading(_ isReading: Bool) {
        self.isReading = isReading
        guard isReading, !held.isEmpty, !isTakingHeld else { return }
        takeHeld()
        user?.readCompleted()
    }

    private func takeHeld() {
        isTakingHeld = true
        while isReading || isEnding, let payload = held.popFirst() {
            user?.frameReceived(payload)
            guard case .data(let frame) = payload else { continue }
            open(by: window.taken(frame.data.readableBytes))
        }
        isTakingHeld = false
        finish()
    }

    func windowChanged(to size: Int) {
        open(by: window.changed(to: size))
    }

    func windowChanged(by delta: Int) {
        open(by: window.changed(by: delta))
    }

    private func open(by increment: Int?) {
        guard let increment, let id, case .open = phase else { return }
        streams.writeSoon(
            HTTP2Frame(streamID: id, payload: .windowUpdate(windowSizeIncrement: increment)))
    }

    func connectionWritabilityChanged(_ isWritable: Bool) {
        user?.connectionWritabilityChanged(isWritable)
    }

    /// HTTP/2 can't do what was asked of the stream.
    func failed(_ error: any Error) {
        user?.streamFailed(error)
        close()
    }

    /// The stream is over. What has come before is still handed on.
    /// - Parameter reason: `nil`: in order, or with its connection.
    func ended(_ reason: HTTP2ErrorCode?) {
        switch phase {
        case .open, .resetting: phase = .ending(reason)
        case .ending, .ended: return
        }
        window.isClosed = true
        if !isTakingHeld { takeHeld() }
    }

    /// All is handed on now, wanted or not.
    private var isEnding: Bool {
        if case .ending = phase { true } else { false }
    }

    private func finish() {
        guard case .ending(let reason) = phase else { return }
        phase = .ended
        guard let user else { return }
        self.user = nil
        if let reason, let id {
            user.streamFailed(NIOHTTP2Errors.streamClosed(streamID: id, errorCode: reason))
        }
        user.streamEnded()
    }
}

/// Who uses an ``HTTP2Stream``; called on its event loop.
protocol HTTP2StreamUser: AnyObject {
    /// Headers, trailers, or a part of the data.
    func frameReceived(_ payload: HTTP2Frame.FramePayload)
    /// Nothing more comes with this read of the socket.
    func readCompleted()
    func connectionWritabilityChanged(_ isWritable: Bool)
    func streamFailed(_ error: any Error)
    /// Comes once, last.
    func streamEnded()
}

extension HTTP2Frame.FramePayload {
    /// Whether it is the last that its sender has to say.
    fileprivate var isEnd: Bool {
        switch self {
        case .data(let frame): frame.endStream
        case .headers(let frame): frame.endStream
        default: false
        }
    }
}
