import Testing

@testable import MarbleFlight

struct ConnectionSpreadTests {
    @Test func `calls one after the other stay on one connection`() {
        var spread = ConnectionSpread(smallCountMax: 4, bulkCountMax: 4)
        for _ in 0..<10 {
            let number = spread.begin(.small)
            #expect(number == 0)
            spread.end(at: number)
        }
        #expect(spread.openCount == 0)
    }

    @Test func `calls at the same time get further connections up to the limit, then share`() {
        var spread = ConnectionSpread(smallCountMax: 3, bulkCountMax: 1)
        #expect((0..<7).map { _ in spread.begin(.small) } == [0, 1, 2, 0, 1, 2, 0])
        #expect(spread.openCount == 7)
    }

    @Test func `a call goes where the fewest are open`() {
        var spread = ConnectionSpread(smallCountMax: 3, bulkCountMax: 1)
        for _ in 0..<6 { _ = spread.begin(.small) }
        spread.end(at: 1)
        #expect(spread.begin(.small) == 1)
        spread.end(at: 2)
        spread.end(at: 2)
        #expect(spread.begin(.small) == 2)
        #expect(spread.begin(.small) == 2)
    }

    @Test func `bulk goes apart from small calls`() {
        var spread = ConnectionSpread(smallCountMax: 1, bulkCountMax: 2)
        #expect(spread.begin(.small) == 0)
        #expect(spread.begin(.bulk) == 1)
        #expect(spread.begin(.bulk) == 2)
        #expect(spread.begin(.bulk) == 1)
        #expect(spread.begin(.small) == 0)
    }

    @Test func `without connections of its own bulk shares those of small calls`() {
        var spread = ConnectionSpread(smallCountMax: 1, bulkCountMax: 0)
        #expect(spread.begin(.bulk) == 0)
        #expect(spread.begin(.small) == 0)
    }

    @Test func `a connection of one event loop serves nobody else`() {
        var spread = ConnectionSpread(smallCountMax: 1, bulkCountMax: 1)
        #expect(spread.beginPinned() == 0)
        #expect(spread.begin(.small) == 1)
        spread.begin(at: 0)
        #expect(spread.begin(.small) == 1)
    }
}
