import NIOConcurrencyHelpers
import NIOCore
import NIOHPACK
import NIOHTTP2
import Testing

@testable import MarbleFlight

/// A reader that pauses doesn't hold up the end of a call that has failed.
@Suite(.timeLimit(.minutes(5)))
struct EndOfPausedStreamTests {
    /// Asks for nothing more from its first messages on.
    private final class Pauser: FlightStreamDelegate, @unchecked Sendable {
        private let state = NIOLockedValueBox((messages: 0, closings: 0))
        private let pausesAtEnd: Bool

        init(pausesAtEnd: Bool = false) { self.pausesAtEnd = pausesAtEnd }

        var messages: Int { state.withLockedValue { $0.messages } }
        var closings: Int { state.withLockedValue { $0.closings } }

        func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
            state.withLockedValue { $0.messages += messages.count }
            if !pausesAtEnd { stream.pauseReading() }
        }

        func flightStreamInputEnded(_ stream: FlightStream) {
            stream.pauseReading()
        }

        func flightStream(_ stream: FlightStream, closed error: FlightError?) {
            state.withLockedValue { $0.closings += 1 }
        }
    }

    private func withCall(
        _ pauser: Pauser, headers: [(String, String)] = [],
        _ body: (RawPeer, ByteBuffer, FlightServer) async throws -> Void
    ) async throws {
        try await withServer(TestService { _ in pauser }) { server, client in
            let peer = try await RawPeer.connect(port: client.configuration.port)
            try await peer.sendPreface()
            try await body(peer, try peer.headers(1, RawPeer.request("DoPut", headers)), server)
            try await eventually("the call is closed") { pauser.closings == 1 }
            try await eventually("its memory is given back") {
                server.counters.partialMessageByteCount == 0 && server.counters.callsOpen == 0
            }
            try await peer.close()
        }
    }

    private var reset: ByteBuffer {
        var frame = ByteBuffer()
        frame.writeFrame(type: 3, flags: 0, stream: 1, payload: ByteBuffer(integer: UInt32(8)))
        return frame
    }

    @Test func `compressed messages that wait don't keep a reset call`() async throws {
        // A body of two megabytes of zeros.
        var message = ByteBuffer()
        message.writeFieldPrefix(FlightDataField.dataBody, byteCount: 2 << 20)
        message.writeRepeatingByte(0, count: 2 << 20)
        let compressed = try #require(MessageCompressor(.gzip)?.compress(message))
        let framed = ByteBuffer.message(flag: 1, Array(buffer: compressed))
        let pauser = Pauser()
        try await withCall(pauser, headers: [("grpc-encoding", "gzip")]) { peer, headers, _ in
            var bytes = headers
            var data = framed
            data.writeImmutableBuffer(framed)
            bytes.writeImmutableBuffer(.data(1, data))
            try await peer.send(bytes)
            try await eventually("the first message is there") { pauser.messages == 1 }
            try await peer.send(reset)
        }
    }

    @Test func `a pause in the last delivery doesn't keep the call`() async throws {
        try await withCall(Pauser()) { peer, headers, _ in
            var bytes = headers
            bytes.writeImmutableBuffer(.data(1, .message([])))
            bytes.writeImmutableBuffer(reset)
            try await peer.send(bytes)
        }
    }

    @Test func `a pause at the end of the input doesn't keep the call`() async throws {
        try await withCall(Pauser(pausesAtEnd: true)) { peer, headers, _ in
            var bytes = headers
            bytes.writeImmutableBuffer(.data(1, .message([]), end: true))
            bytes.writeImmutableBuffer(reset)
            try await peer.send(bytes)
        }
    }
}
