import Testing

@testable import MarbleFlight

/// When a peer is told that it may send more (RFC 9113, 6.9).
struct InboundWindowTests {
    @Test func `it is opened again once half is used up`() {
        var window = InboundWindow(target: 100)
        #expect(window.changed(to: 99) == nil)
        #expect(window.changed(to: 51) == nil)
        #expect(window.changed(to: 50) == 50)
        #expect(window.changed(to: 0) == 100)
    }

    @Test func `what waits here keeps it shut`() {
        var window = InboundWindow(target: 100)
        window.held(60)
        #expect(window.changed(to: 40) == nil)
        #expect(window.taken(5) == nil)
        #expect(window.taken(45) == 50)
        #expect(window.changed(to: 90) == nil)
        #expect(window.taken(10) == nil)
    }

    @Test func `a window that is less than nothing is opened to the whole`() {
        var window = InboundWindow(target: 100)
        #expect(window.changed(to: -20) == 120)
    }

    @Test func `other settings count from the first change on`() {
        var window = InboundWindow(target: 100)
        #expect(window.changed(by: -80) == nil)
        #expect(window.changed(to: 100) == nil)
        #expect(window.changed(by: -80) == 80)
    }

    @Test func `nothing is said to a peer that has ended`() {
        var window = InboundWindow(target: 100)
        window.isClosed = true
        #expect(window.changed(to: 0) == nil)
    }
}
