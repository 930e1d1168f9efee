import Glibc

// The fuzzers: everything that reads bytes of a stranger, driven by libFuzzer with coverage and
// AddressSanitizer. Built and run by Tools/Scripts/fuzz, from the corpus beside this folder; no
// part of an ordinary build.

/// The parser under test, by the environment variable MC_FUZZ_PARSER.
private let parser: @Sendable ([UInt8]) -> Void = {
    // Safe because the environment is not changed, and the text is copied.
    let name = unsafe getenv("MC_FUZZ_PARSER").map { unsafe String(cString: $0) } ?? "frames"
    switch name {
    case "frames": return fuzzFrames
    case "handshake": return fuzzHandshake
    case "commands": return fuzzCommands
    case "tensors": return fuzzTensorHeaders
    case "endpoints": return fuzzEndpoints
    case "socks": return fuzzSOCKS
    default:
        print("MC_FUZZ_PARSER: there is no '\(name)'")
        exit(64)
    }
}()

/// Called by libFuzzer with each input.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Safe because libFuzzer lends `count` bytes for the call.
    parser(unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

/// A broken promise: ends the process, which libFuzzer reports with the input.
func require(_ holds: Bool, _ promise: String) {
    if !holds { fatalError(promise) }
}
