import Logging
import NIOCore
import NIOHTTP2

/// Ends the connection of a client that asks for signs of life all the time.
///
/// Pings that come while messages are sent to the client don't count: gRPC libraries measure the network
/// with them. Source: gRPC, proposal A8, "Server-side connection management and keepalive".
final class PingLimitHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private static let period = TimeAmount.minutes(1)

    private let countMax: Int
    private let connection: FlightConnectionHandler
    private let logger: Logger
    private var count = 0
    private var periodEnd = NIODeadline.uptimeNanoseconds(0)
    private var turnCountSeen = 0

    init(countMax: Int, connection: FlightConnectionHandler, logger: Logger) {
        self.countMax = countMax
        self.connection = connection
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .ping(_, ack: false) = unwrapInboundIn(data).payload, isOverLimit() {
            end(context)
        }
        context.fireChannelRead(data)
    }

    private func isOverLimit() -> Bool {
        let now = NIODeadline.now()
        if now >= periodEnd || turnCountSeen != connection.writtenTurnCount {
            periodEnd = now + Self.period
            turnCountSeen = connection.writtenTurnCount
            count = 0
        }
        count += 1
        // Once: further pings of the same read find the connection ended.
        return count == countMax + 1
    }

    private func end(_ context: ChannelHandlerContext) {
        logger.debug(
            "connection closed: too many pings",
            metadata: ["peer": "\(connection.peerName)", "limit": "\(countMax)"])
        let payload = HTTP2Frame.FramePayload.goAway(
            lastStreamID: .maxID, errorCode: .enhanceYourCalm,
            opaqueData: ByteBuffer(string: FlightPings.tooMany))
        context.writeAndFlush(
            wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: payload)), promise: nil)
        context.close(promise: nil)
    }
}

enum FlightPings {
    /// What a GOAWAY says to a client that pings too often (gRFC A8).
    static let tooMany = "too_many_pings"
}
