import NIOCore

/// One call of `grpc.reflection.v1.ServerReflection`, or of its equal `v1alpha`: answers each request with
/// descriptors, names, or an error.
///
/// Source: gRPC, `doc/server-reflection.md`.
final class ReflectionCall: FlightStreamDelegate {
    /// Requests that wait until the client has taken answers, the first one last.
    private var waiting: [FlightData] = []
    private var hasInputEnded = false

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        waiting.insert(contentsOf: messages.reversed(), at: 0)
        answer(stream)
    }

    func flightStreamInputEnded(_ stream: FlightStream) {
        hasInputEnded = true
        if waiting.isEmpty { stream.finish() }
    }

    func flightStreamWritabilityChanged(_ stream: FlightStream) {
        answer(stream)
    }

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {
        waiting.removeAll()
    }

    private func answer(_ stream: FlightStream) {
        while stream.isWritable, let request = waiting.popLast()?.appMetadata {
            do throws(FlightError) {
                stream.send(appMetadata: try Self.answer(to: request))
            } catch {
                return stream.finish(error)
            }
        }
        guard waiting.isEmpty else { return stream.pauseReading() }
        stream.resumeReading()
        if hasInputEnded { stream.finish() }
    }

    static func answer(to request: ByteBuffer) throws(FlightError) -> ByteBuffer {
        var answer = ReflectionAnswer()
        var host = ""
        var reader = ProtobufReader(request, type: "ServerReflectionRequest")
        while let field = try reader.nextField() {
            switch field.number {
            case 1: host = try reader.string(field.type)
            case 3:
                let name = try reader.string(field.type)
                answer = ReflectionAnswer(file: .named(name), "file \(name)")
            case 4:
                let name = try reader.string(field.type)
                answer = ReflectionAnswer(file: .defining(name), "symbol \(name)")
            case 5:
                try reader.skip(field.type)
                answer = ReflectionAnswer(.notFound, "the messages here have no extensions")
            case 6: answer = ReflectionAnswer(extensionsOf: try reader.string(field.type))
            case 7:
                try reader.skip(field.type)
                answer = ReflectionAnswer(services: BuiltInMethod.serviceNames)
            default: try reader.skip(field.type)
            }
        }
        var writer = ProtobufWriter()
        writer.string(1, host)
        writer.message(2, request)
        writer.message(answer.field, answer.message)
        return writer.buffer
    }
}

/// The part of a `ServerReflectionResponse` that depends on the question.
private struct ReflectionAnswer {
    let field: UInt64
    let message: ByteBuffer

    /// The question is none that is known.
    init() {
        self.init(.invalidArgument, "the request asks for nothing that is known here")
    }

    init(_ code: FlightStatusCode, _ text: String) {
        var writer = ProtobufWriter()
        writer.unsigned(1, UInt64(code.rawValue))
        writer.string(2, text)
        self.init(field: 7, writer)
    }

    init(file: ProtoFile?, _ what: String) {
        guard let file else {
            self.init(.notFound, "there is no \(what) here")
            return
        }
        var writer = ProtobufWriter()
        for descriptor in file.descriptors() { writer.message(1, descriptor) }
        self.init(field: 4, writer)
    }

    init(extensionsOf type: String) {
        guard ProtoFile.defining(type) != nil else {
            self.init(.notFound, "there is no message \(type) here")
            return
        }
        var writer = ProtobufWriter()
        writer.string(1, type)
        self.init(field: 5, writer)
    }

    init(services: [String]) {
        var list = ProtobufWriter()
        for name in services {
            var service = ProtobufWriter()
            service.string(1, name)
            list.message(1, service.buffer)
        }
        self.init(field: 6, list)
    }

    private init(field: UInt64, _ writer: ProtobufWriter) {
        self.field = field
        message = writer.buffer
    }
}
