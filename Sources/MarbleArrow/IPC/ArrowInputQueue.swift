/// Bytes that have arrived in pieces and that are taken out in other pieces.
struct ArrowInputQueue {
    /// Smaller pieces are copied together, so that they don't each keep a large block alive.
    private static let copiedByteCountMax = 1024

    private var pieces: [ArrowBuffer] = []
    private var head = 0
    private var tail: ArrowMemory?

    /// How many bytes can be taken.
    private(set) var byteCount = 0

    mutating func append(_ piece: ArrowBuffer) {
        byteCount += piece.count
        if piece.count > Self.copiedByteCountMax {
            seal()
            pieces.append(piece)
        } else if piece.count > 0 {
            let memory = tail ?? ArrowMemory(capacity: Self.copiedByteCountMax)
            tail = memory
            piece.withUnsafeBytes { bytes in
                if let base = bytes.baseAddress { memory.append(base, count: bytes.count) }
            }
        }
    }

    /// Takes so many bytes, without a copy if they came in one piece; nil if there are fewer.
    mutating func take(_ count: Int) -> ArrowBuffer? {
        guard count <= byteCount else { return nil }
        if count == 0 { return .empty }
        seal()
        byteCount -= count
        if pieces[head].count >= count { return takeFromHead(count) }
        let joined = ArrowMemory(capacity: count)
        while joined.count < count {
            let part = takeFromHead(min(count - joined.count, pieces[head].count))
            part.withUnsafeBytes { bytes in
                if let base = bytes.baseAddress { joined.append(base, count: bytes.count) }
            }
        }
        return joined.buffer()
    }

    /// The next four bytes as a number, without taking them; nil if there are fewer.
    mutating func peek() -> UInt32? {
        guard let bytes = take(4) else { return nil }
        pieces.insert(bytes, at: head)
        byteCount += 4
        return bytes.load(UInt32.self, at: 0)
    }

    private mutating func takeFromHead(_ count: Int) -> ArrowBuffer {
        let piece = pieces[head]
        if count < piece.count {
            pieces[head] = piece.slice(offset: count, count: piece.count - count)
            return piece.slice(offset: 0, count: count)
        }
        head += 1
        if head == pieces.count {
            pieces.removeAll(keepingCapacity: true)
            head = 0
        }
        return piece
    }

    private mutating func seal() {
        guard let memory = tail else { return }
        pieces.append(memory.buffer())
        tail = nil
    }
}
