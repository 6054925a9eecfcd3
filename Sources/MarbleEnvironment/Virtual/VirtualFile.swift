/// A file's contents on a virtual disk: what a crash leaves, what is only written, and the
/// difference.
struct VirtualFile: Sendable {
    enum Change: Sendable {
        case write(offset: Int, bytes: [UInt8])
        case resize(Int)
    }

    static let sectorByteCount = 512

    private(set) var current: [UInt8] = []
    private var durable: [UInt8] = []
    private var unsynced: [Change] = []
    var openCount = 0

    mutating func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        Self.apply(bytes, at: offset, to: &current)
        unsynced.append(.write(offset: offset, bytes: Array(bytes)))
    }

    mutating func resize(to byteCount: Int) {
        Self.resize(&current, to: byteCount)
        unsynced.append(.resize(byteCount))
    }

    mutating func sync() {
        for change in unsynced {
            switch change {
            case .write(let offset, let bytes):
                bytes.withUnsafeBytes { Self.apply($0, at: offset, to: &durable) }
            case .resize(let byteCount): Self.resize(&durable, to: byteCount)
            }
        }
        unsynced.removeAll()
    }

    /// The system forgets what it should have written, and goes on showing it.
    mutating func failSync() { unsynced.removeAll() }

    mutating func crash(_ crash: VirtualCrash, _ random: inout some RandomSource) {
        switch crash {
        case .losesUnsynced: unsynced.removeAll()
        case .keepsUnsynced: sync()
        case .tearsUnsynced: tear(&random)
        }
        current = durable
    }

    private mutating func tear(_ random: inout some RandomSource) {
        for change in unsynced {
            let fate = random.next(below: 3)
            guard fate > 0 else { continue }
            switch change {
            case .resize(let byteCount): Self.resize(&durable, to: byteCount)
            case .write(let offset, let bytes):
                bytes.withUnsafeBytes { bytes in
                    if fate == 1 {
                        Self.apply(bytes, at: offset, to: &durable)
                    } else {
                        tear(bytes, at: offset, &random)
                    }
                }
            }
        }
        unsynced.removeAll()
    }

    private mutating func tear(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, _ random: inout some RandomSource
    ) {
        var start = 0
        while start < bytes.count {
            let sectorEnd =
                ((offset + start) / Self.sectorByteCount + 1) * Self.sectorByteCount - offset
            let end = min(sectorEnd, bytes.count)
            if random.chance(1, in: 2) {
                let sector = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                Self.apply(sector, at: offset + start, to: &durable)
            }
            start = end
        }
    }

    /// Changes bits of what is durable, as a decaying disk does.
    mutating func flip(at offset: Int, mask: UInt8) {
        if offset < durable.count { durable[offset] ^= mask }
        if offset < current.count { current[offset] ^= mask }
    }

    private static func apply(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, to target: inout [UInt8]
    ) {
        guard !bytes.isEmpty else { return }
        let end = offset + bytes.count
        if end > target.count { resize(&target, to: end) }
        target.withUnsafeMutableBytes {
            UnsafeMutableRawBufferPointer(rebasing: $0[offset..<end]).copyMemory(from: bytes)
        }
    }

    private static func resize(_ target: inout [UInt8], to byteCount: Int) {
        if byteCount < target.count {
            target.removeLast(target.count - byteCount)
        } else {
            target.append(contentsOf: repeatElement(0, count: byteCount - target.count))
        }
    }
}
