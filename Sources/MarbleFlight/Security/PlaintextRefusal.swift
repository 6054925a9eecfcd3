import NIOCore
import NIOHPACK
import NIOHTTP2

/// Answers each request that comes without TLS to a server which asks for it.
///
/// An answer to the call, because a GOAWAY would make gRPC's clients connect again, without a pause, for as
/// long as the call may take.
final class PlaintextRefusal: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private var isAnswered = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAnswered, case .headers(let request) = unwrapInboundIn(data) else { return }
        isAnswered = true
        let isGRPC = request.headers.first(name: "content-type").map(GRPCHeader.isGRPC) ?? false
        var headers: HPACKHeaders =
            isGRPC
            ? [":status": "200", "content-type": GRPCHeader.contentType] : [":status": "400"]
        if isGRPC {
            headers.add(
                contentsOf: HPACKHeaders(
                    status: FlightError(
                        .unavailable, "this server speaks TLS only: connect with TLS")))
        }
        context.write(
            wrapOutboundOut(.headers(.init(headers: headers, endStream: true))), promise: nil)
        if !request.endStream {
            context.write(wrapOutboundOut(.rstStream(.noError)), promise: nil)
        }
        context.flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
