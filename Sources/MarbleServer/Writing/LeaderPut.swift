internal import MarbleCluster
internal import MarbleDB
internal import MarbleFlight
internal import NIOCore

/// A `do_put` stream on the leader: validates batches, proposes all of a read at once, and answers
/// each with a PutResult when it is committed and applied.
///
/// Lives on the stream's event loop; Raft's answers hop onto it once per applied group.
final class LeaderPut: RaftProposalOwner, @unchecked Sendable {
    // Sendable because Raft holds it as the proposals' owner; the state is only touched on the loop.

    /// So much of one stream may be in Raft's hands; then reading pauses.
    static let inFlightByteCountMax = 16 << 20
    static let inFlightCountMax = 8192
    /// The same while the node's budget is spent.
    static let inFlightByteCountShare = 256 << 10
    /// A client that never reads its PutResults is told when so much of them waits.
    static let unreadResultByteCountMax = 32 << 20

    private let stream: FlightStream
    private let writer: TableWriter
    private let raft: RaftServer
    private let budget: WriteBudget

    /// The number of the next batch of the stream; also the token of its proposal.
    private var nextBatch: UInt64 = 0
    /// The batch whose PutResult comes next.
    private var nextResult: UInt64 = 0
    /// Byte counts of the proposals from `firstInFlight` on; 0 once answered.
    private var inFlight = CircularBuffer<Int>(initialCapacity: 64)
    private var firstInFlight: UInt64 = 0
    private var inFlightCount = 0
    private var inFlightByteCount = 0
    private var failure: (batch: UInt64, error: FlightError)?
    private var hasInputEnded = false
    private var isClosed = false
    private var isPaused = false

    init(stream: FlightStream, writer: TableWriter, raft: RaftServer, budget: WriteBudget) {
        self.budget = budget
        self.stream = stream
        self.writer = writer
        self.raft = raft
    }

    func received(_ messages: inout [FlightData]) {
        guard failure == nil, !isClosed else { return }
        let firstToken = nextBatch
        let byteCountBefore = inFlightByteCount
        var payloads: [ByteBuffer] = []
        payloads.reserveCapacity(messages.count)
        for message in messages {
            do {
                let encoded = try writer.encode(
                    dataHeader: message.dataHeader, dataBody: message.dataBody,
                    appMetadata: message.appMetadata)
                guard let payload = encoded else { continue }
                inFlight.append(payload.readableBytes)
                inFlightByteCount += payload.readableBytes
                payloads.append(payload)
                nextBatch += 1
            } catch {
                fail(nextBatch, FlightError(error))
                break
            }
        }
        if !payloads.isEmpty {
            inFlightCount += payloads.count
            budget.add(inFlightByteCount - byteCountBefore)
            raft.propose(payloads, owner: self, firstToken: firstToken)
        }
        proceed()
    }

    func inputEnded() {
        hasInputEnded = true
        proceed()
    }

    func closed() {
        isClosed = true
    }

    func proposalsApplied(_ results: [RaftProposalResult]) {
        stream.eventLoop.execute { self.applied(results) }
    }

    func proposalsFailed(_ tokens: [UInt64], _ error: RaftError) {
        stream.eventLoop.execute { self.failed(tokens, FlightError(error)) }
    }

    private func applied(_ results: [RaftProposalResult]) {
        var text = ByteBuffer()
        var ends: [Int] = []
        if !isClosed { ends.reserveCapacity(results.count) }
        for result in results {
            answered(result.token)
            // A result behind a batch that failed has no PutResult: the stream ends before it.
            let isBehindFailure = failure.map { result.token > $0.batch } ?? false
            guard !isClosed, result.token == nextResult, !isBehindFailure else { continue }
            do {
                switch try WriteOutcome(decoding: result.outcome) {
                case .done(let receipt):
                    receipt.writePutResult(into: &text)
                    ends.append(text.writerIndex)
                    nextResult += 1
                case .failed(let error): fail(result.token, FlightError(error))
                }
            } catch {
                fail(result.token, FlightError(error))
            }
        }
        send(text, ends: ends)
        proceed()
    }

    /// Sends the PutResults that lie behind each other in `text`.
    private func send(_ text: ByteBuffer, ends: [Int]) {
        var start = 0
        for end in ends {
            guard let result = text.getSlice(at: start, length: end - start) else { return }
            stream.sendPutResult(appMetadata: result)
            start = end
        }
        guard stream.pendingByteCount > Self.unreadResultByteCountMax else { return }
        fail(
            nextBatch,
            FlightError(
                .resourceExhausted,
                "more than \(Self.unreadResultByteCountMax) bytes of PutResults wait for this"
                    + " client; read them while writing"))
    }

    private func failed(_ tokens: [UInt64], _ error: FlightError) {
        for token in tokens {
            answered(token)
            fail(token, error)
        }
        proceed()
    }

    private func fail(_ batch: UInt64, _ error: FlightError) {
        guard failure.map({ batch < $0.batch }) ?? true else { return }
        failure = (batch, error)
    }

    private func answered(_ token: UInt64) {
        guard token >= firstInFlight else { return }
        let place = inFlight.index(inFlight.startIndex, offsetBy: Int(token - firstInFlight))
        inFlightByteCount -= inFlight[place]
        budget.subtract(inFlight[place])
        inFlightCount -= 1
        inFlight[place] = 0
        while let first = inFlight.first, first == 0 {
            inFlight.removeFirst()
            firstInFlight += 1
        }
    }

    /// Ends the stream when its time has come, else pauses or resumes reading.
    private func proceed() {
        guard !isClosed else { return }
        if inFlightCount == 0, let failure {
            isClosed = true
            return stream.finish(failure.error.inBatch(failure.batch))
        }
        if inFlightCount == 0, hasInputEnded {
            isClosed = true
            return stream.finish(nil)
        }
        let byteCountMax =
            budget.isSpent ? Self.inFlightByteCountShare : Self.inFlightByteCountMax
        let isFull = inFlightByteCount >= byteCountMax || inFlightCount >= Self.inFlightCountMax
        let hasRoom =
            inFlightByteCount < byteCountMax / 2 && inFlightCount < Self.inFlightCountMax / 2
        if !isPaused, isFull || failure != nil {
            isPaused = true
            stream.pauseReading()
        } else if isPaused, hasRoom, failure == nil {
            isPaused = false
            stream.resumeReading()
        }
    }
}
