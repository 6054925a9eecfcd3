import NIOHTTP1

/// Why a request isn't let in.
struct HTTPRefusal: Error {
    var answer: HTTPAnswer

    /// - Returns: the route of a request that is fine as far as its head says.
    static func check(
        _ head: HTTPRequestHead, _ routes: HTTPRoutes, isHTTP2: Bool
    ) throws(HTTPRefusal) -> HTTPRoute {
        if !isHTTP2, head.version == .http1_1, head.headers["host"].count != 1 {
            let error = FlightError(.invalidArgument, "an HTTP/1.1 request needs one Host header")
            throw HTTPRefusal(answer: HTTPAnswer(error))
        }
        let route: HTTPRoute
        do {
            route = try routes.route(of: head.uri)
        } catch {
            throw HTTPRefusal(answer: HTTPAnswer(error))
        }
        guard route.allows(head.method) else {
            let error = FlightError(
                .unimplemented, "\(head.uri.prefix(128)) takes \(route.methods) only")
            var answer = HTTPAnswer(error, status: .methodNotAllowed)
            answer.headers.add(name: "allow", value: route.methods)
            throw HTTPRefusal(answer: answer)
        }
        try checkOrigin(head)
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }),
            length > routes.bodyByteCountMax
        {
            throw tooLarge(routes.bodyByteCountMax)
        }
        if let encoding = head.headers.first(name: "content-encoding"), encoding != "identity" {
            let error = FlightError(
                .unimplemented, "a body in content-encoding \(encoding) isn't taken; send it plain")
            throw HTTPRefusal(answer: HTTPAnswer(error, status: .unsupportedMediaType))
        }
        return route
    }

    /// A web page that a person happens to visit mustn't reach the databases of their network through the
    /// browser. Browsers say which page a request is from.
    private static func checkOrigin(_ head: HTTPRequestHead) throws(HTTPRefusal) {
        guard head.method == .POST, let origin = head.headers.first(name: "origin") else { return }
        let host = head.headers.first(name: "host") ?? ""
        guard origin != "http://\(host)", origin != "https://\(host)" else { return }
        let error = FlightError(
            .permissionDenied, "requests of web pages from elsewhere (\(origin)) aren't taken")
        throw HTTPRefusal(answer: HTTPAnswer(error))
    }

    static func tooLarge(_ byteCountMax: Int) -> HTTPRefusal {
        let error = FlightError(
            .resourceExhausted,
            "the request's body has more than \(byteCountMax) bytes, which is the limit over plain"
                + " HTTP; send it with an Arrow Flight client")
        return HTTPRefusal(answer: HTTPAnswer(error, status: .payloadTooLarge))
    }

    static func unreadable(_ error: HTTPParserError) -> HTTPRefusal {
        guard error == .headerOverflow else {
            let error = FlightError(
                .invalidArgument, "this isn't an HTTP request: \(error)", cause: error)
            return HTTPRefusal(answer: HTTPAnswer(error))
        }
        let error = FlightError(
            .resourceExhausted, "the request's headers are over the limit; send fewer",
            cause: error)
        return HTTPRefusal(answer: HTTPAnswer(error, status: .requestHeaderFieldsTooLarge))
    }
}
