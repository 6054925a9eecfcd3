import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why no connection came about, by kind and in words.
struct ConnectionFailure: Sendable {
    var problem: FlightClientHealth.Problem
    var error: FlightError

    /// - Parameter reason: What happened, and what to check.
    init(
        _ problem: FlightClientHealth.Problem, to peer: String, _ reason: String,
        cause: (any Error)? = nil
    ) {
        self.problem = problem
        self.error = FlightError(
            .unavailable, "can't connect to \(peer): \(reason)", cause: cause)
        self.error.reach = .nowhere
    }

    /// What the operating system, the resolver or TLS said.
    init(to peer: String, within timeout: Duration, _ error: any Error) {
        switch error {
        case ChannelError.connectTimeout:
            self = .noAnswer(from: peer, within: timeout, cause: error)
        case let error as NIOConnectionError:
            self.init(to: peer, within: timeout, error)
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            let words = TLSFailure(error)?.description ?? "\(error)"
            self.init(.tls, to: peer, "the TLS handshake failed: \(words)", cause: error)
        case is HTTP2ConnectionError:
            self.init(
                .notFlight, to: peer, "what it answers isn't HTTP/2; " + Self.silentPeerAdvice,
                cause: error)
        default:
            self.init(to: peer, system: error, cause: error)
        }
    }

    /// The client's own certificates can't be used.
    init(unusableTLS error: any Error, to peer: String) {
        let words = (error as? FlightError)?.message ?? "\(error)"
        self.init(.tls, to: peer, words, cause: error)
    }

    private init(to peer: String, within timeout: Duration, _ error: NIOConnectionError) {
        if let failure = error.connectionErrors.first {
            if case .connectTimeout? = failure.error as? ChannelError {
                self = .noAnswer(from: peer, within: timeout, cause: error)
            } else {
                self.init(to: peer, system: failure.error, cause: error)
            }
        } else if let cause = error.dnsAAAAError ?? error.dnsAError {
            self.init(
                .unresolved, to: peer,
                "the name can't be resolved (\(cause)); check the host name", cause: error)
        } else {
            self.init(to: peer, system: error, cause: error)
        }
    }

    private init(to peer: String, system error: any Error, cause: any Error) {
        let network = "check the address, the network and its firewalls"
        switch (error as? IOError)?.errnoCode {
        case ECONNREFUSED:
            self.init(
                .refused, to: peer,
                "connection refused; check that the server runs, and the address", cause: cause)
        case ECONNRESET, EPIPE:
            self.init(
                .notFlight, to: peer, "connection reset; " + Self.silentPeerAdvice, cause: cause)
        case ENETUNREACH:
            self.init(.unreachable, to: peer, "no route to the network; \(network)", cause: cause)
        case EHOSTUNREACH:
            self.init(.unreachable, to: peer, "no route to the host; \(network)", cause: cause)
        case ETIMEDOUT:
            self.init(.timeout, to: peer, "no answer; \(network)", cause: cause)
        default:
            self.init(
                .other, to: peer, "\(error); check that the server runs, and the address",
                cause: cause)
        }
    }

    static func noAnswer(
        from peer: String, within timeout: Duration, cause: (any Error)? = nil
    ) -> ConnectionFailure {
        ConnectionFailure(
            .timeout, to: peer,
            "no answer within \(timeout); check the address, the network and its firewalls",
            cause: cause)
    }

    /// The peer took the connection, and has said nothing since.
    static func silence(of peer: String, for timeout: Duration) -> ConnectionFailure {
        ConnectionFailure(
            .timeout, to: peer,
            "it took the connection, but said nothing within \(timeout); " + silentPeerAdvice)
    }

    static func closed(by peer: String, cause: (any Error)?) -> ConnectionFailure {
        ConnectionFailure(
            .notFlight, to: peer,
            "it closed the connection before it had said anything; " + silentPeerAdvice,
            cause: cause)
    }

    private static let silentPeerAdvice =
        "check that it is a Flight server, whether it wants TLS, and whether it has too many clients"
}

extension FlightError {
    static var clientClosed: FlightError {
        FlightError(.cancelled, "the client was closed; make another one")
    }

    /// A call that was made in the pause after several failures.
    static func notTriedAgainYet(
        _ peer: String, for pause: TimeAmount, after failureCount: Int, _ last: FlightError?
    ) -> FlightError {
        let milliseconds = max(pause.nanoseconds / 1_000_000, 1)
        var error = FlightError(
            .unavailable,
            "\(last?.message ?? "can't connect to \(peer)") (\(failureCount) attempts failed; the "
                + "next call that is made after \(milliseconds) ms tries again)", cause: last?.cause
        )
        error.reach = .nowhere
        return error
    }
}
