#if canImport(Glibc)
    import Glibc
#endif

/// The memory allocator of the process, as far as Flight's speed depends on it.
public enum FlightAllocator {
    /// glibc maps blocks of more than this from the system each time, whatever is free. Its maximum.
    private static let mappedByteCountMin = 32 << 20
    private static let growthByteCount = 16 << 20

    #if canImport(Glibc)
        private typealias SetOption = @convention(c) (CInt, CInt) -> CInt
        // `malloc.h`: M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD.
        private static let optionTrimThreshold: CInt = -1
        private static let optionTopPad: CInt = -2
        private static let optionMapThreshold: CInt = -3
    #endif

    /// Has the process keep freed memory instead of giving it back to the system at once.
    ///
    /// Messages of a megabyte come and go thousands of times a second; glibc's defaults return each of
    /// them to the system, and most of a receiver's time is then spent on page faults (measured: three
    /// times the system time, half the throughput). Call it once when a program starts. Only programs
    /// should, since it holds for the whole process. Does nothing where the C library isn't glibc.
    /// - Parameter byteCountMax: How much free memory at most is kept per arena. Bytes.
    public static func keepFreedMemory(byteCountMax: Int = 256 << 20) {
        #if canImport(Glibc)
            // The header with `mallopt` isn't part of the module `Glibc`.
            guard let program = dlopen(nil, RTLD_NOW), let symbol = dlsym(program, "mallopt") else {
                return
            }
            let mallopt = unsafeBitCast(symbol, to: SetOption.self)
            _ = mallopt(Self.optionMapThreshold, Int32(mappedByteCountMin))
            _ = mallopt(Self.optionTrimThreshold, Int32(clamping: byteCountMax))
            _ = mallopt(Self.optionTopPad, Int32(growthByteCount))
        #endif
    }
}
