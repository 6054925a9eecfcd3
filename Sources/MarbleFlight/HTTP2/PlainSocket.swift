import NIOCore
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The socket below a channel without TLS, from which streams read large messages to where they belong.
///
/// A channel reads into a buffer of its own, of which a message that comes in several reads must be copied
/// together. Used on the channel's event loop, while the channel calls its handlers.
struct PlainSocket {
    /// Less isn't worth a call of the system.
    static let byteCountMin = 64 << 10
    /// After so much, the peer hears that there is room again.
    static let byteCountMax = 256 << 10

    private let channel: any Channel
    private let handle: NIOBSDSocket.Handle
    private let channelReads: ChannelReads.Mode
    /// Whether a stream has asked since the channel's last read was complete.
    private var wasAsked = false
    private var failure: IOError?

    /// - Returns: `nil` if the channel has no socket, or its bytes aren't those of the socket.
    init?(_ channel: any Channel) {
        let pipeline = channel.pipeline.syncOperations
        guard (try? pipeline.context(handlerType: NIOSSLHandler.self)) == nil,
            let options = channel.syncOptions,
            let handle = try? pipeline.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self, { $0 })
        else { return nil }
        self.channel = channel
        self.handle = handle
        channelReads = ChannelReads.Mode()
        do {
            try options.setOption(.recvAllocator, value: ChannelReads(channelReads))
        } catch {
            return nil
        }
    }

    /// - Returns: how many bytes were read. 0: none are there, or the connection has ended, which the channel
    ///   finds out by itself; but not why, see ``takeFailure()``.
    mutating func read(into bytes: UnsafeMutableRawBufferPointer) -> Int {
        // The handle of a closed channel may be another's by now.
        guard channel.isActive, let start = bytes.baseAddress else { return 0 }
        wasAsked = true
        let byteCount = recv(
            handle, start, min(bytes.count, Self.byteCountMax), Int32(MSG_DONTWAIT))
        guard byteCount < 0 else { return byteCount }
        if ![EAGAIN, EWOULDBLOCK, EINTR].contains(errno) {
            failure = IOError(errnoCode: errno, reason: "recv")
        }
        return 0
    }

    /// What ended the connection, if a read found that out: the system tells it once.
    mutating func takeFailure() -> IOError? {
        failure.take()
    }

    /// Has the channel read little next time if streams read large messages themselves now.
    mutating func channelHasRead() {
        channelReads.isLittle = wasAsked
        wasAsked = false
    }
}
