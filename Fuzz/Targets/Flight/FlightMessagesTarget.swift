import NIOCore

@testable import MarbleFlight

/// The protobuf messages of Flight. The first byte says which; what is read is written again and
/// must come out the same.
enum FlightMessagesTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        var input = FuzzInput(bytes)
        let kind = input.byte()
        let message = ByteBuffer(copying: input.takeRest())
        do throws(FlightError) {
            try decode(message, kind: kind % 13)
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
        default:
            let data = try FlightData(serialized: message)
            requireSame(data, try FlightData(serialized: data.serialized()))
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
