#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Says which seeds were running when the process traps: a broken invariant within the product's
/// own code ends the process before any report is made.
enum SeedsAtTraps {
    private static let slotCount = 256

    /// Seeds that run, each plus 1; 0 for a free slot. Unsafe: a signal handler can take no lock.
    /// A slot is written by one run at a time, as long as fewer than `slotCount` are under way.
    nonisolated(unsafe) private static let slots: UnsafeMutablePointer<UInt64> = {
        let slots = UnsafeMutablePointer<UInt64>.allocate(capacity: slotCount)
        slots.initialize(repeating: 0, count: slotCount)
        return slots
    }()

    static func begin(_ seed: UInt64) { slots[slot(seed)] = seed &+ 1 }

    static func end(_ seed: UInt64) { slots[slot(seed)] = 0 }

    private static func slot(_ seed: UInt64) -> Int { Int(seed % UInt64(slotCount)) }

    static func install() {
        _ = slots
        for number in [SIGILL, SIGTRAP] {
            signal(number) { number in
                SeedsAtTraps.say()
                // The instruction is tried again, and ends the process as it would have.
                signal(number, SIG_DFL)
            }
        }
    }

    private static func say() {
        write("\nmarble-sim: an invariant within the product trapped; run these seeds one by one:")
        for slot in 0..<slotCount where slots[slot] != 0 {
            write(" --seed ")
            write(slots[slot] &- 1)
        }
        write("\n")
    }

    private static func write(_ text: StaticString) {
        writeBytes(text.utf8Start, text.utf8CodeUnitCount)
    }

    private static func write(_ number: UInt64) {
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            var digit = UInt8(ascii: "0") + UInt8(number / divisor % 10)
            writeBytes(&digit, 1)
            divisor /= 10
        }
    }

    /// There is nobody left to tell of a failure.
    private static func writeBytes(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        #if canImport(Glibc)
            _ = Glibc.write(2, bytes, count)
        #elseif canImport(Musl)
            _ = Musl.write(2, bytes, count)
        #elseif canImport(Darwin)
            _ = Darwin.write(2, bytes, count)
        #endif
    }
}
