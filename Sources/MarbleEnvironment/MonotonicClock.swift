#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The port to time: it only moves forward, from an origin that means nothing.
package protocol MonotonicClock: Sendable {
    func nowNanoseconds() -> UInt64
}

/// The operating system's monotonic clock.
package struct SystemMonotonicClock: MonotonicClock {
    package init() {}

    package func nowNanoseconds() -> UInt64 {
        var time = timespec()
        let status = clock_gettime(CLOCK_MONOTONIC, &time)
        precondition(status == 0, "clock_gettime(CLOCK_MONOTONIC) failed: errno \(errno)")
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
