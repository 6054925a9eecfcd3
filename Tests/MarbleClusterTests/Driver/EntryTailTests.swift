import MarbleRaft
import NIOCore
import Testing

@testable import MarbleCluster

@Suite("EntryTail")
struct EntryTailTests {
    private func tail(_ range: ClosedRange<RaftIndex>) -> EntryTail {
        var tail = EntryTail(after: range.lowerBound - 1)
        for entry in entries(range, term: 1) { tail.append(entry) }
        return tail
    }

    private func copy(
        _ tail: EntryTail, _ first: RaftIndex, _ last: RaftIndex, _ byteCountMax: Int = .max
    ) -> [RaftIndex]? {
        var output: [RaftEntry] = []
        guard
            let copied = tail.copy(
                first, through: last, byteCountMax: byteCountMax, into: &output)
        else {
            #expect(output.isEmpty)
            return nil
        }
        #expect(copied.last == output.last?.index)
        #expect(copied.byteCount == output.reduce(0) { $0 + $1.payload.readableBytes })
        return output.map(\.index)
    }

    @Test func `an empty tail holds nothing and knows what comes next`() {
        let tail = EntryTail(after: 4)
        #expect(tail.firstIndex == 5)
        #expect(tail.endIndex == 5)
        #expect(tail.byteCount == 0)
        #expect(tail[5] == nil)
        #expect(copy(tail, 5, 9) == nil)
    }

    @Test func `entries are found by their index`() {
        let tail = tail(5...8)
        #expect(tail.endIndex == 9)
        #expect((4...9).map { tail[$0]?.index } == [nil, 5, 6, 7, 8, nil])
    }

    @Test func `a copy has what is asked for as far as it is held`() {
        let tail = tail(5...8)
        #expect(copy(tail, 5, 8) == [5, 6, 7, 8])
        #expect(copy(tail, 6, 7) == [6, 7])
        #expect(copy(tail, 8, 100) == [8])
        #expect(copy(tail, 4, 6) == nil)
        #expect(copy(tail, 9, 9) == nil)
        #expect(copy(tail, 7, 6) == nil)
    }

    @Test func `a copy stops at its byte limit but has one entry`() {
        var tail = EntryTail(after: 0)
        for index: RaftIndex in 1...4 { tail.append(entry(index, term: 1, "0123456789")) }
        #expect(copy(tail, 1, 4, 0) == [1])
        #expect(copy(tail, 1, 4, 19) == [1])
        #expect(copy(tail, 1, 4, 20) == [1, 2])
        #expect(copy(tail, 2, 3, 1000) == [2, 3])
    }

    @Test func `a truncated tail ends there and weighs less`() {
        var tail = tail(5...8)
        let full = tail.byteCount
        tail.truncate(from: 9)
        #expect(tail.byteCount == full)
        tail.truncate(from: 7)
        #expect(tail.endIndex == 7)
        #expect(tail.byteCount == self.tail(5...6).byteCount)
        tail.append(entry(7, term: 2))
        #expect(tail[7]?.term == 2)
        tail.truncate(from: 5)
        #expect(tail.endIndex == 5)
        #expect(tail.byteCount == 0)
    }

    @Test func `a tail truncated before its beginning goes on from there`() {
        var tail = tail(5...8)
        tail.truncate(from: 3)
        #expect(tail.firstIndex == 3)
        #expect(tail.endIndex == 3)
        #expect(tail.byteCount == 0)
        tail.append(entry(3, term: 2))
        #expect(tail.endIndex == 4)
    }

    @Test func `the oldest entries go first and only as far as allowed`() {
        var tail = tail(1...8)
        let each = tail.byteCount / 8
        tail.evict(through: 8, byteCountMax: tail.byteCount)
        #expect(tail.firstIndex == 1)
        tail.evict(through: 8, byteCountMax: 5 * each)
        #expect(tail.firstIndex == 4)
        #expect(tail.byteCount == 5 * each)
        tail.evict(through: 5, byteCountMax: 0)
        #expect(tail.firstIndex == 6)
        #expect(tail.endIndex == 9)
        tail.evict(through: 100, byteCountMax: 0)
        #expect(tail.firstIndex == 9)
        #expect(tail.byteCount == 0)
        tail.append(entry(9, term: 1))
    }

    @Test func `a reset tail is empty after the index`() {
        var tail = tail(1...8)
        tail.reset(after: 20)
        #expect(tail.firstIndex == 21)
        #expect(tail.endIndex == 21)
        #expect(tail.byteCount == 0)
    }
}
