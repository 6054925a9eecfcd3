import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// When the operating system asks a silent TCP peer for a sign of life, so that a connection whose other
/// end is gone without a word (power, network, firewall) is noticed without a call on it.
public struct FlightTCPKeepalive: Sendable, Hashable {
    /// How long a connection is silent before the first question. Whole seconds (`TCP_KEEPIDLE`).
    public var idle: Duration
    /// How long between questions. Whole seconds (`TCP_KEEPINTVL`).
    public var interval: Duration
    /// How many go unanswered before the connection is given up (`TCP_KEEPCNT`).
    public var probeCount: Int

    /// Makes a setting.
    public init(
        idle: Duration = .seconds(60), interval: Duration = .seconds(10), probeCount: Int = 3
    ) {
        self.idle = idle
        self.interval = interval
        self.probeCount = probeCount
    }

    /// The socket options to set, with their values.
    var options: [(ChannelOptions.Types.SocketOption, SocketOptionValue)] {
        #if canImport(Darwin)
            let idleOption = TCP_KEEPALIVE
        #else
            let idleOption = TCP_KEEPIDLE
        #endif
        return [
            (.init(level: .socket, name: .so_keepalive), 1),
            (.tcp(idleOption), Self.seconds(idle)),
            (.tcp(TCP_KEEPINTVL), Self.seconds(interval)),
            (.tcp(TCP_KEEPCNT), SocketOptionValue(clamping: max(probeCount, 1))),
        ]
    }

    private static func seconds(_ duration: Duration) -> SocketOptionValue {
        SocketOptionValue(clamping: max(duration.components.seconds, 1))
    }
}

extension ChannelOptions.Types.SocketOption {
    fileprivate static func tcp(_ name: CInt) -> Self {
        Self(level: .tcp, name: NIOBSDSocket.Option(rawValue: name))
    }
}
