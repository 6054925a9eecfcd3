/// Whether what views point to is valid UTF-8, each byte looked at once however many views share it.
///
/// Views of one buffer that overlap are joined. The joined bytes are valid exactly if all of their
/// views are, as long as each of these begins and ends between two characters.
struct ArrowViewedText {
    private struct Piece {
        let buffer: Int
        let start: Int
        var end: Int
    }

    private let array: ArrowArray

    /// Trusts that the views of the array point into their buffers.
    init(_ array: ArrowArray) {
        self.array = array
    }

    /// What is wrong with the text, or nil if it is valid.
    var flaw: String? {
        var pieces: [Piece] = []
        for row in 0..<array.length where !array.isNullUnchecked(row) {
            let place = array.valuesBase + (array.offset + row) * ArrowView.byteCount
            let view = ArrowView(place)
            if view.count > ArrowView.inlineCountMax {
                pieces.append(
                    Piece(buffer: view.buffer, start: view.offset, end: view.offset + view.count))
            } else if !UTF8Check.isValid(
                UnsafeRawBufferPointer(start: place + 4, count: view.count))
            {
                return "is text, but its value in row \(row) is not valid UTF-8"
            }
        }
        defer { withExtendedLifetime(array.owner) {} }
        return areValid(pieces) ? nil : "is text, but a value of it is not valid UTF-8"
    }

    private func areValid(_ pieces: [Piece]) -> Bool {
        let sorted = pieces.sorted { ($0.buffer, $0.start) < ($1.buffer, $1.start) }
        guard var joined = sorted.first else { return true }
        for piece in sorted.dropFirst() {
            if piece.buffer == joined.buffer && piece.start < joined.end {
                joined.end = max(joined.end, piece.end)
            } else {
                guard isValid(joined) else { return false }
                joined = piece
            }
        }
        guard isValid(joined) else { return false }
        return sorted.allSatisfy { beginsCharacter($0.buffer, $0.start) && endsCharacter($0) }
    }

    private func isValid(_ piece: Piece) -> Bool {
        let base = array.viewedBuffers[piece.buffer].base + piece.start
        return UTF8Check.isValid(
            UnsafeRawBufferPointer(start: base, count: piece.end - piece.start))
    }

    /// Whether a byte that is there is not one inside of a character.
    private func beginsCharacter(_ buffer: Int, _ position: Int) -> Bool {
        let base = array.viewedBuffers[buffer].base
        return UTF8Check.beginsCharacter(base.load(fromByteOffset: position, as: UInt8.self))
    }

    /// Whether the last character that begins in a piece of valid text ends in it, too.
    private func endsCharacter(_ piece: Piece) -> Bool {
        let base = array.viewedBuffers[piece.buffer].base
        var last = piece.end - 1
        while last > piece.start && !beginsCharacter(piece.buffer, last) { last -= 1 }
        let lead = base.load(fromByteOffset: last, as: UInt8.self)
        let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        return last + length == piece.end
    }
}
