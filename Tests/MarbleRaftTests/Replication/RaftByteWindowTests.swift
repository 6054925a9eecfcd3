import Testing

@testable import MarbleRaft

@Suite("Bytes in flight")
struct RaftByteWindowTests {
    @Test("Ranges leave in order, and their bytes with them, also around the ring's end")
    func addsAndReleases() {
        var window = RaftByteWindow()
        var next: RaftIndex = 0
        var released: RaftIndex = 0
        for round in 0..<50 {
            for _ in 0..<(round % 7 + 3) {
                next += 1
                window.add(lastIndex: next, byteCount: Int(next))
            }
            released = max(released, next - UInt64(round % 5))
            window.release(through: released)
            #expect(window.count == Int(next - released))
            #expect(window.byteCount == Int((released..<next).reduce(0) { $0 + $1 + 1 }))
        }
        window.removeAll()
        #expect(window.count == 0 && window.byteCount == 0)
    }
}
