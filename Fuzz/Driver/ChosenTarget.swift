import Foundation

/// The target that the environment names.
enum ChosenTarget {
    static let target: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["MARBLE_FUZZ_TARGET"] ?? ""
        guard let target = FuzzTarget.named(name) else {
            print("MARBLE_FUZZ_TARGET must be one of:")
            for target in FuzzTarget.all { print(target.name) }
            exit(2)
        }
        return target
    }()
}

/// What libFuzzer calls for each input. Its own `main`, which is linked too, knows it by this name.
@_cdecl("LLVMFuzzerTestOneInput")
func takeInput(_ start: UnsafePointer<UInt8>?, _ byteCount: Int) -> CInt {
    _ = ChosenTarget.target.run(UnsafeRawBufferPointer(start: start, count: byteCount))
    return 0
}
