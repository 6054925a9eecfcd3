import MarbleFlight
import MarbleJSON
import NIOConcurrencyHelpers
import NIOCore
import Testing

/// Plain HTTP/1.1 at the port of a Flight server, byte for byte.
@Suite(.timeLimit(.minutes(5)))
struct PlainHTTPTests {
    /// Runs `body` with a connection to a server that has two pages.
    private func withPeer(
        _ configure: (inout FlightServerConfiguration) -> Void = { _ in },
        _ body: (RawPeer, FlightServer) async throws -> Void
    ) async throws {
        let pages = [
            FlightHTTPResource(path: "/page") {
                FlightHTTPResponse(contentType: "text/plain", body: ByteBuffer(string: "hello"))
            },
            FlightHTTPResource(path: "/big") {
                FlightHTTPResponse(body: ByteBuffer(repeating: 0x20, count: 1 << 20))
            },
        ]
        try await withServer(
            TestService(),
            serverConfiguration: {
                $0.resources = pages
                configure(&$0)
            }
        ) { server, client in
            let peer = try await RawPeer.connect(port: client.configuration.port)
            try await body(peer, server)
            try await peer.close()
            let results = try await client.doAction(
                FlightAction(type: "echo", body: ByteBuffer(string: "alive")))
            #expect(results.map { String(buffer: $0.body) } == ["alive"])
            try await eventually("no call is open") { server.counters.callsOpen == 0 }
            #expect(server.counters.partialMessageByteCount == 0)
        }
    }

    private func post(
        _ body: String, headers: [String] = ["Content-Type: application/json"],
        closing: Bool = true
    ) -> String {
        var lines = ["POST /api/flight/do_action HTTP/1.1", "Host: test"] + headers
        lines.append("Content-Length: \(body.utf8.count)")
        if closing { lines.append("Connection: close") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    /// Sends and waits for the end of the connection.
    private func exchange(_ peer: RawPeer, _ request: String) async throws -> Response {
        try await peer.send(request)
        try await eventually("the answer ends") { peer.isClosed }
        return Response(peer.text)
    }

    private struct Response {
        var status: Int
        var head: String
        var body: String
        var json: JSONValue? {
            try? JSONValue(parsing: ByteBuffer(string: body), subject: "the answer")
        }
        var code: String? { json?["error"]?["code"]?.stringValue }

        init(_ text: String) {
            let parts = text.split(
                separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
            head = parts.first.map { String($0).lowercased() } ?? ""
            body = parts.count > 1 ? String(parts[1]) : ""
            status = Int(head.dropFirst(9).prefix(3)) ?? 0
        }
    }

    @Test(arguments: [
        ["Content-Type: application/json"], [],
        ["Content-Type: application/x-www-form-urlencoded"],
    ])
    func `actions are listed, whatever the body is called`(headers: [String]) async throws {
        try await withPeer { peer, _ in
            let request = post(#"{"type": "list_actions"}"#, headers: headers)
            let answer = try await exchange(peer, request)
            #expect(answer.status == 200)
            #expect(answer.head.contains("content-type: application/json"))
            let types = answer.json?.arrayValue?.map { $0["type"]?.stringValue }
            #expect(types == ["echo", "sleep"])
        }
    }

    @Test(arguments: [
        (#"{"type": "echo", "body": {"a": [1, 2.50, "x"]}}"#, #"[{"body":{"a": [1, 2.50, "x"]}}]"#),
        (#"{"type": "echo", "body": "text"}"#, #"[{"body":"text"}]"#),
        (#"{"type": "echo", "body_base64": "AAECAw=="}"#, #"[{"body_base64":"AAECAw=="}]"#),
        (#"{"body_base64": "eyJhIjoxfQ", "type": "echo"}"#, #"[{"body":{"a":1}}]"#),
        (#"{"type": "echo"}"#, #"[{"body_base64":""}]"#),
    ])
    func `a body goes in and out as JSON or base64`(request: String, answer: String) async throws {
        try await withPeer { peer, _ in
            let response = try await exchange(peer, post(request))
            #expect(response.status == 200)
            #expect(response.body == answer)
        }
    }

    @Test func `headers reach the service and come from it`() async throws {
        try await withPeer { peer, _ in
            let request = post(
                #"{"type": "headers", "body_base64": "YXV0aG9yaXphdGlvbg"}"#,
                headers: ["Authorization: Bearer x", "grpc-encoding: gzip"])
            let answer = try await exchange(peer, request)
            #expect(answer.body == #"[{"body_base64":"QmVhcmVyIHg="}]"#)
            #expect(answer.head.contains("x-answer: head"))
        }
    }

    @Test func `a service's error has its code, its message and a fitting status`() async throws {
        try await withPeer { peer, _ in
            let answer = try await exchange(peer, post(#"{"type": "fail"}"#))
            #expect(answer.status == 400)
            #expect(answer.code == "FAILED_PRECONDITION")
            #expect(answer.json?["error"]?["message"] == .string("Grüße, 50 % \n"))
            #expect(answer.json?["error"]?["details_base64"] == .string("AQL/"))
        }
    }

    @Test(arguments: [
        "", "{", "[]", "null", #"{"type": 1}"#, #"{"body": 1}"#, #"{"type": "echo", "bdy": 1}"#,
        #"{"type": "echo", "body_base64": "*"}"#,
        #"{"type": "echo", "body": 1, "body_base64": ""}"#, "type=list_actions",
    ])
    func `a body that makes no sense is an invalid argument`(body: String) async throws {
        try await withPeer { peer, server in
            let answer = try await exchange(peer, post(body))
            #expect(answer.status == 400)
            #expect(answer.code == "INVALID_ARGUMENT")
            #expect(server.counters.callsStarted == 0)
        }
    }

    @Test func `a chunked body is put together`() async throws {
        try await withPeer { peer, _ in
            try await peer.send(
                "POST /api/flight/do_action HTTP/1.1\r\nHost: t\r\nConnection: close\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n9\r\n{\"type\": \r\n")
            let answer = try await exchange(peer, "e\r\n\"list_actions\"\r\n1\r\n}\r\n0\r\n\r\n")
            #expect(answer.status == 200)
        }
    }

    @Test func `requests on one connection are answered in order`() async throws {
        try await withPeer { peer, server in
            var burst = ""
            for number in 0..<500 {
                burst += post(#"{"type": "echo", "body": \#(number)}"#, closing: false)
                burst += "GET /none\(number) HTTP/1.1\r\nHost: t\r\n\r\n"
            }
            burst += "GET /page HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
            let all = try await exchange(peer, burst)
            #expect(all.body.hasSuffix("hello"))
            let found = peer.text.matches(of: /\{"body":(\d+)\}/).map { Int($0.1) }
            #expect(found == (0..<500).map { $0 })
            #expect(peer.text.matches(of: /HTTP\/1\.1 404/).count == 500)
            #expect(server.counters.connectionsAccepted == 1)
        }
    }

    @Test func `a client that doesn't read holds one answer at a time`() async throws {
        try await withPeer({ $0.httpTimeout = .seconds(2) }) { peer, server in
            try await peer.pauseReading()
            let request = "GET /big HTTP/1.1\r\nHost: t\r\n\r\n"
            try await peer.send(String(repeating: request, count: 200))
            try await eventually("it is given up") {
                server.counters.connectionsAccepted == 1 && server.counters.connectionsOpen == 0
            }
        }
    }

    @Test(arguments: [
        ("GET /page HTTP/1.1\r\nHost: t\r\n", 200, "content-length: 5"),
        ("GET /page?a=b HTTP/1.1\r\nHost: t\r\n", 200, "text/plain"),
        ("GET http://t/page HTTP/1.1\r\nHost: t\r\n", 200, "text/plain"),
        ("GET /page HTTP/1.0\r\n", 200, "connection: close"),
        ("HEAD /page HTTP/1.1\r\nHost: t\r\n", 200, "content-length: 5"),
        ("GET /page HTTP/1.1\r\n", 400, ""),
        ("GET /nothing HTTP/1.1\r\nHost: t\r\n", 404, ""),
        ("GET / HTTP/1.1\r\nHost: t\r\n", 404, ""),
        ("POST /page HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n", 405, "allow: get, head"),
        ("GET /api/flight/do_action HTTP/1.1\r\nHost: t\r\n", 405, "allow: post"),
        ("OPTIONS /page HTTP/1.1\r\nHost: t\r\n", 405, "allow: get, head"),
        (
            "POST /api/flight/do_action HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999\r\n",
            413, "connection: close"
        ),
        (
            "POST /api/flight/do_action HTTP/1.1\r\nHost: t\r\nOrigin: http://evil\r\n"
                + "Content-Length: 0\r\n", 403, ""
        ),
        (
            "POST /api/flight/do_action HTTP/1.1\r\nHost: 127.0.0.1:1\r\n"
                + "Origin: http://127.0.0.1:1\r\nContent-Length: 0\r\n", 400, ""
        ),
        (
            "GET /page HTTP/1.1\r\nHost: t\r\nX: \(String(repeating: "x", count: 20_000))\r\n", 431,
            ""
        ),
        ("GET /page HTTP/1.1\r\nHost: t\r\nno colon\r\n", 400, ""),
        ("GET /page HTTP/9.9\r\nHost: t\r\n", 400, ""),
    ])
    func `a request gets the status that fits`(
        head: String, status: Int, part: String
    ) async throws {
        try await withPeer { peer, _ in
            let answer = try await exchange(peer, head + "Connection: close\r\n\r\n")
            #expect(answer.status == status)
            #expect(answer.head.contains(part))
            if head.hasPrefix("HEAD") { #expect(answer.body.isEmpty) }
            if status >= 400 { #expect(answer.code != nil) }
        }
    }

    @Test(arguments: [
        "GET /page HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        "CONNECT t:1 HTTP/1.1\r\nHost: t\r\n\r\n",
    ])
    func `a request for another protocol is the connection's last`(request: String) async throws {
        try await withPeer { peer, _ in
            let answer = try await exchange(peer, request)
            #expect(answer.head.contains("connection: close"))
            #expect(answer.status == (request.hasPrefix("GET") ? 200 : 404))
        }
    }

    @Test func `a body over the limit is refused, though nobody said its length`() async throws {
        try await withPeer({ $0.httpBodyByteCountMax = 100_000 }) { peer, _ in
            try await peer.send(
                "POST /api/flight/do_action HTTP/1.1\r\nHost: t\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n")
            let chunk = "2710\r\n" + String(repeating: "x", count: 10_000) + "\r\n"
            for _ in 0..<20 where !peer.isClosed { try? await peer.send(chunk) }
            try await eventually("the answer ends") { peer.isClosed }
            #expect(Response(peer.text).status == 413)
        }
    }

    @Test func `results over the limit are refused`() async throws {
        try await withPeer({ $0.httpBodyByteCountMax = 1000 }) { peer, _ in
            let answer = try await exchange(peer, post(#"{"type": "many"}"#))
            #expect(answer.status == 429)
            #expect(answer.code == "RESOURCE_EXHAUSTED")
        }
    }

    @Test func `a client that waits for 100-continue is told to go on, or why not`() async throws {
        let body = #"{"type": "list_actions"}"#
        let head = "Host: t\r\nExpect: 100-continue\r\nConnection: close\r\n"
        try await withPeer { peer, _ in
            try await peer.send(
                "POST /api/flight/do_action HTTP/1.1\r\n\(head)Content-Length: \(body.count)\r\n\r\n"
            )
            try await eventually("it may go on") { peer.text.contains("100 Continue") }
            _ = try await exchange(peer, body)
            #expect(peer.text.contains("HTTP/1.1 200 OK"))
        }
        try await withPeer { peer, _ in
            let answer = try await exchange(
                peer, "POST /nothing HTTP/1.1\r\n\(head)Content-Length: 10\r\n\r\n")
            #expect(answer.status == 404)
        }
    }

    @Test func `a body that trickles is refused after the timeout`() async throws {
        try await withPeer({ $0.httpTimeout = .milliseconds(300) }) { peer, _ in
            let answer = try await exchange(
                peer, "POST /api/flight/do_action HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\n{"
            )
            #expect(answer.status == 408)
        }
    }

    @Test func `a head that trickles ends the connection after the timeout`() async throws {
        try await withPeer({ $0.handshakeTimeout = .seconds(2) }) { peer, _ in
            // On a busy machine the time may be over by now.
            try? await peer.send("GET /page HTTP/1.1\r\nHo")
            try await eventually("the connection is closed") { peer.isClosed }
        }
    }

    @Test func `an idle connection is closed`() async throws {
        try await withPeer({ $0.httpIdleTimeout = .milliseconds(300) }) { peer, _ in
            let answer = try await exchange(peer, "GET /page HTTP/1.1\r\nHost: t\r\n\r\n")
            #expect(answer.body == "hello")
        }
    }

    @Test func `a client that has closed its side gets its answer`() async throws {
        try await withPeer { peer, _ in
            try await peer.send(post(#"{"type": "list_actions"}"#, closing: false))
            try await peer.closeOutput()
            try await eventually("the answer ends") { peer.isClosed }
            #expect(Response(peer.text).status == 200)
        }
    }

    @Test func `half a request that ends is no request`() async throws {
        try await withPeer { peer, server in
            try await peer.send("POST /api/flight/do_action HTTP/1.1\r\nHost: t\r\nConte")
            try await peer.closeOutput()
            try await eventually("the connection is closed") { peer.isClosed }
            #expect(server.counters.callsStarted == 0)
        }
    }

    @Test func `a shutdown lets the answer out and closes what is idle`() async throws {
        try await withServer(TestService()) { server, client in
            let peer = try await RawPeer.connect(port: client.configuration.port)
            let idle = try await RawPeer.connect(port: client.configuration.port)
            try await idle.send(post(#"{"type": "list_actions"}"#, closing: false))
            try await eventually("it is answered") { idle.text.hasSuffix("]") }
            try await peer.send(
                "POST /api/flight/do_action HTTP/1.1\r\nHost: t\r\nContent-Length: 24\r\n\r\n{")
            // The first bytes are with the server once they are answered for.
            try await eventually("the request has begun") {
                server.counters.partialMessageByteCount > 0
            }
            async let shutdown: Void = server.shutdown(gracefully: .seconds(60))
            try await eventually("the idle connection is closed") { idle.isClosed }
            try await peer.send(#""type": "list_actions"}"#)
            try await eventually("the answer ends") { peer.isClosed }
            #expect(Response(peer.text).status == 200)
            #expect(Response(peer.text).head.contains("connection: close"))
            await shutdown
        }
    }

    @Test func `a shutdown cuts off an action after its grace period`() async throws {
        let service = TestService()
        try await withServer(service) { server, client in
            let peer = try await RawPeer.connect(port: client.configuration.port)
            try await peer.send(post(#"{"type": "sleep"}"#, closing: false))
            try await eventually("the call is there") { server.counters.callsOpen == 1 }
            await server.shutdown(gracefully: .milliseconds(100))
            try await eventually("the connection is closed") { peer.isClosed }
            #expect(Response(peer.text).status == 500)
            try await eventually("its task is cancelled") {
                service.seen.withLockedValue { $0.cancelledCalls } == 1
            }
        }
    }

    @Test func `a deadline ends an action`() async throws {
        try await withPeer { peer, _ in
            let answer = try await exchange(
                peer, post(#"{"type": "sleep"}"#, headers: ["grpc-timeout: 200m"]))
            #expect(answer.status == 504)
            #expect(answer.code == "DEADLINE_EXCEEDED")
        }
    }

    @Test func `a client that vanishes has its action cancelled`() async throws {
        try await withPeer { peer, server in
            try await peer.send(post(#"{"type": "sleep"}"#, closing: false))
            try await eventually("the call is there") { server.counters.callsOpen == 1 }
            try await peer.reset()
            try await eventually("the call is over") { server.counters.callsOpen == 0 }
        }
    }

    @Test(
        arguments: [
            ("GET /open", nil, 200), ("GET /closed", nil, 401), ("GET /closed", "r", 200),
            ("GET /closed", "wrong", 401), ("GET /secret", "r", 403), ("GET /secret", "a", 200),
            ("POST", nil, 401), ("POST", "r", 200), ("POST", "wrong", 401),
        ] as [(String, String?, Int)])
    func `pages and actions ask who wants them`(
        request: String, token: String?, status: Int
    ) async throws {
        let pages = [("/open", nil), ("/closed", .reader), ("/secret", .admin)]
            .map { (path: String, role: FlightRole?) in
                FlightHTTPResource(path: path, requiredRole: role) {
                    FlightHTTPResponse(body: ByteBuffer(string: "{}"))
                }
            }
        try await withServer(
            TestService(),
            serverConfiguration: {
                $0.resources = pages
                $0.authenticator = TestAuthenticator()
            }
        ) { _, client in
            let peer = try await RawPeer.connect(port: client.configuration.port)
            let headers = token.map { ["Authorization: Bearer \($0)"] } ?? []
            let answer =
                request == "POST"
                ? try await exchange(peer, post(#"{"type": "list_actions"}"#, headers: headers))
                : try await exchange(
                    peer,
                    (["\(request) HTTP/1.1", "Host: t", "Connection: close"] + headers)
                        .joined(separator: "\r\n") + "\r\n\r\n")
            #expect(answer.status == status)
            if status == 401 { #expect(answer.head.contains("www-authenticate: bearer")) }
        }
    }
}
