/// Where the row with a key lies: a hash table with open addressing that keeps no keys itself, only
/// their hashes and the rows' places. Whoever looks up compares keys at the places it is led to.
struct KeyIndex {
    struct Slot {
        var hash: UInt32
        var chunk: UInt32
        var row: UInt32

        static let empty = Slot(hash: 0, chunk: .max, row: 0)

        @inline(__always)
        var isEmpty: Bool { chunk == .max }
    }

    private var slots: [Slot]
    private var mask: Int
    private(set) var count = 0

    init() {
        slots = [Slot](repeating: .empty, count: 16)
        mask = 15
    }

    /// Makes room for that many more keys, so that inserting them moves nothing.
    mutating func reserve(_ additional: Int) {
        guard !hasRoom(for: additional) else { return }
        let needed = slotsNeeded(for: additional)
        var capacity = slots.count
        while capacity < needed { capacity *= 2 }
        grow(to: capacity)
    }

    /// Whether that many more keys fit without moving others.
    func hasRoom(for additional: Int) -> Bool { slotsNeeded(for: additional) <= slots.count }

    private func slotsNeeded(for additional: Int) -> Int { (count + additional) / 5 * 8 + 16 }

    private mutating func grow(to capacity: Int) {
        let old = slots
        slots = [Slot](repeating: .empty, count: capacity)
        mask = capacity - 1
        let mask = mask
        slots.withUnsafeMutableBufferPointer { slots in
            for slot in old where !slot.isEmpty {
                var position = Int(slot.hash) & mask
                while !slots[position].isEmpty { position = (position + 1) & mask }
                slots[position] = slot
            }
        }
    }

    /// The position of the slot that has the hash and fulfils the condition, or nil.
    @inline(__always)
    func find(hash: UInt32, where matches: (Slot) -> Bool) -> Int? {
        var position = Int(hash) & mask
        while true {
            let slot = slots[position]
            if slot.isEmpty { return nil }
            if slot.hash == hash && matches(slot) { return position }
            position = (position + 1) & mask
        }
    }

    @inline(__always)
    subscript(position: Int) -> Slot {
        slots[position]
    }

    /// Leads the key at a position to another place.
    @inline(__always)
    mutating func move(_ position: Int, chunk: UInt32, row: UInt32) {
        slots[position].chunk = chunk
        slots[position].row = row
    }

    /// Adds a key that isn't there, after a `reserve` for it.
    @inline(__always)
    mutating func insert(hash: UInt32, chunk: UInt32, row: UInt32) {
        var position = Int(hash) & mask
        while !slots[position].isEmpty { position = (position + 1) & mask }
        slots[position] = Slot(hash: hash, chunk: chunk, row: row)
        count += 1
    }

    /// Removes the key at a position; those behind it move up, so that no gap breaks their chain.
    mutating func remove(at position: Int) {
        var gap = position
        var next = (gap + 1) & mask
        while !slots[next].isEmpty {
            let home = Int(slots[next].hash) & mask
            if (next - home) & mask >= (next - gap) & mask {
                slots[gap] = slots[next]
                gap = next
            }
            next = (next + 1) & mask
        }
        slots[gap] = .empty
        count -= 1
    }
}
