import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2

@testable import MarbleFlight

/// One end of an HTTP/2 connection without a socket.
final class HTTP2Side {
    let channel = EmbeddedChannel()
    let connection: HTTP2Connection
    /// What came on each stream that the peer has opened, in their order.
    private(set) var opened: [HTTP2Record] = []

    init(
        _ role: HTTP2Connection.Role, _ configuration: HTTP2Configuration,
        opener: (any HTTP2StreamOpener)? = nil
    ) throws {
        let recorder = HTTP2Recorder()
        connection = try HTTP2Connection.add(
            to: channel, role, configuration, handler: FlightConnectionHandler(),
            opener: opener ?? recorder)
        recorder.side = self
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/test")).wait()
    }

    /// A server as users configure it, whose streams are recorded.
    static func server(
        opener: (any HTTP2StreamOpener)? = nil,
        _ configure: (inout FlightServerConfiguration) -> Void = { _ in }
    ) throws -> HTTP2Side {
        var configuration = FlightServerConfiguration(port: 0)
        configure(&configuration)
        return try HTTP2Side(.server, configuration.http2, opener: opener)
    }

    static func client(
        _ configure: (inout FlightClientConfiguration) -> Void = { _ in }
    ) throws -> HTTP2Side {
        var configuration = FlightClientConfiguration(host: "h", port: 1)
        configure(&configuration)
        return try HTTP2Side(.client, configuration.http2)
    }

    /// Begins a stream, and records what comes on it.
    func open() -> HTTP2Record {
        HTTP2Record(connection.open())
    }

    func read(_ bytes: ByteBuffer) {
        channel.pipeline.fireChannelRead(bytes)
        channel.pipeline.fireChannelReadComplete()
        channel.embeddedEventLoop.run()
    }

    /// What has left since the last call.
    func written() -> ByteBuffer {
        var all = ByteBuffer()
        while case .byteBuffer(let bytes)? = try? channel.readOutbound(as: IOData.self) {
            all.writeImmutableBuffer(bytes)
        }
        return all
    }

    /// The frames that have left since the last call.
    func frames() -> [RawPeer.Frame] {
        RawPeer.frames(in: written())
    }

    /// Carries what each side has written to the other, until neither has more to say.
    func exchange(with peer: HTTP2Side) {
        while true {
            connection.flush()
            peer.connection.flush()
            let (here, there) = (written(), peer.written())
            if here.readableBytes == 0, there.readableBytes == 0 { return }
            if here.readableBytes > 0 { peer.read(here) }
            if there.readableBytes > 0 { read(there) }
        }
    }

    func end() throws {
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    private final class HTTP2Recorder: HTTP2StreamOpener {
        weak var side: HTTP2Side?

        func streamOpened(_ stream: HTTP2Stream, _ headers: HPACKHeaders, endStream: Bool) {
            let record = HTTP2Record(stream)
            record.headersReceived(headers, endStream: endStream)
            side?.opened.append(record)
        }
    }
}

/// What came on one stream.
final class HTTP2Record: HTTP2StreamUser {
    static let request: HPACKHeaders = [
        ":method": "POST", ":scheme": "http", ":path": "/x", ":authority": "h",
    ]

    let stream: HTTP2Stream
    private(set) var headers: [HPACKHeaders] = []
    private(set) var bytes = ByteBuffer()
    /// How much memory each chunk of data held.
    private(set) var chunkCapacities: [Int] = []
    private(set) var isInputEnded = false
    private(set) var failures: [any Error] = []
    private(set) var isEnded = false

    init(_ stream: HTTP2Stream) {
        self.stream = stream
        stream.attach(self)
    }

    /// The code that the stream was reset with.
    var resetCode: HTTP2ErrorCode? {
        (failures.first as? NIOHTTP2Errors.StreamClosed)?.errorCode
    }

    func headersReceived(_ headers: HPACKHeaders, endStream: Bool) {
        self.headers.append(headers)
        if endStream { isInputEnded = true }
    }

    func dataReceived(_ chunk: ByteBuffer, endStream: Bool) {
        bytes.writeImmutableBuffer(chunk)
        chunkCapacities.append(chunk.storageCapacity)
        if endStream { isInputEnded = true }
    }

    func readCompleted() {}

    func connectionWritabilityChanged(_ isWritable: Bool) {}

    func streamFailed(_ error: any Error) {
        failures.append(error)
    }

    func streamEnded() {
        isEnded = true
    }
}
