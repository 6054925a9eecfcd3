public import NIOCore

/// A message that came in, with its sender.
public struct RaftTransportMessage: Sendable {
    /// The endpoint that the sender says it is reached at.
    public var sender: String
    public var bytes: ByteBuffer
}

/// Carries messages between nodes, which know each other by their endpoints (`host:port`).
///
/// Usable on its own for any bytes; `RaftServer` uses it in batches below this interface.
public protocol RaftTransport: Sendable {
    /// Sends a message, and returns when the peer has taken it.
    ///
    /// - Throws: `RaftError` with code `.transport`, which names the peer, the cause, and what to
    ///   check; the message may have arrived nevertheless.
    func send(_ message: ByteBuffer, to endpoint: String) async throws
    /// The messages that come in, in each sender's order. Every message goes to one reader.
    var messages: RaftTransportMessages { get }
    /// The next message if there is one; never waits.
    func receive() -> RaftTransportMessage?
    /// Makes sure that the peer can be reached, by a connection that later messages use.
    func connect(to endpoint: String) async throws
    /// Closes the connection to a peer, if there is one.
    func disconnect(from endpoint: String) async
}

/// Messages as they come in, for `for await`.
public struct RaftTransportMessages: AsyncSequence, Sendable {
    let inbox: TransportInbox

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(inbox: inbox) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let inbox: TransportInbox

        /// The next message; nil when the transport has stopped, or the task is cancelled.
        public mutating func next() async -> RaftTransportMessage? { await inbox.next() }

        /// The same, for generic code.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(Never) -> RaftTransportMessage? {
            await inbox.next()
        }
    }
}
