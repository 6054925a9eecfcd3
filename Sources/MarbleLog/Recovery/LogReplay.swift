/// Rebuilds the groups from records in the order in which they were written.
///
/// The first segment that is left begins with the groups' states. Entries that those name lie in
/// segments that are gone; each must turn out to be compacted, removed, or copied forward later.
struct LogReplay {
    fileprivate struct Group {
        var state = LogGroupState()
        /// The index of `locations`' first; all before it are in `copies`, or must be gone.
        var firstLocated: UInt64 = 1
        var locations: [EntryLocation] = []
        var copies: [UInt64: EntryLocation] = [:]
    }

    private var groups: [UInt64: Group] = [:]
    private var isFirstSegment = true
    private var headGroupCount = 0

    /// Why a record can't follow those before it.
    struct Fault: Error {
        var reason: String
    }

    mutating func apply(
        _ record: LogRecord, payload: UnsafeRawBufferPointer, location: EntryLocation,
        isHead: Bool
    ) throws(Fault) {
        guard isHead == (record.type == .groupState) else {
            throw Fault(reason: "a record of its type can't stand there")
        }
        var group = groups.removeValue(forKey: record.group) ?? Group()
        switch record.type {
        case .entry: try group.append(record, location)
        case .copiedEntry: try group.copy(record, location)
        case .hardState:
            guard record.term >= group.state.term else { throw Fault(reason: "a term goes back") }
            group.state.term = record.term
            group.state.votedFor = record.kind == 0 ? nil : record.index
        case .truncate: try group.truncate(from: record.index)
        case .compact: try group.compact(through: record.index, term: record.term)
        case .groupState:
            guard let state = LogGroupState(record, payload: payload) else {
                throw Fault(reason: "a group's state contradicts itself")
            }
            headGroupCount += 1
            if isFirstSegment {
                group.state = state
                group.firstLocated = state.lastIndex + 1
            } else if group.state != state {
                throw Fault(reason: "a group's state isn't what the segments before led to")
            }
        }
        groups[record.group] = group
    }

    /// After the head of a segment.
    mutating func endHead() throws(Fault) {
        guard headGroupCount == groups.count else {
            throw Fault(reason: "the state of a group is missing")
        }
        headGroupCount = 0
        isFirstSegment = false
    }

    /// - Parameter firstPath: of the first segment, which follows what is gone.
    func finish(firstPath: String) throws(LogError) -> [UInt64: GroupLog] {
        var result: [UInt64: GroupLog] = [:]
        for (number, group) in groups {
            var locations: [EntryLocation] = []
            var index = group.state.baseIndex + 1
            while index < group.firstLocated, index <= group.state.lastIndex {
                guard let location = group.copies[index] else {
                    throw .damaged(
                        firstPath, at: 0, "the segment before it, which is missing, is needed",
                        group: number, index: index)
                }
                locations.append(location)
                index += 1
            }
            if index <= group.state.lastIndex {
                locations.append(
                    contentsOf: group.locations[Int(index - group.firstLocated)...])
            }
            result[number] = GroupLog(number: number, state: group.state, locations: locations)
        }
        return result
    }
}

extension LogReplay.Group {
    fileprivate mutating func append(
        _ record: LogRecord, _ location: EntryLocation
    ) throws(LogReplay.Fault) {
        guard record.index == state.lastIndex &+ 1, record.index < .max,
            record.term >= state.lastTerm
        else {
            throw LogReplay.Fault(
                reason: "an entry doesn't follow entry \(state.lastIndex) of term "
                    + "\(state.lastTerm)")
        }
        state.append(index: record.index, term: record.term)
        locations.append(location)
    }

    fileprivate mutating func copy(
        _ record: LogRecord, _ location: EntryLocation
    ) throws(LogReplay.Fault) {
        guard record.index > state.baseIndex, state.term(at: record.index) == record.term else {
            throw LogReplay.Fault(reason: "a copied entry isn't in the log")
        }
        if record.index >= firstLocated {
            locations[Int(record.index - firstLocated)] = location
        } else {
            copies[record.index] = location
        }
    }

    fileprivate mutating func truncate(from index: UInt64) throws(LogReplay.Fault) {
        guard index > state.baseIndex, index <= state.lastIndex else {
            throw LogReplay.Fault(reason: "entries are removed that aren't in the log")
        }
        state.truncate(from: index)
        if index > firstLocated {
            locations.removeSubrange(Int(index - firstLocated)...)
        } else {
            locations.removeAll()
            firstLocated = index
            copies = copies.filter { $0.key < index }
        }
    }

    fileprivate mutating func compact(
        through index: UInt64, term: UInt64
    ) throws(LogReplay.Fault) {
        guard index > state.baseIndex, index < .max - 1 else {
            throw LogReplay.Fault(reason: "a compaction goes back")
        }
        if !state.continues(after: index, term: term) {
            locations.removeAll()
            copies.removeAll()
            firstLocated = index + 1
        }
        state.compact(through: index, term: term)
    }
}
