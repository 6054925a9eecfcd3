import MarbleFlight
import MarbleRaft
import NIOCore
import Testing

@testable import MarbleCluster

@Suite("RaftEnvelope")
struct RaftEnvelopeTests {
    /// Every kind of message, each field with a value of its own.
    static let bodies: [RaftMessage.Body] = [
        .preVoteRequest(lastIndex: 11, lastTerm: 12),
        .preVoteResponse(granted: true), .preVoteResponse(granted: false),
        .voteRequest(lastIndex: 21, lastTerm: 22, isLeadershipTransfer: true),
        .voteRequest(lastIndex: 0, lastTerm: 0, isLeadershipTransfer: false),
        .voteResponse(granted: true), .voteResponse(granted: false),
        .appendRequest(
            RaftAppend(
                previousIndex: 31, previousTerm: 32,
                termRuns: [
                    RaftTermRun(firstIndex: 32, term: 33), RaftTermRun(firstIndex: 40, term: 50),
                ], lastIndex: 44, commitIndex: 30)),
        .appendRequest(
            RaftAppend(
                previousIndex: 0, previousTerm: 0, termRuns: [], lastIndex: 0, commitIndex: 0)),
        .appendResponse(
            RaftAppendResponse(outcome: .accepted(matchIndex: 51), countsForQuorum: true)),
        .appendResponse(
            RaftAppendResponse(outcome: .accepted(matchIndex: 0), countsForQuorum: false)),
        .appendResponse(
            RaftAppendResponse(
                outcome: .rejected(
                    previousIndex: 61, hintIndex: 62, hintTerm: 63, lastIndex: 64),
                countsForQuorum: true)),
        .heartbeat(commitIndex: 71, readSequence: 72),
        .heartbeatResponse(readSequence: 81, lastIndex: 82, countsForQuorum: true),
        .heartbeatResponse(readSequence: .max, lastIndex: .max, countsForQuorum: false),
        .snapshotOffer(index: 91, term: 92),
        .snapshotResponse(installed: true, index: 101),
        .snapshotResponse(installed: false, index: 102),
        .timeoutNow,
        .readIndexRequest(context: .max),
        .readIndexResponse(context: 111, index: 112),
        .readIndexResponse(context: 111, index: 0),
        .readIndexResponse(context: 111, index: nil),
    ]

    static let messages = bodies.enumerated().map { position, body in
        RaftMessage(from: 1 + UInt64(position), to: 200, term: .max - UInt64(position), body: body)
    }

    private static let hello = RaftHello(
        clusterID: "orders", nodeID: 3, endpoint: "[::1]:5001", versionMin: 1, versionMax: 4,
        features: 5, incarnation: 6, knownIncarnation: .max)

    private func decode(_ bytes: [UInt8]) throws -> RaftEnvelope {
        try RaftEnvelope(decoding: ByteBuffer(bytes: bytes))
    }

    @Test(arguments: messages)
    func `a message of any kind arrives as it was sent`(_ message: RaftMessage) throws {
        let sent = RaftEnvelope(group: 9, messages: [message])
        let received = try RaftEnvelope(decoding: sent.encoded())
        #expect(received.messages == [message])
        #expect(received.group == 9)
        #expect(received.hello == nil)
        #expect(received.foreign == nil)
    }

    @Test func `the list of messages above has every kind`() {
        let kinds = Set(Self.bodies.map { RaftMessageFields($0).kind.rawValue })
        #expect(kinds == Set(1...14))
    }

    @Test func `many messages keep their order`() throws {
        let sent = RaftEnvelope(group: .max, messages: Self.messages)
        let received = try RaftEnvelope(decoding: sent.encoded())
        #expect(received.messages == Self.messages)
        #expect(received.group == .max)
    }

    @Test func `a hello arrives as it was sent`() throws {
        let received = try RaftEnvelope(decoding: RaftEnvelope(hello: Self.hello).encoded())
        #expect(received.hello == Self.hello)
        #expect(received.messages == [])
    }

    @Test func `a hello without versions speaks none`() throws {
        var writer = ProtobufWriter()
        writer.message(1, ByteBuffer())
        let hello = try #require(try RaftEnvelope(decoding: writer.buffer).hello)
        #expect(hello.versionMin == 0 && hello.versionMax == 0)
        #expect(hello.nodeID == 0 && hello.clusterID == "")
    }

    @Test func `foreign bytes arrive as they were sent`() throws {
        for bytes in [ByteBuffer(), ByteBuffer(bytes: [0, 255, 8, 1])] {
            let sent = RaftEnvelope(foreign: bytes, hello: Self.hello)
            let received = try RaftEnvelope(decoding: sent.encoded())
            #expect(received.foreign == bytes)
            #expect(received.hello == Self.hello)
        }
    }

    @Test func `fields that aren't known are passed over`() throws {
        var unknown = ProtobufWriter()
        unknown.unsigned(90, 7)
        unknown.bytes(91, ByteBuffer(string: "later"))
        unknown.double(92, 1.5)
        let extra = unknown.buffer

        var run = ProtobufWriter()
        run.unsigned(1, 8)
        run.unsigned(2, 3)
        var message = ProtobufWriter()
        message.unsigned(1, RaftMessageFields.Kind.appendRequest.rawValue)
        message.unsigned(2, 1)
        message.unsigned(3, 2)
        message.unsigned(4, 3)
        message.unsigned(5, 7)
        message.unsigned(6, 2)
        message.unsigned(7, 8)
        message.message(14, join(extra, run.buffer, extra))
        var hello = ProtobufWriter()
        hello.string(1, "orders")
        var envelope = ProtobufWriter()
        envelope.message(1, join(extra, hello.buffer, extra))
        envelope.unsigned(2, 5)
        envelope.message(3, join(extra, message.buffer, extra))

        let received = try RaftEnvelope(decoding: join(extra, envelope.buffer, extra))
        #expect(received.group == 5)
        #expect(received.hello?.clusterID == "orders")
        let append = RaftAppend(
            previousIndex: 7, previousTerm: 2,
            termRuns: [RaftTermRun(firstIndex: 8, term: 3)], lastIndex: 8, commitIndex: 0)
        #expect(
            received.messages == [
                RaftMessage(from: 1, to: 2, term: 3, body: .appendRequest(append))
            ])
    }

    private func join(_ parts: ByteBuffer...) -> ByteBuffer {
        var joined = ByteBuffer()
        for part in parts { joined.writeImmutableBuffer(part) }
        return joined
    }

    @Test(arguments: [0, 15, 1 << 40] as [UInt64])
    func `a message of a kind that isn't known is passed over`(_ kind: UInt64) throws {
        var message = ProtobufWriter()
        message.unsigned(1, kind)
        message.unsigned(2, 1)
        var envelope = ProtobufWriter()
        envelope.message(3, message.buffer)
        var bytes = envelope.buffer
        bytes.writeImmutableBuffer(
            RaftEnvelope(group: 1, messages: [Self.messages[0]]).encoded())
        #expect(try RaftEnvelope(decoding: bytes).messages == [Self.messages[0]])
    }

    @Test func `bytes cut short anywhere are refused or mean less`() throws {
        var sent = RaftEnvelope(group: 1, messages: Self.messages)
        sent.hello = Self.hello
        let bytes = Array(sent.encoded().readableBytesView)
        for count in 0..<bytes.count {
            if let less = try? decode(Array(bytes[..<count])) {
                #expect(less.messages.count < Self.messages.count)
                #expect(Self.messages.starts(with: less.messages))
            }
        }
    }

    @Test func `bytes with any bit flipped are refused or decoded and never trap`() throws {
        var sent = RaftEnvelope(group: 1, messages: Self.messages)
        sent.hello = Self.hello
        sent.foreign = ByteBuffer(string: "foreign")
        let bytes = Array(sent.encoded().readableBytesView)
        var refusedCount = 0
        for damaged in flips(of: bytes) {
            guard let envelope = try? decode(damaged) else {
                refusedCount += 1
                continue
            }
            // What was decoded can be told again.
            let again = try RaftEnvelope(decoding: envelope.encoded())
            #expect(again.messages == envelope.messages)
        }
        #expect(refusedCount > 0)
    }

    @Test func `a length beyond the end is refused before anything is taken`() {
        for claim in [
            [0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x1A, 0x02, 8],
        ]
            as [[UInt8]]
        {
            let error = #expect(throws: FlightError.self) { _ = try decode(claim) }
            #expect(error?.code == .invalidArgument)
        }
    }
}
