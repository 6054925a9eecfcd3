import NIOCore
import NIOPosix
import Testing

@testable import MarbleFlight

#if os(Linux)
    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    @Suite(.timeLimit(.minutes(5)))
    struct UnpacedSocketTests {
        @Test(arguments: ["bbr", "reno"])
        func `an HTTP/2 connection within the machine isn't paced`(before: String) async throws {
            let (listener, client) = try await connection()
            let after = try await client.eventLoop.submit { () -> String? in
                guard try set(before, on: client) else { return nil }
                let configuration = FlightClientConfiguration(host: "h", port: 1)
                _ = try HTTP2Connection.add(
                    to: client, .client, configuration.http2, handler: FlightConnectionHandler())
                return try congestionControl(of: client)
            }.get()
            // `nil`: this machine's kernel has no such thing, or doesn't allow it.
            if let after { #expect(after == "reno") }
            try await client.close()
            try await listener.close()
        }

        private func connection() async throws -> (listener: any Channel, client: any Channel) {
            let group = MultiThreadedEventLoopGroup.singleton
            let listener = try await ServerBootstrap(group: group)
                .bind(host: "127.0.0.1", port: 0).get()
            let port = try #require(listener.localAddress?.port)
            let client = try await ClientBootstrap(group: group)
                .connect(host: "127.0.0.1", port: port).get()
            return (listener, client)
        }
    }

    /// - Returns: whether the kernel took it.
    private func set(_ name: String, on channel: any Channel) throws -> Bool {
        try withHandle(of: channel) {
            setsockopt($0, CInt(IPPROTO_TCP), TCP_CONGESTION, name, socklen_t(name.utf8.count)) == 0
        }
    }

    private func congestionControl(of channel: any Channel) throws -> String {
        try withHandle(of: channel) { handle in
            var name = [UInt8](repeating: 0, count: 16)
            var byteCount = socklen_t(name.count)
            getsockopt(handle, CInt(IPPROTO_TCP), TCP_CONGESTION, &name, &byteCount)
            return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    private func withHandle<Result>(
        of channel: any Channel, _ body: (NIOBSDSocket.Handle) -> Result
    ) throws -> Result {
        let pipeline = channel.pipeline.syncOperations
        return try #require(
            try pipeline.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { body($0) })
    }
#endif
