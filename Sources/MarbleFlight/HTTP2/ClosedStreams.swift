import DequeModule
import NIOHTTP2

/// The streams that ended last: what a peer may still send on them depends on how they ended.
struct ClosedStreams {
    enum Kind {
        /// By this side: what the peer had sent before it knew is ignored.
        case reset
        /// By the peer: nothing more may come.
        case ended
        /// Long ago, or never open.
        case forgotten
    }

    private let countMax: Int
    private var streams: Deque<(id: HTTP2StreamID, isReset: Bool)> = []

    init(countMax: Int) {
        self.countMax = countMax
    }

    mutating func insert(_ id: HTTP2StreamID, isReset: Bool) {
        if streams.count == countMax { streams.removeFirst() }
        streams.append((id, isReset))
    }

    func kind(of id: HTTP2StreamID) -> Kind {
        guard let stream = streams.last(where: { $0.id == id }) else { return .forgotten }
        return stream.isReset ? .reset : .ended
    }
}
