import MarbleJSON
import NIOCore
import NIOHPACK
import NIOHTTP1

/// An action in JSON as a gRPC call: makes the call's frames of a request, and an answer of the frames
/// that come back. A value without a connection, so that every service, with all that is between it and a
/// gRPC client, answers plain HTTP as well.
///
/// Request: `{"type": "…", "body": JSON}`, or `"body_base64"` for other bytes. The type `list_actions` is
/// `ListActions`. Answer: an array with one element for each result, `{"body": JSON}` or
/// `{"body_base64": "…"}`; of `list_actions` `{"type", "description"}`.
struct HTTPActionCall {
    private let method: FlightMethod
    private let request: FlightData
    private let byteCountMax: Int

    private var assembler: MessageAssembler
    private var results: [FlightData] = []
    private var resultByteCount = 0
    private var responseHeaders = HPACKHeaders()
    /// Outer `nil`: the call goes on; inner `nil`: `OK`.
    private var status: FlightError??

    /// - Throws: `invalidArgument` that says what is wrong with the body.
    init(body: ByteBuffer, byteCountMax: Int, budget: BufferBudget) throws(FlightError) {
        let (type, argument) = try Self.parse(body)
        self.byteCountMax = byteCountMax
        assembler = MessageAssembler(messageByteCountMax: byteCountMax, budget: budget)
        if type == "list_actions" {
            method = .listActions
            request = FlightData()
        } else {
            method = .doAction
            request = FlightData(dataHeader: ByteBuffer(string: type), appMetadata: argument)
        }
    }

    private static func parse(_ body: ByteBuffer) throws(FlightError) -> (String, ByteBuffer) {
        let example = #"send for example {"type": "list_actions"}"#
        let subject = "the request's body"
        var type: String?
        var argument: ByteBuffer?
        do throws(JSONError) {
            for (key, text) in try JSONValue.memberTexts(body, subject: subject) {
                switch key {
                case "type":
                    type = try JSONValue(parsing: text, subject: subject).stringValue
                case "body", "body_base64":
                    guard argument == nil else {
                        throw JSONError("\(subject) has both \"body\" and \"body_base64\"")
                    }
                    guard key == "body_base64" else {
                        argument = text
                        continue
                    }
                    let value = try JSONValue(parsing: text, subject: subject)
                    guard let bytes = value.stringValue.flatMap({ Base64.decode($0) }) else {
                        throw JSONError("\"body_base64\" in \(subject) isn't a string of base64")
                    }
                    argument = ByteBuffer(bytes: bytes)
                default:
                    throw JSONError(
                        "\(subject) has the unknown key \"\(key)\"; it may have: type, body,"
                            + " body_base64")
                }
            }
        } catch {
            throw FlightError(.invalidArgument, "\(error.message); \(example)", cause: error)
        }
        guard let type else {
            throw FlightError(
                .invalidArgument, "\(subject) needs the key \"type\", a string; \(example)")
        }
        return (type, argument ?? ByteBuffer())
    }

    // MARK: The call

    /// The request's headers, and its data in pieces, of which the last one ends it.
    func request(_ head: HTTPRequestHead) -> (headers: HPACKHeaders, data: [ByteBuffer]) {
        var headers: HPACKHeaders = [
            ":method": "POST", ":scheme": "http", ":path": method.path,
            ":authority": head.headers.first(name: "host") ?? "localhost",
            "content-type": GRPCHeader.contentType, "te": "trailers",
        ]
        for (name, value) in head.headers {
            let name = name.lowercased()
            guard !Self.isOfTheConnection(name) else { continue }
            headers.add(name: name, value: value)
        }
        var outgoing = OutgoingMessages()
        outgoing.append(request, as: method.requestKind)
        return (headers, outgoing.take())
    }

    /// Headers that are about this connection or this body (RFC 9110, 7.6.1), not about the call.
    private static func isOfTheConnection(_ name: String) -> Bool {
        switch name {
        case "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
            "upgrade", "host", "content-length", "content-type", "content-encoding", "expect",
            "accept", "accept-encoding":
            true
        default:
            // What gRPC says of its own messages isn't for the client of plain HTTP to set.
            name.hasPrefix(":") || (name.hasPrefix("grpc-") && name != GRPCHeader.timeout)
        }
    }

    // MARK: The answer

    /// Whether the call's status is there.
    var isOver: Bool { status != nil }

    /// Takes in the headers or trailers that the call sends back.
    mutating func receive(_ headers: HPACKHeaders, endStream: Bool) {
        guard status == nil else { return }
        if responseHeaders.isEmpty { responseHeaders = headers }
        guard endStream else { return }
        if headers.contains(name: GRPCHeader.status) {
            status = .some(headers.callStatus())
        } else {
            end(headers.responseRefusal() ?? Self.cutOff)
        }
    }

    /// Takes in messages that the call sends back.
    mutating func receive(_ chunk: ByteBuffer) {
        guard status == nil else { return }
        let before = results.count
        if let error = assembler.append(chunk, kind: method.responseKind, messages: &results) {
            return end(error)
        }
        for result in results[before...] { resultByteCount += result.byteCount }
        guard resultByteCount <= byteCountMax else {
            return end(
                FlightError(
                    .resourceExhausted,
                    "the results have more than \(byteCountMax) bytes together, which is the limit"
                        + " over plain HTTP; call do_action with an Arrow Flight client"))
        }
    }

    /// Ends the call without its status.
    mutating func end(_ error: FlightError? = nil) {
        guard status == nil else { return }
        assembler.reset()
        results = []
        status = .some(error ?? Self.cutOff)
    }

    private static let cutOff = FlightError(.internal, "the call was cut off before its status")

    /// The answer once the call is over.
    func answer() -> HTTPAnswer {
        if let error = status ?? Self.cutOff { return adding(to: HTTPAnswer(error)) }
        var writer = JSONWriter()
        do throws(FlightError) {
            switch method {
            case .listActions:
                var types: [FlightActionType] = []
                for data in results {
                    types.append(try FlightActionType(decoding: data.appMetadata))
                }
                writer.array(types) { writer, type in
                    writer.object {
                        $0.member("type", type.type)
                        $0.member("description", type.description)
                    }
                }
            default:
                writer.array(results) { writer, data in
                    writer.object { Self.write(data.appMetadata, to: &$0) }
                }
            }
        } catch {
            return HTTPAnswer(error)
        }
        return adding(to: HTTPAnswer(.ok, contentType: HTTPAnswer.json, body: writer.buffer))
    }

    private static func write(_ body: ByteBuffer, to writer: inout JSONWriter) {
        if (try? JSONValue(parsing: body, subject: "")) != nil {
            writer.key("body")
            writer.json(body)
        } else {
            writer.member(
                "body_base64", Base64.encode(Array(body.readableBytesView), isPadded: true))
        }
    }

    /// Adds the headers that the service has set.
    private func adding(to answer: HTTPAnswer) -> HTTPAnswer {
        var answer = answer
        for (name, value) in FlightMetadata(responseHeaders).entries
        where !Self.isOfTheConnection(name) {
            answer.headers.add(name: name, value: value)
        }
        return answer
    }
}
