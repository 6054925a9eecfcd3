import MarbleCluster
import MarbleRaft
import NIOCore

/// An entry with a text for its payload; the text tells index and term unless one is given.
func entry(_ index: RaftIndex, term: RaftTerm, _ text: String? = nil) -> RaftEntry {
    RaftEntry(
        index: index, term: term, kind: .command,
        payload: ByteBuffer(string: text ?? "\(index) of \(term)"))
}

func entries(_ range: ClosedRange<RaftIndex>, term: RaftTerm) -> [RaftEntry] {
    range.map { entry($0, term: term) }
}

/// Every copy of the bytes that differs in one bit.
func flips(of bytes: [UInt8]) -> some Sequence<[UInt8]> {
    (0..<bytes.count * 8).lazy.map { position in
        var copy = bytes
        copy[position / 8] ^= 1 << UInt8(position % 8)
        return copy
    }
}
