import MarbleFlight
import NIOCore
import NIOHPACK
import Testing

/// Plain HTTP over HTTP/2, beside gRPC on the same connection.
@Suite(.timeLimit(.minutes(5)))
struct PlainHTTP2Tests {
    private func request(_ method: String, _ path: String) -> HPACKHeaders {
        [":method": method, ":scheme": "http", ":path": path, ":authority": "test"]
    }

    private func body(_ peer: RawPeer, _ stream: UInt32) -> String {
        peer.frames().filter { $0.type == 0 && $0.stream == stream }
            .map { String(buffer: $0.payload) }.joined()
    }

    private func withPeer(_ body: (RawPeer, FlightServer) async throws -> Void) async throws {
        let page = FlightHTTPResource(path: "/page") {
            FlightHTTPResponse(contentType: "text/plain", body: ByteBuffer(string: "hello"))
        }
        try await withServer(TestService(), serverConfiguration: { $0.resources = [page] }) {
            server, client in
            let peer = try await RawPeer.connect(port: client.configuration.port)
            try await peer.sendPreface()
            try await body(peer, server)
            try await peer.close()
            try await eventually("nothing is open") { server.counters.callsOpen == 0 }
        }
    }

    @Test func `pages, actions and gRPC share a connection`() async throws {
        try await withPeer { peer, server in
            try await peer.send(try peer.headers(1, request("GET", "/page"), end: true))
            var post = try peer.headers(3, request("POST", "/api/flight/do_action"))
            let action = ByteBuffer(string: #"{"type": "echo", "body": [1]}"#)
            post.writeImmutableBuffer(.data(3, action, end: true))
            try await peer.send(post)
            var call = try peer.headers(5, RawPeer.request("ListActions"))
            call.writeImmutableBuffer(.data(5, .message([]), end: true))
            try await peer.send(call)
            try await peer.send(try peer.headers(7, request("HEAD", "/page"), end: true))
            try await peer.send(try peer.headers(9, request("GET", "/nothing"), end: true))
            for stream in [1, 3, 5, 7, 9] as [UInt32] {
                try await eventually("stream \(stream) ends") { peer.hasResponseEnd(stream) }
            }
            #expect(body(peer, 1) == "hello")
            #expect(body(peer, 3) == #"[{"body":[1]}]"#)
            #expect(body(peer, 7).isEmpty)
            #expect(body(peer, 9).contains("NOT_FOUND"))
            #expect(server.counters.callsStarted == 2)
        }
    }

    @Test func `a stream's answer has its status and length`() async throws {
        try await withPeer { peer, _ in
            try await peer.send(try peer.headers(1, request("GET", "/page"), end: true))
            try await eventually("the answer ends") { peer.hasResponseEnd(1) }
            let headers = try #require(try peer.responseHeaders(1).first)
            #expect(headers.first(name: ":status") == "200")
            #expect(headers.first(name: "content-length") == "5")
            #expect(headers.first(name: "connection") == nil)
        }
    }

    @Test func `a stream that is reset has its action cancelled`() async throws {
        try await withPeer { peer, server in
            var post = try peer.headers(1, request("POST", "/api/flight/do_action"))
            let action = ByteBuffer(string: #"{"type": "sleep"}"#)
            post.writeImmutableBuffer(.data(1, action, end: true))
            try await peer.send(post)
            try await eventually("the call is there") { server.counters.callsOpen == 1 }
            var reset = ByteBuffer()
            reset.writeFrame(type: 3, flags: 0, stream: 1, payload: ByteBuffer(integer: UInt32(8)))
            try await peer.send(reset)
            try await eventually("the call is over") { server.counters.callsOpen == 0 }
        }
    }

    @Test(arguments: ["/pa ge", "/page\u{7F}", "/page\tx"])
    func `a path that would divide a request's line resets the stream`(path: String) async throws {
        try await withPeer { peer, _ in
            try await peer.send(try peer.headers(1, request("GET", path), end: true))
            try await eventually("the stream is reset") {
                peer.frames().contains { $0.type == 3 && $0.stream == 1 }
            }
            #expect(!peer.hasResponseEnd(1))
        }
    }
}
