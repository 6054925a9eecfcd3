import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import Testing

@testable import MarbleFlight

struct ProtocolDetectorTests {
    /// What NIO does when a write fails: of the settings, while the handlers are added, or of an answer.
    @Test(arguments: [true, false])
    func `bytes read amid a write go to the protocol that was found`(isAmidSetUp: Bool) throws {
        let channel = EmbeddedChannel()
        let sink = Sink()
        sink.readsMore = !isAmidSetUp
        var foundCount = 0
        let detector = ProtocolDetector(
            logger: Logger(label: "test"), timeout: .seconds(5),
            metrics: FlightMetrics(client: nil, peer: "the peer"), tls: nil,
            counters: NIOLockedValueBox(FlightServerCounters())
        ) { _, channel in
            foundCount += 1
            if isAmidSetUp { channel.pipeline.fireChannelRead(ByteBuffer(string: "more")) }
            try channel.pipeline.syncOperations.addHandler(sink)
        }
        try channel.pipeline.syncOperations.addHandler(detector)
        try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\n"))
        try channel.writeInbound(ByteBuffer(string: ", and the rest"))
        #expect(foundCount == 1)
        #expect(String(buffer: sink.received) == "GET / HTTP/1.1\r\nmore, and the rest")
        _ = try channel.finish()
    }
}

/// Takes what comes; with the first of it, more is read.
private final class Sink: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    var received = ByteBuffer()
    var readsMore = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        guard readsMore else { return }
        readsMore = false
        context.pipeline.fireChannelRead(ByteBuffer(string: "more"))
    }
}
