/// Where an entry's record lies.
struct EntryLocation: Equatable {
    /// The segment's number.
    var segment: UInt32
    /// Of the payload.
    var byteCount: UInt32
    /// Of the record's header in the file.
    var offset: UInt64

    var recordByteCount: Int { LogFormat.recordHeaderByteCount + LogFormat.padded(Int(byteCount)) }
}

/// One group in memory: its state, and where its entries lie.
final class GroupLog {
    let number: UInt64
    var state: LogGroupState
    private var locations: [EntryLocation]
    /// Dead places at the front of `locations`, removed once they are half of it.
    private var deadCount = 0

    init(number: UInt64, state: LogGroupState = LogGroupState(), locations: [EntryLocation] = []) {
        precondition(UInt64(locations.count) == state.entryCount, "an entry without a place")
        self.number = number
        self.state = state
        self.locations = locations
    }

    @inline(__always)
    private func position(_ index: UInt64) -> Int { deadCount + Int(index - state.baseIndex - 1) }

    /// `index` is in the log.
    @inline(__always)
    func location(at index: UInt64) -> EntryLocation { locations[position(index)] }

    func move(_ index: UInt64, to location: EntryLocation) { locations[position(index)] = location }

    @inline(__always)
    func append(index: UInt64, term: UInt64, location: EntryLocation) {
        state.append(index: index, term: term)
        locations.append(location)
    }

    /// - Parameter body: gets the places of the entries that go.
    func truncate(from index: UInt64, _ body: (EntryLocation) -> Void) {
        let kept = position(index)
        locations[kept...].forEach(body)
        locations.removeSubrange(kept...)
        state.truncate(from: index)
    }

    func compact(through index: UInt64, term: UInt64, _ body: (EntryLocation) -> Void) {
        let kept =
            state.continues(after: index, term: term) ? position(index + 1) : locations.count
        locations[deadCount..<kept].forEach(body)
        deadCount = kept
        state.compact(through: index, term: term)
        if deadCount * 2 >= locations.count {
            locations.removeFirst(deadCount)
            deadCount = 0
        }
    }

    /// The indices of the entries that lie in a segment, in order, until `body` says stop (false).
    func forEachEntry(in segment: UInt32, _ body: (UInt64) throws(LogError) -> Bool)
        throws(LogError)
    {
        var index = state.baseIndex + 1
        while index <= state.lastIndex {
            if location(at: index).segment == segment, try !body(index) { return }
            index += 1
        }
    }
}
