import Testing

@testable import MarbleFlight

/// When a peer is told that it may send more (RFC 9113, 6.9).
struct InboundWindowTests {
    @Test func `it is opened again once half is used up`() {
        var window = InboundWindow(100, target: 100)
        #expect(window.received(49) == true)
        #expect(window.takeIncrement() == nil)
        #expect(window.received(1) == true)
        #expect(window.takeIncrement() == 50)
        #expect(window.takeIncrement() == nil)
        #expect(window.received(100) == true)
        #expect(window.takeIncrement() == 100)
    }

    @Test func `what waits here keeps it shut`() {
        var window = InboundWindow(100, target: 100)
        #expect(window.received(60) == true)
        window.held(60)
        #expect(window.takeIncrement() == nil)
        window.taken(5)
        #expect(window.takeIncrement() == nil)
        window.taken(45)
        #expect(window.takeIncrement() == 50)
    }

    @Test func `more than it allows is seen`() {
        var window = InboundWindow(100, target: 100)
        #expect(window.received(100) == true)
        #expect(window.received(1) == false)
    }

    @Test func `other settings count at once`() {
        var window = InboundWindow(100, target: 20)
        window.changed(by: -80)
        #expect(window.takeIncrement() == nil)
        #expect(window.received(10) == true)
        #expect(window.takeIncrement() == 10)
    }

    @Test func `a window that is less than nothing is opened to the whole`() {
        var window = InboundWindow(100, target: 20)
        #expect(window.received(100) == true)
        window.changed(by: -80)
        #expect(window.takeIncrement() == 100)
    }

    @Test func `nothing may be sent even where there is less room than nothing`() {
        var window = InboundWindow(100, target: 20)
        window.held(90)
        #expect(window.received(90) == true)
        window.changed(by: -80)
        #expect(window.received(0) == true)
        #expect(window.received(1) == false)
    }

    @Test func `nothing is said to a peer that has ended`() {
        var window = InboundWindow(100, target: 100)
        #expect(window.received(100) == true)
        window.isClosed = true
        #expect(window.takeIncrement() == nil)
    }
}
