private import Glibc

/// Moves messages along one path of the library and prints what each round of them cost, for the
/// tests that hold the library to its budgets.
///
/// A program of its own, because it counts with functions in place of the C library's. Both ends of
/// a path are in it: inproc has no other way, and a receiver's wake-up is its sender's call.
@main
struct CallMeter {
    static func main() {
        let words = Array(CommandLine.arguments.dropFirst())
        if words == ["self-test"] { return selfTest() }
        guard let path = Path(words) else {
            print("usage: CallMeter PATH TRANSPORT BYTES, or CallMeter self-test; PATH is one of")
            for name in Path.Name.allCases { print("  \(name.rawValue)") }
            print("round trips also with \"-turns\" or \"-asleep\" behind")
            exit(64)
        }
        do {
            try path.measure()
        } catch {
            fail("\(path.name.rawValue): \(error)")
        }
    }
}

/// Ends the program at once: other threads may be in the middle of something.
func fail(_ why: String) -> Never {
    print("error: \(why)")
    fflush(nil)
    _exit(1)
}
