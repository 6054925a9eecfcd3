/// The names in a directory of a virtual disk; a name stands for the number of a file.
struct VirtualDirectory: Sendable {
    /// One step, which a crash keeps or loses whole.
    private struct Change: Sendable {
        var removed: String?
        var added: String?
        var file: Int
    }

    private(set) var current: [String: Int] = [:]
    private var durable: [String: Int] = [:]
    private var unsynced: [Change] = []

    /// All files that have a name here, now or after a crash.
    var files: Set<Int> {
        var files = Set(current.values)
        files.formUnion(durable.values)
        for change in unsynced where change.added != nil { files.insert(change.file) }
        return files
    }

    mutating func change(removing removed: String?, adding added: String?, file: Int) {
        let change = Change(removed: removed, added: added, file: file)
        Self.apply(change, to: &current)
        unsynced.append(change)
    }

    mutating func sync() {
        for change in unsynced { Self.apply(change, to: &durable) }
        unsynced.removeAll()
    }

    mutating func crash(_ crash: VirtualCrash, _ random: inout some RandomSource) {
        let kept =
            switch crash {
            case .losesUnsynced: 0
            case .keepsUnsynced: unsynced.count
            case .tearsUnsynced: Int(random.next(below: UInt64(unsynced.count) + 1))
            }
        unsynced.removeLast(unsynced.count - kept)
        sync()
        current = durable
    }

    private static func apply(_ change: Change, to names: inout [String: Int]) {
        if let removed = change.removed { names[removed] = nil }
        if let added = change.added { names[added] = change.file }
    }
}
