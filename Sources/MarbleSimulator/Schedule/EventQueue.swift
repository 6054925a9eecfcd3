/// What is to happen, in the order of time; what is due at the same time happens in the order in
/// which it was scheduled.
struct EventQueue {
    private struct Slot {
        var due: VirtualNanoseconds
        var order: UInt64
        var position: Int

        static func < (lhs: Slot, rhs: Slot) -> Bool {
            lhs.due == rhs.due ? lhs.order < rhs.order : lhs.due < rhs.due
        }
    }

    /// A binary heap: the earliest slot comes first. Events stay where they are while slots move.
    private var heap: [Slot] = []
    private var events: [SimulationEvent?] = []
    private var freePositions: [Int] = []
    private var nextOrder: UInt64 = 0

    var count: Int { heap.count }

    mutating func schedule(_ event: SimulationEvent, at due: VirtualNanoseconds) {
        let position: Int
        if let free = freePositions.popLast() {
            position = free
            events[position] = event
        } else {
            position = events.count
            events.append(event)
        }
        heap.append(Slot(due: due, order: nextOrder, position: position))
        nextOrder += 1
        siftUp(from: heap.count - 1)
    }

    /// Takes the next event out.
    mutating func next() -> (due: VirtualNanoseconds, event: SimulationEvent)? {
        guard let first = heap.first, let event = events[first.position] else { return nil }
        events[first.position] = nil
        freePositions.append(first.position)
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown()
        }
        return (first.due, event)
    }

    private mutating func siftUp(from start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child] < heap[smallest] {
                smallest = child
            }
            guard smallest != parent else { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
