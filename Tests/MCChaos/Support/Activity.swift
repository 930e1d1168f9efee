import Glibc
import MCLock
import MCTestSupport

/// What a thread is doing, for whoever looks why nothing goes on.
///
/// Every call that may wait is announced with the time that it may take. A watchdog ends the process when
/// one has taken longer, and says what all threads were doing.
///
/// - Thread rule: one thread announces; any may look.
final class Activity: Sendable {
    private struct Deed: Sendable {
        var what = "nothing yet"
        var began = 0.0
        var deadline = Double.infinity
    }

    private static let all = Locked<[ObjectIdentifier: Activity]>([:])

    let name: String
    private let deed = Locked(Deed())

    init(_ name: String) {
        self.name = name
        Activity.all.withLock { $0[ObjectIdentifier(self)] = self }
    }

    /// The thread has ended.
    func leave() { Activity.all.withLock { $0[ObjectIdentifier(self)] = nil } }

    /// What the thread does from now on, and in how many seconds it must be over.
    func begin(_ what: @autoclosure () -> String, within seconds: Double = .infinity) {
        let text = what()
        let began = now()
        deed.withLock { $0 = Deed(what: text, began: began, deadline: began + seconds) }
    }

    /// What it has begun is over.
    func end() { deed.withLock { $0.deadline = .infinity } }

    // MARK: Looking

    /// Looks at all threads for as long as the process lives.
    static func startWatchdog() {
        startThread {
            while true {
                usleep(500_000)
                guard let late = firstLate() else { continue }
                say("failed hang: \(late)")
                dump()
                // The backtracer shows all threads.
                abort()
            }
        }
    }

    private static func firstLate() -> String? {
        let time = now()
        for activity in all.withLock({ Array($0.values) }) {
            let deed = activity.deed.withLock { $0 }
            if time > deed.deadline {
                return "\(activity.name) has been at \"\(deed.what)\" for \(time - deed.began) s"
            }
        }
        return nil
    }

    /// Says what everybody does.
    static func dump() {
        let time = now()
        let lines = all.withLock { Array($0.values) }.map { activity in
            let deed = activity.deed.withLock { $0 }
            let state = deed.deadline == .infinity ? "after" : "in"
            return "note \(activity.name): \(state) \"\(deed.what)\" for \(time - deed.began) s"
        }
        for line in lines.sorted() { say(line) }
    }
}

/// Prints a line for the test that started this process, at once.
func say(_ line: String) {
    print(line)
    fflush(nil)
}
