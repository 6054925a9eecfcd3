import MarbleJSON
import NIOCore
import NIOHPACK
import NIOHTTP1

@testable import MarbleFlight

/// The messages of Flight and of the services beside it, and an action's JSON. The first byte says
/// which; what is read is written again and must come out the same.
enum FlightMessagesTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        var input = FuzzInput(bytes)
        let kind = input.byte()
        let message = ByteBuffer(copying: input.takeRest())
        do throws(FlightError) {
            try decode(message, kind: kind % 17)
            return .accepted
        } catch {
            return .refused
        }
    }

    private static func decode(_ message: ByteBuffer, kind: UInt8) throws(FlightError) {
        switch kind {
        case 0: try check(message, as: FlightInfo.self)
        case 1: try check(message, as: FlightPollInfo.self)
        case 2: try check(message, as: FlightDescriptor.self)
        case 3: try check(message, as: FlightEndpoint.self)
        case 4: try check(message, as: FlightTicket.self)
        case 5: try check(message, as: FlightActionType.self)
        case 6: try check(message, as: FlightTimestamp.self)
        case 7:
            let handshake = try HandshakeMessage(decoding: message)
            let again = try HandshakeMessage(decoding: handshake.encoded())
            precondition(
                again.protocolVersion == handshake.protocolVersion
                    && again.payload == handshake.payload, "a handshake changed")
        case 8: try checkData(message, .flightData)
        case 9: try checkData(message, .action)
        case 10: try checkData(message, .singleField)
        case 11: try checkData(message, .whole)
        case 12:
            let data = try FlightData(serialized: message)
            requireSame(data, try FlightData(serialized: data.serialized()))
        case 13: try checkLogin(message)
        case 14: try checkHealthRequest(message)
        case 15: try checkReflectionRequest(message)
        default: try checkActionCall(message)
        }
    }

    private static func check<Message: FlightWireMessage>(
        _ bytes: ByteBuffer, as type: Message.Type
    ) throws(FlightError) {
        let message = try Message(decoding: bytes)
        let encoded = message.encoded()
        do throws(FlightError) {
            let again = try Message(decoding: encoded)
            // A number that isn't one doesn't equal itself; its bytes do.
            precondition(again == message || again.encoded() == encoded, "\(message) changed")
        } catch {
            fatalError("\(message) was written so that it can't be read: \(error)")
        }
    }

    private static func checkData(
        _ message: ByteBuffer, _ kind: FlightMessageKind
    ) throws(FlightError) {
        let data = try FlightData(decoding: message, as: kind)
        var outgoing = OutgoingMessages()
        outgoing.append(data, as: kind)
        var framed = ByteBuffer()
        for buffer in outgoing.take() { framed.writeImmutableBuffer(buffer) }
        framed.moveReaderIndex(forwardBy: 5)
        do throws(FlightError) {
            requireSame(data, try FlightData(decoding: framed, as: kind))
        } catch {
            fatalError("a message was written so that it can't be read: \(error)")
        }
    }

    private static func checkLogin(_ message: ByteBuffer) throws(FlightError) {
        let login = try BasicLogin(decoding: message)
        var writer = ProtobufWriter()
        writer.string(2, login.user)
        writer.string(3, login.password)
        let again = try BasicLogin(decoding: writer.buffer)
        precondition(
            again.user == login.user && again.password == login.password, "a login changed")
    }

    private static func checkHealthRequest(_ message: ByteBuffer) throws(FlightError) {
        let name = try HealthCall.serviceName(message)
        var writer = ProtobufWriter()
        writer.string(1, name)
        let again = try HealthCall.serviceName(writer.buffer)
        precondition(again == name, "the name of a service changed")
    }

    /// The answer holds the request as it is, and then what was asked for, or an error.
    private static func checkReflectionRequest(_ message: ByteBuffer) throws(FlightError) {
        let answer = try ReflectionCall.answer(to: message)
        var request = ByteBuffer()
        var others: [UInt64] = []
        do throws(FlightError) {
            var reader = ProtobufReader(answer, type: "ServerReflectionResponse")
            while let field = try reader.nextField() {
                let bytes = try reader.bytes(field.type)
                switch field.number {
                case 1: continue
                case 2: request = bytes
                default: others.append(field.number)
                }
            }
        } catch {
            fatalError("an answer was written so that it can't be read: \(error)")
        }
        precondition(request == message, "the answer has another request")
        precondition(others.count == 1 && (4...7).contains(others[0]), "it answers \(others)")
    }

    /// An action in JSON is the same one when its body is sent in base64.
    private static func checkActionCall(_ json: ByteBuffer) throws(FlightError) {
        let (path, action) = try actionCall(json)
        guard path == FlightMethod.doAction.path else { return }
        let again = JSONWriter.object {
            $0.member("type", String(buffer: action.dataHeader))
            $0.member("body_base64", Base64.encode(Array(action.appMetadata.readableBytesView)))
        }
        do throws(FlightError) {
            requireSame(action, try actionCall(again).data)
        } catch {
            fatalError("an action was written so that it can't be read: \(error)")
        }
    }

    /// What the gRPC call that the JSON stands for sends.
    private static func actionCall(
        _ json: ByteBuffer
    ) throws(FlightError) -> (path: String?, data: FlightData) {
        let call = try HTTPActionCall(
            body: json, byteCountMax: 1 << 20, budget: BufferBudget(byteCountMax: 1 << 20))
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: HTTPRoute.actionPath)
        let (headers, pieces) = call.request(head)
        var framed = ByteBuffer()
        for piece in pieces { framed.writeImmutableBuffer(piece) }
        framed.moveReaderIndex(forwardBy: 5)
        return (headers.first(name: ":path"), try FlightData(decoding: framed, as: .action))
    }

    private static func requireSame(_ one: FlightData, _ other: FlightData) {
        precondition(
            one.descriptor == other.descriptor && one.dataHeader == other.dataHeader
                && one.appMetadata == other.appMetadata && one.dataBody == other.dataBody,
            "a message changed")
    }
}

private protocol FlightWireMessage: Equatable {
    init(decoding message: ByteBuffer) throws(FlightError)
    func encoded() -> ByteBuffer
}

extension FlightInfo: FlightWireMessage {}
extension FlightPollInfo: FlightWireMessage {}
extension FlightDescriptor: FlightWireMessage {}
extension FlightEndpoint: FlightWireMessage {}
extension FlightTicket: FlightWireMessage {}
extension FlightActionType: FlightWireMessage {}
extension FlightTimestamp: FlightWireMessage {}
