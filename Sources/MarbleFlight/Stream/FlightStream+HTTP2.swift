import NIOCore

/// A call on an HTTP/2 stream.
extension FlightStream: HTTP2StreamUser {
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
