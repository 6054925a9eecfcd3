import NIOCore
import NIOEmbedded
import Testing

@testable import MarbleFlight

struct ConnectionIdleTimerTests {
    /// A timer of 10 seconds, and the time.
    private final class Rig {
        let loop = EmbeddedEventLoop()
        private(set) var timer: ConnectionIdleTimer?
        private(set) var expiredCount = 0

        init() {
            timer = ConnectionIdleTimer(on: loop, limit: .seconds(10)) { [weak self] in
                self?.expiredCount += 1
            }
        }

        deinit {
            timer?.cancel()
        }

        func pass(seconds: Int64) {
            loop.advanceTime(by: .seconds(seconds))
        }
    }

    @Test func `without calls it expires once`() {
        let rig = Rig()
        rig.timer?.restart()
        rig.pass(seconds: 9)
        #expect(rig.expiredCount == 0)
        rig.pass(seconds: 1)
        #expect(rig.expiredCount == 1)
        rig.pass(seconds: 60)
        #expect(rig.expiredCount == 1)
    }

    @Test func `it runs anew from the end of each call`() {
        let rig = Rig()
        rig.timer?.restart()
        for _ in 0..<5 {
            rig.pass(seconds: 7)
            rig.timer?.pause()
            rig.timer?.restart()
        }
        rig.pass(seconds: 9)
        #expect(rig.expiredCount == 0)
        rig.pass(seconds: 1)
        #expect(rig.expiredCount == 1)
    }

    @Test func `while a call is open it doesn't expire`() {
        let rig = Rig()
        rig.timer?.restart()
        rig.pass(seconds: 5)
        rig.timer?.pause()
        rig.pass(seconds: 60)
        #expect(rig.expiredCount == 0)
        rig.timer?.restart()
        rig.pass(seconds: 9)
        #expect(rig.expiredCount == 0)
        rig.pass(seconds: 1)
        #expect(rig.expiredCount == 1)
    }

    @Test func `it ends with its connection`() {
        let rig = Rig()
        rig.timer?.restart()
        rig.timer?.cancel()
        rig.pass(seconds: 60)
        #expect(rig.expiredCount == 0)
    }
}
