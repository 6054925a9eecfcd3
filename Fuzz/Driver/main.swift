// Runs one target under libFuzzer: `MARBLE_FUZZ_TARGET=name marble-fuzz [libFuzzer's options]`.
// Built by `Scripts/fuzz.sh`, which knows the options of the compiler.

/// libFuzzer's entry point for programs that have a `main` of their own.
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ takeInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

var argumentCount = CommandLine.argc
var arguments = CommandLine.unsafeArgv
_ = ChosenTarget.target
_ = runFuzzer(&argumentCount, &arguments) { takeInput($0, $1) }
