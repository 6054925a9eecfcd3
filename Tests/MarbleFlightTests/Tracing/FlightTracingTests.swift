import InMemoryTracing
import MarbleFlight
import NIOConcurrencyHelpers
import NIOCore
import Testing
import Tracing

@Suite(.timeLimit(.minutes(5)))
struct FlightTracingTests {
    /// Records spans in memory, and carries their context as W3C's Trace Context does.
    private struct W3CTracer: Tracer {
        let memory = InMemoryTracer()

        func startSpan<Instant: TracerInstant>(
            _ operationName: String, context: @autoclosure () -> ServiceContext,
            ofKind kind: SpanKind, at instant: @autoclosure () -> Instant, function: String,
            file fileID: String, line: UInt
        ) -> InMemorySpan {
            memory.startSpan(
                operationName, context: context(), ofKind: kind, at: instant(),
                function: function, file: fileID, line: line)
        }

        func forceFlush() {}

        func inject<Carrier, Inject: Injector>(
            _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
        ) where Inject.Carrier == Carrier {
            guard let span = context.inMemorySpanContext else { return }
            // The tracer's identifiers have hyphens, W3C's don't.
            let (trace, own) = (span.traceID, span.spanID)
            let parent = "00-\(trace.replacing("-", with: "."))-\(own.replacing("-", with: "."))-01"
            injector.inject(parent, forKey: "traceparent", into: &carrier)
            injector.inject("vendor=1", forKey: "tracestate", into: &carrier)
        }

        func extract<Carrier, Extract: Extractor>(
            _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
        ) where Extract.Carrier == Carrier {
            guard let parent = extractor.extract(key: "traceparent", from: carrier) else { return }
            let values = [
                InMemoryTracer.traceIDKey: parent.split(separator: "-").dropFirst().first,
                InMemoryTracer.spanIDKey: parent.split(separator: "-").dropFirst(2).first,
            ].compactMapValues { $0?.replacing(".", with: "-") }.mapValues { String($0) }
            memory.extract(values, into: &context, using: DictionaryExtractor())
        }

        struct DictionaryExtractor: Extractor {
            func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
        }
    }

    private func span(_ tracer: W3CTracer, _ kind: SpanKind, _ method: String)
        -> FinishedInMemorySpan?
    {
        tracer.memory.finishedSpans.first {
            $0.kind == kind && $0.operationName.hasSuffix("/\(method)")
        }
    }

    @Test func `a call's spans are one trace, from the task that calls to the service`()
        async throws
    {
        let tracer = W3CTracer()
        let seen = NIOLockedValueBox<String?>(nil)
        try await withTracer(tracer) {
            try await withServer(ContextService(seen: seen)) { _, client in
                let outer = tracer.startSpan("outer")
                try await ServiceContext.withValue(outer.context) {
                    _ = try await client.doAction(FlightAction(type: "x"))
                }
                outer.end()
            }
        }
        let outer = try #require(
            tracer.memory.finishedSpans.first { $0.operationName == "outer" })
        let client = try #require(span(tracer, .client, "DoAction"))
        let server = try #require(span(tracer, .server, "DoAction"))
        #expect(client.operationName == "arrow.flight.protocol.FlightService/DoAction")
        #expect(client.traceID == outer.traceID)
        #expect(client.parentSpanID == outer.spanID)
        #expect(server.traceID == outer.traceID)
        #expect(server.parentSpanID == client.spanID)
        #expect(seen.withLockedValue { $0 } == server.spanID)
        #expect(server.attributes.get("rpc.grpc.status_code") == .int64(0))
        let service = SpanAttribute.string("arrow.flight.protocol.FlightService")
        #expect(server.attributes.get("rpc.service") == service)
        #expect(client.attributes.get("rpc.service") == service)
        #expect(server.attributes.get("rpc.method") == .string("DoAction"))
    }

    @Test func `a failed call's spans say how it failed`() async throws {
        let tracer = W3CTracer()
        try await withTracer(tracer) {
            try await withServer(TestService()) { _, client in
                _ = try? await client.doAction(FlightAction(type: "fail"))
            }
        }
        for kind in [SpanKind.client, .server] {
            let span = try #require(self.span(tracer, kind, "DoAction"))
            #expect(span.status?.code == .error)
            #expect(span.errors.count == 1)
            #expect(span.attributes.get("rpc.grpc.status_code") == .int64(9))
        }
    }

    @Test func `spans of health and reflection have the names of their own services`()
        async throws
    {
        let tracer = W3CTracer()
        try await withTracer(tracer) {
            try await withServer(TestService()) { _, client in
                try await RawPeer.callBuiltInMethods(port: client.configuration.port)
            }
        }
        let names = tracer.memory.finishedSpans.map(\.operationName)
        #expect(
            Set(names) == [
                "grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch",
                "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            ])
        let check = try #require(span(tracer, .server, "Check"))
        #expect(check.attributes.get("rpc.service") == .string("grpc.health.v1.Health"))
        #expect(check.attributes.get("rpc.method") == .string("Check"))
    }

    @Test func `plain HTTP's traceparent is the action's parent`() async throws {
        let tracer = W3CTracer()
        try await withTracer(tracer) {
            try await withServer(TestService()) { _, client in
                let peer = try await RawPeer.connect(port: client.configuration.port)
                try await peer.send(
                    "POST /api/flight/do_action HTTP/1.1\r\nHost: t\r\nConnection: close\r\n"
                        + "Traceparent: 00-abc-def-01\r\nContent-Length: 24\r\n\r\n"
                        + #"{"type": "list_actions"}"#)
                try await eventually("it is answered") { peer.isClosed }
            }
        }
        let server = try #require(span(tracer, .server, "ListActions"))
        #expect(server.traceID == "abc")
        #expect(server.parentSpanID == "def")
    }

    @Test func `a program without a tracer sends no trace`() async throws {
        try await withServer(TestService()) { _, client in
            let action = FlightAction(type: "headers", body: ByteBuffer(string: "traceparent"))
            let results = try await client.doAction(action)
            #expect(results.map { String(buffer: $0.body) } == ["none"])
        }
    }
}

/// Notes the span that its method runs in.
private struct ContextService: FlightService {
    let seen: NIOLockedValueBox<String?>

    func doAction(
        _ action: FlightAction, writer: FlightWriter<FlightResult>, context: FlightCallContext
    ) async throws {
        let span = ServiceContext.current?.inMemorySpanContext?.spanID
        seen.withLockedValue { $0 = span }
    }
}
