import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A connection whose both ends are on one machine isn't paced.
///
/// BBR, which some distributions have as Linux's default, sends by a timer at the rate that it believes the way
/// to have. Within a machine there is no such way, and the timers are a third of what sending costs.
enum UnpacedSocket {
    #if os(Linux)
        /// Every Linux has it, allows it, and doesn't pace with it.
        private static let unpaced = "reno"

        /// - Parameter channel: A connected one, on its event loop.
        static func apply(to channel: any Channel) {
            guard let local = channel.localAddress?.ipAddress,
                local == channel.remoteAddress?.ipAddress
            else { return }
            _ = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self
            ) { handle in
                guard isPaced(handle) else { return }
                _ = setsockopt(
                    handle, CInt(IPPROTO_TCP), TCP_CONGESTION, unpaced,
                    socklen_t(unpaced.utf8.count))
            }
        }

        private static func isPaced(_ handle: NIOBSDSocket.Handle) -> Bool {
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { name in
                var byteCount = socklen_t(name.count)
                let result = getsockopt(
                    handle, CInt(IPPROTO_TCP), TCP_CONGESTION, name.baseAddress, &byteCount)
                return result == 0 && name.prefix(Int(byteCount)).starts(with: "bbr".utf8)
            }
        }
    #else
        static func apply(to channel: any Channel) {}
    #endif
}
