/// Time since the start of a run, or a span of it. No clock of this machine is ever asked.
package typealias VirtualNanoseconds = UInt64

extension VirtualNanoseconds {
    static func microseconds(_ count: UInt64) -> VirtualNanoseconds { count * 1_000 }
    static func milliseconds(_ count: UInt64) -> VirtualNanoseconds { count * 1_000_000 }
    static func seconds(_ count: UInt64) -> VirtualNanoseconds { count * 1_000_000_000 }
}
