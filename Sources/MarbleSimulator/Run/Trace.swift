internal import MarbleCluster

/// The run's events: hashed all of them, the latest kept to be shown.
struct Trace {
    private static let tailCount = 60

    private var hash = Fingerprint()
    private var tail: [(time: VirtualNanoseconds, step: Int, item: Item)] = []
    private var oldest = 0
    private let onLine: ((String) -> Void)?

    enum Item {
        case event(SimulationEvent)
        /// What an event led to.
        case note(String)
    }

    init(onLine: ((String) -> Void)?) {
        self.onLine = onLine
    }

    var value: UInt64 { hash.value }

    mutating func add(_ event: SimulationEvent, at time: VirtualNanoseconds, step: Int) {
        hash.add(time, event.code, event.node ?? 0)
        if case .deliver(let batch, let from, _, _) = event {
            hash.add(from)
            for message in batch.messages { hash.add(message.fingerprint) }
        }
        keep(.event(event), time, step)
    }

    mutating func add(
        note: @autoclosure () -> String, at time: VirtualNanoseconds, step: Int
    ) {
        keep(.note(note()), time, step)
    }

    mutating func add(words: UInt64...) {
        for word in words { hash.add(word) }
    }

    private mutating func keep(_ item: Item, _ time: VirtualNanoseconds, _ step: Int) {
        if let onLine { onLine(Self.line(time, step, item)) }
        if tail.count < Self.tailCount {
            tail.append((time, step, item))
        } else {
            tail[oldest] = (time, step, item)
            oldest = (oldest + 1) % Self.tailCount
        }
    }

    var tailLines: [String] {
        (tail[oldest...] + tail[..<oldest]).map { Self.line($0.time, $0.step, $0.item) }
    }

    private static func line(_ time: VirtualNanoseconds, _ step: Int, _ item: Item) -> String {
        let microseconds = time / 1000
        let fraction = String(microseconds % 1000 + 1000).dropFirst()
        let head = "#\(step) \(microseconds / 1000).\(fraction)ms"
        switch item {
        case .event(let event): return "\(head)  \(event)"
        case .note(let note): return "\(head)    * \(note)"
        }
    }
}
