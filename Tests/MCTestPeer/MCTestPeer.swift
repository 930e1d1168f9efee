import Glibc
import MCFacade

/// One end of a connection in a process of its own, for tests that kill it, count what it got, or
/// let it exit.
@main
struct MCTestPeer {
    static func main() {
        print("usage: MCTestPeer COMMAND ARGUMENTS…")
        exit(64)
    }
}
