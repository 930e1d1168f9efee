import Glibc
import MCFacade
import MCTransport
import Testing

extension FacadeTests {
    /// A process that has no descriptors left waits without effort, and goes on when it has. Each in a
    /// process of its own.
    @Suite struct DescriptorLimit {
        @Test func listeningOverTCP() async {
            await #expect(processExitsWith: .success) {
                try AtTheLimit.listening(at: "tcp://127.0.0.1:*")
            }
        }

        @Test func listeningOverIPC() async {
            await #expect(processExitsWith: .success) { try AtTheLimit.listening(at: "ipc://*") }
        }

        @Test func dialling() async {
            await #expect(processExitsWith: .success) { try AtTheLimit.dialling() }
        }

        @Test func making() async {
            await #expect(processExitsWith: .success) { try AtTheLimit.making() }
        }
    }
}

/// What the processes do.
private enum AtTheLimit {
    /// Every descriptor that the process may still have, but for some.
    private final class Fillers {
        private var numbers: [Int32] = []

        init(but count: Int = 0) {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = 256
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            // Twice, because the process may just be giving some back.
            for _ in 0..<2 {
                while case let number = dup(0), number >= 0 { numbers.append(number) }
                precondition(errno == EMFILE)
                pause(20)
            }
            for _ in 0..<count { close(numbers.removeLast()) }
        }

        func release() {
            for number in numbers { close(number) }
            numbers = []
        }
    }

    private static func processorMilliseconds(resting milliseconds: Int) -> Double {
        let before = clock()
        pause(milliseconds)
        return Double(clock() - before) * 1000 / Double(CLOCKS_PER_SEC)
    }

    private static func expect(_ pull: PullSocket, _ expected: String) throws {
        let text = try pull.text()
        precondition(text == expected, "\(text) is not \(expected)")
    }

    static func listening(at text: String) throws {
        alarm(30)
        let context = Context()
        let pull = try PullSocket(context: context, options: .test)
        let endpoint = try pull.bind(text)
        let push = try PushSocket(context: context, options: .test)
        try push.connect(endpoint)
        try push.send("before")
        try expect(pull, "before")
        let monitor = pull.monitor()
        for _ in 0..<3 {
            let fillers = Fillers(but: 1)
            // The last one is the peer's; nothing is left for this end.
            let peer = try RawPeer.connect(to: endpoint)
            let used = processorMilliseconds(resting: 600)
            precondition(used < 60, "\(used) ms at the limit")
            var failures = 0
            while let event = monitor.tryNext() {
                if event.kind == .acceptFailed {
                    precondition(event.value == Int(EMFILE))
                    precondition(event.reason?.code == .tooManyDescriptors)
                    failures += 1
                }
            }
            // One every tenth of a second.
            precondition((2...10).contains(failures), "\(failures)")
            // Who is connected notices nothing.
            for index in 0..<100 {
                try push.send("\(index)")
                try expect(pull, "\(index)")
            }
            fillers.release()
            try peer.shakeHands(as: "PUSH")
            try peer.send(frame: bytes("waited"))
            try expect(pull, "waited")
            // Its descriptors are to be back before the next round counts.
            peer.link.close()
            while monitor.next(timeoutMilliseconds: patience)?.kind != .disconnected {}
            pause(20)
        }
        context.close()
    }

    static func dialling() throws {
        alarm(30)
        let context = Context()
        let pull = try PullSocket(context: context, options: .test)
        let endpoint = try pull.bind("tcp://127.0.0.1:*")
        let push = try PushSocket(
            context: context, options: .test { $0.reconnectIntervalMilliseconds = 50 })
        let monitor = push.monitor()
        let fillers = Fillers()
        try push.connect(endpoint)
        let event = monitor.next(timeoutMilliseconds: patience)
        precondition(event?.kind == .connectRetried)
        precondition(event?.reason?.code == .tooManyDescriptors)
        precondition(event?.reason?.number == EMFILE)
        let used = processorMilliseconds(resting: 500)
        precondition(used < 60, "\(used) ms at the limit")
        fillers.release()
        try push.send("late")
        try expect(pull, "late")
        context.close()
    }

    static func making() throws {
        alarm(30)
        let context = Context()
        for count in [0, 1, 0, 1] {
            let fillers = Fillers(but: count)
            do throws(SocketError) {
                _ = try PullSocket(context: context, options: .test)
                preconditionFailure("a socket without descriptors")
            } catch {
                precondition(error.code == .tooManyDescriptors && error.number == EMFILE)
            }
            fillers.release()
        }
        let pull = try PullSocket(context: context, options: .test)
        let fillers = Fillers()
        for text in ["tcp://127.0.0.1:*", "ipc://*"] {
            do throws(SocketError) {
                try pull.bind(text)
                preconditionFailure("bound without a descriptor")
            } catch {
                precondition(error.code == .tooManyDescriptors && error.number == EMFILE)
            }
        }
        fillers.release()
        let push = try PushSocket(context: context, options: .test)
        try push.connect(try pull.bind("ipc://*"))
        try push.send("x")
        try expect(pull, "x")
        context.close()
    }
}
