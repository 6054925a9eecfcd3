import NIOCore
import NIOHTTP2

/// A call on an HTTP/2 stream.
extension FlightStream: HTTP2StreamUser {
    func frameReceived(_ payload: HTTP2Frame.FramePayload) {
        switch payload {
        case .data(let data):
            guard case .byteBuffer(let chunk) = data.data else { return }
            dataReceived(chunk, endStream: data.endStream)
        case .headers(let headers):
            headersReceived(headers.headers, endStream: headers.endStream)
        default:
            break
        }
    }

    func readCompleted() {
        deliver()
        watchProgress()
    }

    func connectionWritabilityChanged(_ isWritable: Bool) {
        isChannelWritable = isWritable
        updateWritability()
    }

    func streamFailed(_ error: any Error) {
        transportFailed(error)
    }

    func streamEnded() {
        transportEnded()
        acceptor?.callEnded(self)
        acceptor = nil
        channel?.streamEnded(self)
        channel = nil
    }
}
