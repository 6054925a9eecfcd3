import MarbleEnvironment
import MarbleLog

/// What a log must hold, kept in the simplest way.
struct LogModel: Equatable {
    struct Entry: Equatable {
        var term: UInt64
        var kind: UInt8
        var payload: [UInt8]
    }

    struct Group: Equatable {
        var term: UInt64 = 0
        var votedFor: UInt64?
        var baseIndex: UInt64 = 0
        var baseTerm: UInt64 = 0
        var entries: [Entry] = []

        var lastIndex: UInt64 { baseIndex + UInt64(entries.count) }
        var lastTerm: UInt64 { entries.last?.term ?? baseTerm }
    }

    enum Change: Equatable {
        case append(group: UInt64, Entry)
        case truncate(group: UInt64, from: UInt64)
        case hardState(group: UInt64, term: UInt64, votedFor: UInt64?)
        case compact(group: UInt64, through: UInt64, term: UInt64)
    }

    var groups: [UInt64: Group] = [:]

    mutating func apply(_ change: Change) {
        // A group about which there is nothing to say isn't compared.
        defer { groups = groups.filter { $0.value != Group() } }
        switch change {
        case .append(let number, let entry):
            groups[number, default: Group()].entries.append(entry)
        case .truncate(let number, let index):
            var group = groups[number, default: Group()]
            if index <= group.lastIndex {
                group.entries.removeLast(Int(group.lastIndex - index + 1))
            }
            groups[number] = group
        case .hardState(let number, let term, let votedFor):
            var group = groups[number, default: Group()]
            group.term = term
            group.votedFor = votedFor
            groups[number] = group
        case .compact(let number, let index, let term):
            var group = groups[number, default: Group()]
            guard index > group.baseIndex else { return }
            let position = index - group.baseIndex
            if index < group.lastIndex, group.entries[Int(position) - 1].term == term {
                group.entries.removeFirst(Int(position))
            } else {
                group.entries.removeAll()
            }
            group.baseIndex = index
            group.baseTerm = term
            groups[number] = group
        }
    }

    /// What a log holds, read entry by entry.
    init(reading log: ReplicatedLog) throws {
        for number in log.groupNumbers {
            guard let state = log.state(of: number) else { continue }
            var group = Group(
                term: state.term, votedFor: state.votedFor, baseIndex: state.baseIndex,
                baseTerm: state.baseTerm)
            if state.entryCount > 0 {
                try log.read(
                    group: number, from: state.baseIndex + 1, through: state.lastIndex,
                    byteCountMax: .max
                ) { _, term, kind, payload in
                    group.entries.append(Entry(term: term, kind: kind, payload: Array(payload)))
                }
            }
            if group != Group() { groups[number] = group }
        }
    }

    init() {}
}

extension ReplicatedLog {
    func apply(_ change: LogModel.Change) throws {
        switch change {
        case .append(let group, let entry):
            let index = (state(of: group)?.lastIndex ?? 0) + 1
            try append(group, index, term: entry.term, kind: entry.kind, entry.payload)
        case .truncate(let group, let index): try truncateSuffix(group: group, from: index)
        case .hardState(let group, let term, let votedFor):
            try setHardState(group: group, term: term, votedFor: votedFor)
        case .compact(let group, let index, let term):
            try compactPrefix(group: group, throughIndex: index, term: term)
        }
    }

    func append(
        _ group: UInt64, _ index: UInt64, term: UInt64 = 1, kind: UInt8 = 0, _ payload: [UInt8]
    ) throws(LogError) {
        try payload.withUnsafeBufferPointer { (bytes) throws(LogError) in
            try appendEntry(
                group: group, index: index, term: term, kind: kind,
                payload: UnsafeRawBufferPointer(bytes))
        }
    }

    /// The payloads of a range.
    func payloads(
        _ group: UInt64, _ range: ClosedRange<UInt64>, byteCountMax: Int = .max
    ) throws(LogError) -> [[UInt8]] {
        var result: [[UInt8]] = []
        try read(
            group: group, from: range.lowerBound, through: range.upperBound,
            byteCountMax: byteCountMax
        ) { _, _, _, payload in result.append(Array(payload)) }
        return result
    }
}

/// A script of changes with syncs between them, the same for the same seed.
struct LogScript {
    enum Step: Equatable {
        case change(LogModel.Change)
        case sync
        case reopen
    }

    var steps: [Step] = []

    init(seed: UInt64, stepCount: Int) {
        var random = SplitMix64(seed: seed)
        var model = LogModel()
        for _ in 0..<stepCount {
            if random.chance(1, in: 4) {
                steps.append(.sync)
            } else if random.chance(1, in: 40) {
                steps.append(.reopen)
            } else if let change = Self.change(model, &random) {
                model.apply(change)
                steps.append(.change(change))
            }
        }
        steps.append(.sync)
    }

    private static func change(
        _ model: LogModel, _ random: inout SplitMix64
    ) -> LogModel.Change? {
        // Group 3 is written to rarely and compacted never: its entries have to be copied forward.
        let number = random.chance(1, in: 20) ? 3 : 1 + random.next(below: 2)
        let group = model.groups[number] ?? LogModel.Group()
        switch random.next(below: 20) {
        case 0 where group.entries.count > 0 && number < 3:
            let back = random.next(below: min(4, UInt64(group.entries.count)))
            return .truncate(group: number, from: group.lastIndex - back)
        case 1, 2:
            return .hardState(
                group: number, term: max(group.term, group.lastTerm) + random.next(below: 2),
                votedFor: random.chance(1, in: 3) ? nil : random.next(below: 5))
        case 3...5 where group.entries.count > 3 && number < 3:
            let kept = random.next(below: 4)
            let index = group.lastIndex - kept
            let term = group.entries[Int(index - group.baseIndex) - 1].term
            return .compact(group: number, through: index, term: term)
        case 6 where random.chance(1, in: 8) && number < 3:
            let index = group.lastIndex + 1 + random.next(below: 10)
            return .compact(group: number, through: index, term: group.lastTerm + 1)
        default:
            let byteCount = random.chance(1, in: 30) ? 5000 : Int(random.next(below: 600))
            let entry = LogModel.Entry(
                term: group.lastTerm + (random.chance(1, in: 8) ? 1 : 0),
                kind: UInt8(random.next(below: 4)),
                payload: (0..<byteCount).map { _ in UInt8(truncatingIfNeeded: random.next()) })
            return .append(group: number, entry)
        }
    }
}
