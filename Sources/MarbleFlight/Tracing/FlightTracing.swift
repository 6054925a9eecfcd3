import NIOHPACK
import Tracing

/// Makes spans of calls for the program's tracer, and carries their context across in the calls' headers (of
/// a W3C tracer: `traceparent` and `tracestate`).
struct FlightTracing: Sendable {
    private let instrument: any Instrument
    private let tracer: any Tracer

    /// - Returns: `nil` where the program has no tracer: calls then cost nothing here.
    init?() {
        let instrument = InstrumentationSystem.instrument
        guard !(instrument is NoOpInstrument), !(instrument is NoOpTracer) else { return nil }
        self.instrument = instrument
        tracer = InstrumentationSystem.tracer
    }

    /// Starts the span of a call that this side makes, below the span of the task that makes it.
    func startCall(
        _ method: FlightMethod, to peer: String, _ headers: inout HPACKHeaders
    ) -> any Span {
        let span = tracer.startSpan(method.fullName, ofKind: .client)
        describe(span, method.fullName)
        span.attributes["server.address"] = peer
        instrument.inject(span.context, into: &headers, using: HeaderInjector())
        return span
    }

    /// Starts the span of a call that has come in, below the one that its headers name.
    /// - Parameter fullName: service and method, with a slash between them.
    func startCall(
        _ fullName: String, from peer: String, _ headers: HPACKHeaders
    ) -> any Span {
        var context = ServiceContext.topLevel
        instrument.extract(headers, into: &context, using: HeaderExtractor())
        let span = tracer.startSpan(fullName, context: context, ofKind: .server)
        describe(span, fullName)
        span.attributes["client.address"] = peer
        return span
    }

    /// OpenTelemetry, "Semantic conventions for gRPC".
    private func describe(_ span: any Span, _ fullName: String) {
        let names = fullName.split(separator: "/").map(String.init)
        span.attributes["rpc.system"] = "grpc"
        span.attributes["rpc.service"] = names.first
        span.attributes["rpc.method"] = names.last
    }

    private struct HeaderInjector: Injector {
        func inject(_ value: String, forKey key: String, into headers: inout HPACKHeaders) {
            headers.replaceOrAdd(name: key.lowercased(), value: value)
        }
    }

    private struct HeaderExtractor: Extractor {
        func extract(key: String, from headers: HPACKHeaders) -> String? {
            let values = headers[key]
            // Lists that are split over headers, as tracestate may be, are one (RFC 9110, 5.3).
            return values.isEmpty ? nil : values.joined(separator: ",")
        }
    }
}

extension FlightMethod {
    /// Service and method, with a slash between them.
    var fullName: String { String(path.dropFirst()) }
}

extension Span {
    /// Ends a call's span with its status.
    func end(_ error: FlightError?) {
        attributes["rpc.grpc.status_code"] = Int64((error?.code ?? .ok).rawValue)
        if let error {
            recordError(error)
            setStatus(SpanStatus(code: .error, message: error.message))
        }
        end()
    }
}
