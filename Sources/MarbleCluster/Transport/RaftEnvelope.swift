internal import MarbleFlight
internal import MarbleRaft
internal import NIOCore

/// What one `FlightData` between nodes says in its `app_metadata`. The grammar, with its field
/// numbers, is in `docs/formats/raft-wire.md`; fields that aren't known are passed over.
struct RaftEnvelope: Sendable {
    var hello: RaftHello?
    var group: RaftGroupID = 0
    var messages: [RaftMessage] = []
    /// Bytes of a user of the transport, which aren't Raft messages.
    var foreign: ByteBuffer?

    private static let name: StaticString = "RaftEnvelope"

    // MARK: Encoding

    func encoded() -> ByteBuffer {
        var writer = ProtobufWriter()
        if let hello { writer.message(1, Self.encode(hello)) }
        writer.unsigned(2, group)
        for message in messages { writer.message(3, Self.encode(message)) }
        if let foreign { writer.message(4, foreign) }
        return writer.buffer
    }

    private static func encode(_ hello: RaftHello) -> ByteBuffer {
        var writer = ProtobufWriter()
        writer.string(1, hello.clusterID)
        writer.unsigned(2, hello.nodeID)
        writer.string(3, hello.endpoint)
        writer.unsigned(4, hello.versionMin)
        writer.unsigned(5, hello.versionMax)
        writer.unsigned(6, hello.features)
        writer.unsigned(7, hello.incarnation)
        writer.unsigned(8, hello.knownIncarnation)
        return writer.buffer
    }

    private static func encode(_ message: RaftMessage) -> ByteBuffer {
        let fields = RaftMessageFields(message.body)
        var writer = ProtobufWriter()
        writer.unsigned(1, fields.kind.rawValue)
        writer.unsigned(2, message.from)
        writer.unsigned(3, message.to)
        writer.unsigned(4, message.term)
        writer.unsigned(5, fields.index)
        writer.unsigned(6, fields.logTerm)
        writer.unsigned(7, fields.lastIndex)
        writer.unsigned(8, fields.commitIndex)
        writer.unsigned(9, fields.hintIndex)
        writer.unsigned(10, fields.hintTerm)
        writer.unsigned(11, fields.sequence)
        writer.unsigned(12, fields.flag ? 1 : 0)
        writer.unsigned(13, fields.isCounted ? 1 : 0)
        for run in fields.termRuns {
            var item = ProtobufWriter()
            item.unsigned(1, run.firstIndex)
            item.unsigned(2, run.term)
            writer.message(14, item.buffer)
        }
        return writer.buffer
    }

    // MARK: Decoding

    init(hello: RaftHello) { self.hello = hello }

    init(group: RaftGroupID, messages: [RaftMessage]) {
        self.group = group
        self.messages = messages
    }

    init(foreign: ByteBuffer, hello: RaftHello) {
        self.foreign = foreign
        self.hello = hello
    }

    init(decoding bytes: ByteBuffer) throws(FlightError) {
        var reader = ProtobufReader(bytes, type: Self.name)
        while let (number, type) = try reader.nextField() {
            switch number {
            case 1: hello = try Self.decodeHello(try reader.bytes(type))
            case 2: group = try reader.unsigned(type)
            case 3:
                if let message = try Self.decodeMessage(try reader.bytes(type)) {
                    messages.append(message)
                }
            case 4: foreign = try reader.bytes(type)
            default: try reader.skip(type)
            }
        }
    }

    private static func decodeHello(_ bytes: ByteBuffer) throws(FlightError) -> RaftHello {
        var hello = RaftHello(clusterID: "", nodeID: 0, endpoint: "", incarnation: 0)
        hello.versionMin = 0
        hello.versionMax = 0
        var reader = ProtobufReader(bytes, type: "RaftHello")
        while let (number, type) = try reader.nextField() {
            switch number {
            case 1: hello.clusterID = try reader.string(type)
            case 2: hello.nodeID = try reader.unsigned(type)
            case 3: hello.endpoint = try reader.string(type)
            case 4: hello.versionMin = try reader.unsigned(type)
            case 5: hello.versionMax = try reader.unsigned(type)
            case 6: hello.features = try reader.unsigned(type)
            case 7: hello.incarnation = try reader.unsigned(type)
            case 8: hello.knownIncarnation = try reader.unsigned(type)
            default: try reader.skip(type)
            }
        }
        return hello
    }

    /// nil for a kind that this version doesn't know.
    private static func decodeMessage(_ bytes: ByteBuffer) throws(FlightError) -> RaftMessage? {
        var message = RaftMessage(from: 0, to: 0, term: 0, body: .timeoutNow)
        var fields = RaftMessageFields(.timeoutNow)
        var kind: UInt64 = 0
        var reader = ProtobufReader(bytes, type: "RaftMessage")
        while let (number, type) = try reader.nextField() {
            switch number {
            case 1: kind = try reader.unsigned(type)
            case 2: message.from = try reader.unsigned(type)
            case 3: message.to = try reader.unsigned(type)
            case 4: message.term = try reader.unsigned(type)
            case 5: fields.index = try reader.unsigned(type)
            case 6: fields.logTerm = try reader.unsigned(type)
            case 7: fields.lastIndex = try reader.unsigned(type)
            case 8: fields.commitIndex = try reader.unsigned(type)
            case 9: fields.hintIndex = try reader.unsigned(type)
            case 10: fields.hintTerm = try reader.unsigned(type)
            case 11: fields.sequence = try reader.unsigned(type)
            case 12: fields.flag = try reader.unsigned(type) != 0
            case 13: fields.isCounted = try reader.unsigned(type) != 0
            case 14: fields.termRuns.append(try decodeRun(try reader.bytes(type)))
            default: try reader.skip(type)
            }
        }
        guard let known = RaftMessageFields.Kind(rawValue: kind) else { return nil }
        fields.kind = known
        message.body = fields.body
        return message
    }

    private static func decodeRun(_ bytes: ByteBuffer) throws(FlightError) -> RaftTermRun {
        var run = RaftTermRun(firstIndex: 0, term: 0)
        var reader = ProtobufReader(bytes, type: "RaftTermRun")
        while let (number, type) = try reader.nextField() {
            switch number {
            case 1: run.firstIndex = try reader.unsigned(type)
            case 2: run.term = try reader.unsigned(type)
            default: try reader.skip(type)
            }
        }
        return run
    }
}
