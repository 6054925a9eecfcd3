import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Opens the sockets that a server listens on.
struct ServerListeners {
    let bootstrap: ServerBootstrap
    let host: String
    let port: Int

    /// How often a free port of IPv4 is given back because IPv6 has it in use.
    private static let freePortAttemptsMax = 16

    func bind() async throws(FlightError) -> [any Channel] {
        guard host.lowercased() == "localhost" else { return [try await bind(host, port)] }
        for _ in 1..<Self.freePortAttemptsMax {
            if let listeners = try await bindLoopback() { return listeners }
        }
        throw FlightError(.unavailable, "found no port that is free on both 127.0.0.1 and ::1")
    }

    /// Both loopback addresses on one port, since clients resolve `localhost` to either.
    /// - Returns: `nil` when the free port chosen for one is taken on the other.
    private func bindLoopback() async throws(FlightError) -> [any Channel]? {
        let first = try await bind("127.0.0.1", port)
        do {
            let second = try await bootstrap.bind(
                host: "::1", port: first.localAddress?.port ?? port
            ).get()
            return [first, second]
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            try? await first.close()
            if port == 0 { return nil }
            throw failure("::1", error)
        } catch {
            // A machine without IPv6.
            return [first]
        }
    }

    private func bind(_ host: String, _ port: Int) async throws(FlightError) -> any Channel {
        do {
            return try await bootstrap.bind(host: host, port: port).get()
        } catch {
            throw failure(host, error)
        }
    }

    private func failure(_ host: String, _ error: any Error) -> FlightError {
        let place = "\(host):\(port)"
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE:
            return FlightError(
                .unavailable,
                "can't listen on \(place): the port is already in use by another process; stop that "
                    + "process or choose another port", cause: error)
        case EACCES, EPERM:
            return FlightError(
                .permissionDenied,
                "can't listen on \(place): this user may not use the port; choose one over 1023",
                cause: error)
        case EADDRNOTAVAIL:
            return FlightError(
                .invalidArgument,
                "can't listen on \(place): this machine doesn't have the address; use one of its "
                    + "own, or 0.0.0.0 for all", cause: error)
        default:
            return FlightError(
                .unavailable,
                "can't listen on \(place): \(error); check the host name and the port",
                cause: error)
        }
    }
}
