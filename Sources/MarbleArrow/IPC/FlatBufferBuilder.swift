/// Writes a FlatBuffer of tables, strings and vectors, from its end to its beginning: what is
/// pointed to is written before what points to it. Positions are counted from the end.
struct FlatBufferBuilder {
    /// Where something lies: the count of bytes from its beginning to the buffer's end.
    struct Reference {
        fileprivate let position: Int
    }

    /// The bytes, last one first.
    private var reversed: [UInt8] = []
    private var fields: [(slot: Int, position: Int)] = []
    private var tableEnd = 0

    /// Writes a string with its terminating zero.
    mutating func string(_ text: String) -> Reference {
        let utf8 = Array(text.utf8)
        pad(to: 4, before: utf8.count + 1)
        reversed.append(0)
        reversed.append(contentsOf: utf8.reversed())
        push(UInt32(utf8.count))
        return Reference(position: reversed.count)
    }

    /// Writes a vector of offsets.
    mutating func vector(_ elements: [Reference]) -> Reference {
        pad(to: 4, before: elements.count * 4)
        for element in elements.reversed() { push(element) }
        push(UInt32(elements.count))
        return Reference(position: reversed.count)
    }

    /// Writes a vector of numbers.
    mutating func vector<Number: FixedWidthInteger>(numbers: [Number]) -> Reference {
        let width = MemoryLayout<Number>.size
        pad(to: max(4, width), before: numbers.count * width)
        for number in numbers.reversed() { push(number) }
        push(UInt32(numbers.count))
        return Reference(position: reversed.count)
    }

    /// Writes a vector of structs of two 64-bit numbers each.
    mutating func vector(ofPairs pairs: [(Int64, Int64)]) -> Reference {
        pad(to: 8, before: pairs.count * 16)
        for (first, second) in pairs.reversed() {
            push(second)
            push(first)
        }
        push(UInt32(pairs.count))
        return Reference(position: reversed.count)
    }

    /// Writes a vector of a file's blocks.
    mutating func vector(blocks: [ArrowFileBlock]) -> Reference {
        pad(to: 8, before: blocks.count * ArrowFileFormat.blockByteCount)
        for block in blocks.reversed() {
            push(block.bodyByteCount)
            push(UInt32(0))
            push(block.metadataByteCount)
            push(block.offset)
        }
        push(UInt32(blocks.count))
        return Reference(position: reversed.count)
    }

    /// Writes a table, whose fields `body` adds.
    mutating func table(_ body: (inout FlatBufferBuilder) -> Void) -> Reference {
        fields.removeAll(keepingCapacity: true)
        tableEnd = reversed.count
        body(&self)
        pad(to: 4, before: 0)
        push(Int32(0))
        let table = reversed.count
        let slotCount = (fields.map(\.slot).max() ?? -1) + 1
        var entries = [UInt16](repeating: 0, count: slotCount)
        for field in fields { entries[field.slot] = UInt16(table - field.position) }
        for entry in entries.reversed() { push(entry) }
        push(UInt16(table - tableEnd))
        push(UInt16(4 + slotCount * 2))
        // The table begins with the distance back to its vtable, which lies right before it.
        let distance = UInt32(reversed.count - table)
        for byte in 0..<4 {
            reversed[table - 1 - byte] = UInt8(truncatingIfNeeded: distance >> (8 * UInt32(byte)))
        }
        return Reference(position: table)
    }

    /// Adds a number to the table that is being written.
    mutating func add<Number: FixedWidthInteger>(_ slot: Int, _ number: Number) {
        push(number)
        fields.append((slot, reversed.count))
    }

    /// Adds an offset to the table that is being written.
    mutating func add(_ slot: Int, _ reference: Reference) {
        push(reference)
        fields.append((slot, reversed.count))
    }

    /// The finished bytes, with the offset of the root table at their beginning; their count is a
    /// multiple of 8.
    mutating func finish(root: Reference) -> [UInt8] {
        pad(to: 8, before: 4)
        push(root)
        return reversed.reversed()
    }

    private mutating func push(_ reference: Reference) {
        pad(to: 4, before: 0)
        push(UInt32(reversed.count + 4 - reference.position))
    }

    private mutating func push<Number: FixedWidthInteger>(_ number: Number) {
        pad(to: MemoryLayout<Number>.size, before: 0)
        withUnsafeBytes(of: number.bigEndian) { reversed.append(contentsOf: $0) }
    }

    /// Pads so that after `count` more bytes the position is a multiple of `alignment`.
    private mutating func pad(to alignment: Int, before count: Int) {
        while (reversed.count + count) % alignment != 0 { reversed.append(0) }
    }
}
