internal import MarbleRaft

/// A message's body as the flat fields that travel; which kind uses which is written down in
/// `docs/formats/raft-wire.md`.
struct RaftMessageFields {
    enum Kind: UInt64 {
        case preVoteRequest = 1
        case preVoteResponse = 2
        case voteRequest = 3
        case voteResponse = 4
        case appendRequest = 5
        case appendAccepted = 6
        case appendRejected = 7
        case heartbeat = 8
        case heartbeatResponse = 9
        case snapshotOffer = 10
        case snapshotResponse = 11
        case timeoutNow = 12
        case readIndexRequest = 13
        case readIndexResponse = 14
    }

    var kind: Kind
    var index: UInt64 = 0
    var logTerm: UInt64 = 0
    var lastIndex: UInt64 = 0
    var commitIndex: UInt64 = 0
    var hintIndex: UInt64 = 0
    var hintTerm: UInt64 = 0
    var sequence: UInt64 = 0
    var flag = false
    var isCounted = false
    var termRuns: [RaftTermRun] = []

    init(_ body: RaftMessage.Body) {
        switch body {
        case .preVoteRequest(let lastIndex, let lastTerm):
            self = Self(kind: .preVoteRequest, index: lastIndex, logTerm: lastTerm)
        case .preVoteResponse(let granted):
            self = Self(kind: .preVoteResponse, flag: granted)
        case .voteRequest(let lastIndex, let lastTerm, let isLeadershipTransfer):
            self = Self(
                kind: .voteRequest, index: lastIndex, logTerm: lastTerm,
                flag: isLeadershipTransfer)
        case .voteResponse(let granted):
            self = Self(kind: .voteResponse, flag: granted)
        case .appendRequest(let append):
            self = Self(
                kind: .appendRequest, index: append.previousIndex, logTerm: append.previousTerm)
            lastIndex = append.lastIndex
            commitIndex = append.commitIndex
            termRuns = append.termRuns
        case .appendResponse(let response):
            switch response.outcome {
            case .accepted(let matchIndex):
                self = Self(kind: .appendAccepted, index: matchIndex)
            case .rejected(let previousIndex, let hintIndex, let hintTerm, let lastIndex):
                self = Self(kind: .appendRejected, index: previousIndex)
                self.hintIndex = hintIndex
                self.hintTerm = hintTerm
                self.lastIndex = lastIndex
            }
            isCounted = response.countsForQuorum
        case .heartbeat(let commitIndex, let readSequence):
            self = Self(kind: .heartbeat)
            self.commitIndex = commitIndex
            sequence = readSequence
        case .heartbeatResponse(let readSequence, let lastIndex, let countsForQuorum):
            self = Self(kind: .heartbeatResponse)
            sequence = readSequence
            self.lastIndex = lastIndex
            isCounted = countsForQuorum
        case .snapshotOffer(let index, let term):
            self = Self(kind: .snapshotOffer, index: index, logTerm: term)
        case .snapshotResponse(let installed, let index):
            self = Self(kind: .snapshotResponse, index: index, flag: installed)
        case .timeoutNow:
            self = Self(kind: .timeoutNow)
        case .readIndexRequest(let context):
            self = Self(kind: .readIndexRequest)
            sequence = context
        case .readIndexResponse(let context, let index):
            self = Self(kind: .readIndexResponse, index: index ?? 0, flag: index != nil)
            sequence = context
        }
    }

    private init(kind: Kind, index: UInt64 = 0, logTerm: UInt64 = 0, flag: Bool = false) {
        self.kind = kind
        self.index = index
        self.logTerm = logTerm
        self.flag = flag
    }

    var body: RaftMessage.Body {
        switch kind {
        case .preVoteRequest: .preVoteRequest(lastIndex: index, lastTerm: logTerm)
        case .preVoteResponse: .preVoteResponse(granted: flag)
        case .voteRequest:
            .voteRequest(lastIndex: index, lastTerm: logTerm, isLeadershipTransfer: flag)
        case .voteResponse: .voteResponse(granted: flag)
        case .appendRequest:
            .appendRequest(
                RaftAppend(
                    previousIndex: index, previousTerm: logTerm, termRuns: termRuns,
                    lastIndex: lastIndex, commitIndex: commitIndex))
        case .appendAccepted:
            .appendResponse(
                RaftAppendResponse(
                    outcome: .accepted(matchIndex: index), countsForQuorum: isCounted))
        case .appendRejected:
            .appendResponse(
                RaftAppendResponse(
                    outcome: .rejected(
                        previousIndex: index, hintIndex: hintIndex, hintTerm: hintTerm,
                        lastIndex: lastIndex),
                    countsForQuorum: isCounted))
        case .heartbeat: .heartbeat(commitIndex: commitIndex, readSequence: sequence)
        case .heartbeatResponse:
            .heartbeatResponse(
                readSequence: sequence, lastIndex: lastIndex, countsForQuorum: isCounted)
        case .snapshotOffer: .snapshotOffer(index: index, term: logTerm)
        case .snapshotResponse: .snapshotResponse(installed: flag, index: index)
        case .timeoutNow: .timeoutNow
        case .readIndexRequest: .readIndexRequest(context: sequence)
        case .readIndexResponse: .readIndexResponse(context: sequence, index: flag ? index : nil)
        }
    }
}
