import Glibc
import MCommSupport
import Testing

@Suite struct `Child processes` {
    private func shell(_ script: String) throws -> ChildProcess {
        try ChildProcess(executable: "/bin/sh", arguments: ["-c", script])
    }

    private func deadline(_ milliseconds: UInt64) -> UInt64 {
        Clock.nanoseconds() + milliseconds * 1_000_000
    }

    @Test func `lines of several children, their ends and statuses`() throws {
        var group = ChildGroup()
        group.add(try shell("read x; echo got $x; exit 3"))
        group.add(try shell("echo two; kill -9 $$"))
        #expect(group.children[0].send("word"))
        var lines: Set<String> = []
        var ended: Set<Int> = []
        while ended.count < 2 {
            switch group.next(until: deadline(20_000)) {
            case .line(let child, let text): lines.insert("\(child): \(text)")
            case .ended(let child): ended.insert(child)
            case .deadline:
                Issue.record("the children neither wrote nor ended")
                return
            }
        }
        #expect(lines == ["0: got word", "1: two"])
        #expect(group.children[0].wait(until: deadline(10_000)) == 3)
        #expect(group.children[1].wait(until: deadline(10_000)) == 128 + SIGKILL)
    }

    @Test func `a child that hangs is not waited for longer than asked, and can be killed`() throws
    {
        let child = try shell("exec sleep 1000")
        #expect(child.wait(until: deadline(20)) == nil)
        var group = ChildGroup()
        group.add(child)
        guard case .deadline = group.next(until: deadline(20)) else {
            Issue.record("a silent child made an event")
            return
        }
        let identifier = child.identifier
        child.kill()
        #expect(child.wait(until: 0) == 128 + SIGKILL)
        #expect(kill(identifier, 0) == -1)
    }

    @Test func `a child that goes out of scope is gone`() throws {
        var identifier: Int32 = 0
        do {
            let child = try shell("exec sleep 1000")
            identifier = child.identifier
        }
        #expect(kill(identifier, 0) == -1)
    }

    @Test func `what cannot be started is an error`() {
        #expect(throws: ChildProcess.SpawnError.self) {
            try ChildProcess(executable: "/no/such/program", arguments: [])
        }
    }
}
