import NIOCore

/// The frames that leave with the next flush, in one buffer, and who wants to know when they have.
struct HTTP2Output {
    /// A larger buffer isn't kept for the next frames: most connections are idle.
    private static let keptByteCountMax = 2048

    private var bytes = ByteBuffer()
    /// The socket may still have what was taken last.
    private var isTaken = false
    private var promises: [EventLoopPromise<Void>] = []

    /// - Parameter promise: Fulfilled when the socket has what is written now.
    mutating func write<Result>(
        _ promise: EventLoopPromise<Void>? = nil, _ body: (inout ByteBuffer) throws -> Result
    ) rethrows -> Result {
        if isTaken {
            isTaken = false
            bytes.clear()
        }
        if let promise { promises.append(promise) }
        return try body(&bytes)
    }

    /// - Returns: `nil`: nothing has gathered.
    mutating func take(
        on eventLoop: any EventLoop
    ) -> (bytes: ByteBuffer, promise: EventLoopPromise<Void>?)? {
        guard !isTaken, bytes.readableBytes > 0 else { return nil }
        let taken = bytes
        if bytes.capacity > Self.keptByteCountMax {
            bytes = ByteBuffer()
        } else {
            isTaken = true
        }
        return (taken, takePromise(eventLoop))
    }

    private mutating func takePromise(_ eventLoop: any EventLoop) -> EventLoopPromise<Void>? {
        guard promises.count > 1 else { return promises.popLast() }
        let all = promises
        promises.removeAll(keepingCapacity: true)
        let promise = eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { result in
            for promise in all { promise.completeWith(result) }
        }
        return promise
    }
}
