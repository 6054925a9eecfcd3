import DequeModule
import NIOCore
import NIOHPACK
import NIOHTTP2

/// One stream of a connection, as its user sees it: a call, or a request of plain HTTP.
///
/// Belongs to an ``HTTP2Connection``, and lives on its event loop.
final class HTTP2Stream: StreamTransport {
    private enum Phase {
        case open
        /// HTTP/2 is done with it, and why; what had come before is being handed on.
        case ending(HTTP2ErrorCode?)
        case ended
    }

    private enum Incoming {
        case headers(HPACKHeaders, isEnd: Bool)
        case data(ByteBuffer, isEnd: Bool)
    }

    /// Data that waits is gathered in buffers of about this much.
    private static let heldTogetherMax = 256 << 10

    /// The frames' number; a client's stream gets it with its first frame, so that numbers go out in order.
    var id: HTTP2StreamID?
    let connection: HTTP2Connection
    /// Who uses the stream; let go at its end.
    private var user: (any HTTP2StreamUser)?
    var state: HTTP2StreamState
    private var window: InboundWindow
    /// What has come while nobody wanted to read.
    private var held: Deque<Incoming> = []
    private var isReading = true
    private var isTakingHeld = false
    private var phase = Phase.open
    /// Whether frames of it have come in this read of the connection.
    var isRead = false

    // Outgoing: see `HTTP2Stream+Sending.swift`.
    var outboundWindow: OutboundWindow
    /// What waits for the peer's windows, for the socket, or for the peer to take another stream.
    var unsent: Deque<Outgoing> = []
    /// Whether the connection knows that something waits.
    var isWaiting = false
    /// Whether the last that the user has to say is among what was written.
    var isOutputComplete = false
    var hasSentHead = false

    /// - Parameter id: of a stream that the peer has opened.
    init(
        _ connection: HTTP2Connection, id: HTTP2StreamID? = nil, window: InboundWindow,
        outboundWindow: OutboundWindow, isServer: Bool
    ) {
        self.connection = connection
        self.id = id
        self.window = window
        self.outboundWindow = outboundWindow
        state = HTTP2StreamState(isServer: isServer)
    }

    /// Says who uses the stream, unless that has ended meanwhile.
    func attach(_ user: any HTTP2StreamUser) {
        if case .ended = phase { return user.streamEnded() }
        self.user = user
    }

    var eventLoop: any EventLoop { connection.eventLoop }
    var remoteAddress: SocketAddress? { connection.remoteAddress }
    var isOpen: Bool { if case .open = phase { true } else { false } }

    func flush() {
        connection.flush()
    }

    /// Ends the stream, with `RST_STREAM` if the peer knows of it.
    func close() {
        reset(.cancel)
    }

    func reset(_ code: HTTP2ErrorCode) {
        guard isOpen else { return }
        connection.reset(self, code)
    }

    // MARK: Incoming

    /// The peer has said all with its headers.
    func inputEnded() {
        window.isClosed = true
    }

    /// - Returns: whether the peer was allowed to send that.
    func countReceived(_ byteCount: Int) -> Bool {
        window.received(byteCount)
    }

    func received(_ headers: HPACKHeaders, isEnd: Bool) {
        if isEnd { window.isClosed = true }
        if isReading, held.isEmpty {
            user?.headersReceived(headers, endStream: isEnd)
        } else {
            held.append(.headers(headers, isEnd: isEnd))
        }
    }

    func received(_ bytes: ByteBuffer, isEnd: Bool) {
        if isEnd { window.isClosed = true }
        if isReading, held.isEmpty {
            user?.dataReceived(bytes, endStream: isEnd)
        } else {
            window.held(bytes.readableBytes)
            hold(bytes, isEnd: isEnd)
        }
        openWindow()
    }

    /// Keeps a copy: a part of one byte may be of a buffer of a megabyte.
    private func hold(_ bytes: ByteBuffer, isEnd: Bool) {
        var all = takeLastHeld() ?? ByteBuffer()
        all.writeImmutableBuffer(bytes)
        held.append(.data(all, isEnd: isEnd))
    }

    /// The last data that waits, taken out so that more can be written to it.
    private func takeLastHeld() -> ByteBuffer? {
        guard case .data(let last, isEnd: false)? = held.last,
            last.readableBytes < Self.heldTogetherMax
        else { return nil }
        guard case .data(let bytes, _)? = held.popLast() else { return nil }
        return bytes
    }

    /// Has the user read so much data to where it wants it, if it has a place for that.
    ///
    /// - Returns: how many bytes were read; ``received(_:isEnd:)`` comes for them without bytes.
    func fill(
        _ byteCounts: ClosedRange<Int>, by read: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Int {
        guard isReading, held.isEmpty, isOpen else { return 0 }
        return user?.fill(byteCounts, by: read) ?? 0
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
        while isReading || isEnding, let incoming = held.popFirst() {
            switch incoming {
            case .headers(let headers, let isEnd):
                user?.headersReceived(headers, endStream: isEnd)
            case .data(let bytes, let isEnd):
                user?.dataReceived(bytes, endStream: isEnd)
                window.taken(bytes.readableBytes)
                openWindow()
            }
        }
        isTakingHeld = false
        finish()
    }

    /// The peer has taken note of other settings.
    func windowChanged(by delta: Int) {
        window.changed(by: delta)
        openWindow()
    }

    private func openWindow() {
        guard let id, isOpen, let increment = window.takeIncrement() else { return }
        connection.openWindow(of: id, by: increment)
    }

    func connectionWritabilityChanged(_ isWritable: Bool) {
        user?.connectionWritabilityChanged(isWritable)
    }

    /// HTTP/2 can't do what was asked of the stream, or doesn't go on with what came.
    func failed(_ error: HTTP2StreamError) {
        user?.streamFailed(error)
        reset(error.code)
    }

    /// The stream is over. What has come before is still handed on.
    /// - Parameter reason: `nil`: in order, or with its connection.
    func ended(_ reason: HTTP2ErrorCode?) {
        guard isOpen else { return }
        phase = .ending(reason)
        window.isClosed = true
        dropUnsent()
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
        if let reason {
            user.streamFailed(
                NIOHTTP2Errors.streamClosed(streamID: id ?? .rootStream, errorCode: reason))
        }
        user.streamEnded()
    }
}

/// Who uses an ``HTTP2Stream``; called on its event loop.
protocol HTTP2StreamUser: AnyObject {
    /// Headers, or trailers.
    func headersReceived(_ headers: HPACKHeaders, endStream: Bool)
    /// A part of the data.
    func dataReceived(_ chunk: ByteBuffer, endStream: Bool)
    /// Reads data to where it is wanted, if there is a place for so much; ``dataReceived(_:endStream:)``
    /// comes then without bytes.
    ///
    /// - Returns: how many bytes were read.
    func fill(
        _ byteCounts: ClosedRange<Int>, by read: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Int
    /// Nothing more comes with this read of the socket.
    func readCompleted()
    func connectionWritabilityChanged(_ isWritable: Bool)
    func streamFailed(_ error: any Error)
    /// Comes once, last.
    func streamEnded()
}

extension HTTP2StreamUser {
    func fill(
        _ byteCounts: ClosedRange<Int>, by read: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Int { 0 }
}
