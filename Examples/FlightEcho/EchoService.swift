import MarbleFlight
import NIOConcurrencyHelpers
import NIOCore

/// A Flight server of one's own: it keeps every stream that it is given, message by message, and gives it
/// back. It never looks into Arrow's bytes, so it has every type that its clients have.
///
/// | call | does |
/// |---|---|
/// | `do_put(PATH [name])` | keeps the stream; each batch is acknowledged with its `app_metadata` |
/// | `do_put(PATH ["discard"])` | counts the bytes and keeps nothing |
/// | `do_get(name)` | gives the stream back |
/// | `do_get("repeat COUNT name")` | the same with its last message COUNT times |
/// | `do_exchange` | sends each message back as it comes |
/// | actions | see ``actions`` |
final class EchoService: FlightService {
    private struct State {
        var streams: [String: [FlightData]] = [:]
        var byteCount = 0
        var cancelledCount = 0
    }

    /// What all streams together may have. Bytes.
    private static let byteCountMax = 1 << 30
    private static let actions = [
        FlightActionType(type: "echo", description: "sends back its body"),
        FlightActionType(
            type: "headers", description: "the value of the header that the body names"),
        FlightActionType(type: "many", description: "as many results as the body says"),
        FlightActionType(type: "fail", description: "fails with a message and details"),
        FlightActionType(type: "sleep", description: "takes a minute, unless it is cancelled"),
        FlightActionType(type: "cancelled", description: "how many calls were cancelled so far"),
        FlightActionType(type: "drop", description: "forgets the stream that the body names"),
    ]

    private let state = NIOLockedValueBox(State())

    // MARK: Streams

    func doPut(
        reader: FlightReader<FlightData>, writer: FlightWriter<FlightPutResult>,
        context: FlightCallContext
    ) async throws {
        var name: String?
        var messages: [FlightData] = []
        var byteCount = 0
        do {
            for try await var data in reader {
                if name == nil {
                    guard case .path(let path)? = data.descriptor, let first = path.first else {
                        throw FlightError(.invalidArgument, "put to a path of one name")
                    }
                    name = first
                    data.descriptor = nil
                } else {
                    try await writer.write(FlightPutResult(appMetadata: data.appMetadata))
                }
                byteCount += data.byteCount
                guard name != "discard" else { continue }
                try keep(data.byteCount)
                messages.append(data)
            }
        } catch {
            forget(messages)
            throw error
        }
        guard let name else { throw FlightError(.invalidArgument, "the stream is empty") }
        if name == "discard" {
            let total = ByteBuffer(string: String(byteCount))
            return try await writer.write(FlightPutResult(appMetadata: total))
        }
        let before = state.withLockedValue { $0.streams.updateValue(messages, forKey: name) }
        forget(before ?? [])
    }

    func doGet(
        _ ticket: FlightTicket, writer: FlightWriter<FlightData>, context: FlightCallContext
    ) async throws {
        var name = String(buffer: ticket.bytes)
        var count = 1
        let words = name.split(separator: " ", maxSplits: 2)
        if words.count == 3, words[0] == "repeat", let repeated = Int(words[1]) {
            count = repeated
            name = String(words[2])
        }
        context.addResponseHeader("echo-stream", "here")
        let messages = try stream(name)
        do {
            try await writer.write(contentsOf: messages.dropLast())
            guard let last = messages.last else { return }
            for _ in 0..<count { try await writer.write(last) }
        } catch {
            state.withLockedValue { $0.cancelledCount += 1 }
            throw error
        }
        context.addResponseTrailer("echo-messages", "\(messages.count - 1 + count)")
    }

    func doExchange(
        reader: FlightReader<FlightData>, writer: FlightWriter<FlightData>,
        context: FlightCallContext
    ) async throws {
        for try await var data in reader {
            // C++ begins with a message that has only the descriptor, which would end the answer there.
            if data.descriptor != nil, data.byteCount == 0 { continue }
            data.descriptor = nil
            try await writer.write(data)
        }
    }

    // MARK: Information

    func listFlights(
        _ criteria: FlightCriteria, flights: FlightWriter<FlightInfo>, context: FlightCallContext
    ) async throws {
        let prefix = String(buffer: criteria.expression)
        let names = state.withLockedValue { $0.streams.keys.filter { $0.hasPrefix(prefix) } }
        for name in names.sorted() { try await flights.write(try info(name)) }
    }

    func getFlightInfo(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightInfo {
        try info(try name(descriptor))
    }

    func pollFlightInfo(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightPollInfo {
        FlightPollInfo(info: try info(try name(descriptor)), progress: 1)
    }

    func getSchema(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightSchemaResult {
        FlightSchemaResult(schema: try info(try name(descriptor)).schema)
    }

    private func info(_ name: String) throws(FlightError) -> FlightInfo {
        let messages = try stream(name)
        return FlightInfo(
            schema: messages.first.map { Self.encapsulated($0.dataHeader) } ?? ByteBuffer(),
            descriptor: .path([name]),
            endpoints: [
                FlightEndpoint(ticket: FlightTicket(name), locations: [.reuseConnection])
            ], totalBytes: Int64(messages.reduce(0) { $0 + $1.byteCount }))
    }

    private func name(_ descriptor: FlightDescriptor) throws(FlightError) -> String {
        switch descriptor {
        case .path(let path):
            guard let name = path.first else {
                throw FlightError(.invalidArgument, "an empty path")
            }
            return name
        case .command(let bytes): return String(buffer: bytes)
        }
    }

    /// A bare message as it stands in an IPC stream (Arrow, `Columnar.rst`, "Encapsulated message format").
    private static func encapsulated(_ header: ByteBuffer) -> ByteBuffer {
        let padding = -header.readableBytes & 7
        var message = ByteBuffer()
        message.writeMultipleIntegers(
            UInt32.max, UInt32(header.readableBytes + padding), endianness: .little)
        message.writeImmutableBuffer(header)
        message.writeRepeatingByte(0, count: padding)
        return message
    }

    // MARK: Actions

    func listActions(context: FlightCallContext) async throws -> [FlightActionType] {
        Self.actions
    }

    func doAction(
        _ action: FlightAction, writer: FlightWriter<FlightResult>, context: FlightCallContext
    ) async throws {
        func answer(_ text: String) async throws {
            try await writer.write(FlightResult(body: ByteBuffer(string: text)))
        }
        let body = String(buffer: action.body)
        switch action.type {
        case "echo":
            try await writer.write(FlightResult(body: action.body))
        case "headers":
            context.addResponseHeader("echo-header", "ahead")
            context.addResponseTrailer("echo-trailer", "behind")
            try await answer(context.metadata.first(body) ?? "")
        case "many":
            for number in 0..<(Int(body) ?? 0) { try await answer(String(number)) }
        case "fail":
            throw FlightError(.failedPrecondition, "Grüße, 50 %", details: Array("details".utf8))
        case "sleep":
            do {
                try await Task.sleep(for: .seconds(60))
            } catch {
                state.withLockedValue { $0.cancelledCount += 1 }
                throw error
            }
        case "cancelled":
            try await answer(String(state.withLockedValue { $0.cancelledCount }))
        case "drop":
            forget(state.withLockedValue { $0.streams.removeValue(forKey: body) } ?? [])
        default:
            throw FlightError(.unimplemented, "there is no action \"\(action.type)\"")
        }
    }

    // MARK: Memory

    private func stream(_ name: String) throws(FlightError) -> [FlightData] {
        guard let messages = state.withLockedValue({ $0.streams[name] }) else {
            throw FlightError(.notFound, "there is no stream \"\(name)\"; put one first")
        }
        return messages
    }

    private func keep(_ byteCount: Int) throws(FlightError) {
        let fits = state.withLockedValue { state in
            guard state.byteCount + byteCount <= Self.byteCountMax else { return false }
            state.byteCount += byteCount
            return true
        }
        guard fits else {
            throw FlightError(
                .resourceExhausted,
                "the streams have \(Self.byteCountMax) bytes, which is the limit; drop some")
        }
    }

    private func forget(_ messages: [FlightData]) {
        let byteCount = messages.reduce(0) { $0 + $1.byteCount }
        state.withLockedValue { $0.byteCount -= byteCount }
    }
}
