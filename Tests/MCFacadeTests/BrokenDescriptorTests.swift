import Dispatch
import Glibc
import MCFacade
import MCTestSupport
import Synchronization
import Testing

extension FacadeTests {
    /// Other code of the process closes descriptors that are not its own. Each in a process of its own,
    /// which a hang ends.
    @Suite struct BrokenDescriptors {
        @Test func anAcceptedOne() async {
            await #expect(processExitsWith: .success) { try Broken.accepted() }
        }

        @Test func aDialledOne() async {
            await #expect(processExitsWith: .success) { try Broken.dialled() }
        }

        @Test func oneThatIsOpenTwice() async {
            await #expect(processExitsWith: .success) { try Broken.openTwice(callback: false) }
        }

        @Test func oneThatIsOpenTwiceInTheBackground() async {
            await #expect(processExitsWith: .success) { try Broken.openTwice(callback: true) }
        }

        @Test func oneInAHandshake() async {
            await #expect(processExitsWith: .success) { try Broken.inHandshake() }
        }

        @Test func aSilentOneWithHeartbeats() async {
            await #expect(processExitsWith: .success) { try Broken.heartbeat() }
        }

        @Test func aListener() async {
            await #expect(processExitsWith: .success) { try Broken.listener() }
        }

        @Test func aListenerThatIsOpenTwice() async {
            await #expect(processExitsWith: .success) { try Broken.listenerOpenTwice() }
        }

        @Test func theSetsOfEpoll() async {
            await #expect(processExitsWith: .success) { try Broken.epoll() }
        }

        @Test func theOnesThatWake() async {
            await #expect(processExitsWith: .success) { try Broken.eventfd() }
        }

        @Test func anyOfThem() async {
            await #expect(processExitsWith: .success) { try Broken.anything() }
        }
    }
}

/// What the processes do.
private enum Broken {
    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }

    /// What was there before our first context: of the test's own machinery.
    private static let foreign: Set<Int32> = {
        // Which has a descriptor of its own from the first timer on.
        let done = DispatchSemaphore(value: 0)
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.01) { done.signal() }
        done.wait()
        return Set((0..<1024).filter { fcntl($0, F_GETFD) >= 0 })
    }()

    /// Our descriptors of a kind, by what the kernel calls them.
    private static func descriptors(_ kind: String) -> [Int32] {
        (3..<1024).filter { number in
            var text = [CChar](repeating: 0, count: 64)
            let count = readlink("/proc/self/fd/\(number)", &text, text.count - 1)
            return count > 0 && !foreign.contains(number)
                && String(decoding: text[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
                    .hasPrefix(kind)
        }
    }

    /// Processor time of the process while it rests.
    private static func processorMilliseconds(resting milliseconds: Int) -> Double {
        let before = clock()
        pause(milliseconds)
        return Double(clock() - before) * 1000 / Double(CLOCKS_PER_SEC)
    }

    private static func begin() -> Context {
        alarm(30)
        _ = foreign
        return Context()
    }

    private static func next(
        _ kind: SocketEvent.Kind, _ monitor: SocketMonitor
    ) -> SocketEvent {
        while let event = monitor.next(timeoutMilliseconds: patience) {
            if event.kind == kind { return event }
        }
        fatalError("no event \(kind)")
    }

    private static func echo(_ dealer: DealerSocket, _ router: RouterSocket, _ text: String) throws
    {
        try dealer.send(text)
        let parts = try router.parts()
        precondition(parts.last == bytes(text), "\(parts)")
        try router.send(Message(parts: parts))
        let answer = try dealer.text()
        precondition(answer == text)
    }

    /// A ROUTER and a DEALER that have met, with their ends' descriptors.
    private struct Couple {
        let router: RouterSocket
        let dealer: DealerSocket
        let accepting: SocketMonitor
        let dialling: SocketMonitor
        let accepted: Int32
        let connected: Int32

        init(_ context: Context, _ options: SocketOptions = .test) throws {
            router = try RouterSocket(context: context, options: options)
            dealer = try DealerSocket(context: context, options: .test)
            accepting = router.monitor()
            dialling = dealer.monitor()
            try dealer.connect(try router.bind("tcp://127.0.0.1:*"))
            try Broken.echo(dealer, router, "first")
            accepted = Int32(Broken.next(.accepted, accepting).value)
            connected = Int32(Broken.next(.connected, dialling).value)
        }
    }

    /// The peer comes back, and gets the number again.
    static func accepted() throws {
        let context = begin()
        let couple = try Couple(context)
        var number = couple.accepted
        for index in 0..<5 {
            close(number)
            _ = next(.disconnected, couple.dialling)
            _ = next(.handshakeSucceeded, couple.dialling)
            for round in 0..<100 { try echo(couple.dealer, couple.router, "\(index) \(round)") }
            // Whoever of the two gets the number first.
            var lost: SocketEvent?
            number = -1
            while number < 0 || lost == nil {
                guard let event = couple.accepting.next(timeoutMilliseconds: patience) else {
                    fatalError("no event")
                }
                if event.kind == .accepted { number = Int32(event.value) }
                if event.kind == .disconnected { lost = event }
            }
            precondition(lost?.reason?.errno == EBADF)
        }
        context.close()
    }

    /// What could not be written goes over the next connection.
    static func dialled() throws {
        let context = begin()
        let couple = try Couple(context)
        var number = couple.connected
        for index in 0..<5 {
            close(number)
            for round in 0..<100 { try echo(couple.dealer, couple.router, "\(index) \(round)") }
            let event = next(.disconnected, couple.dialling)
            precondition(event.reason?.errno == EBADF, "\(event)")
            number = Int32(next(.connected, couple.dialling).value)
        }
        context.close()
    }

    /// The kernel goes on to tell of a file that nobody can name any more.
    static func openTwice(callback: Bool) throws {
        let context = begin()
        let pull = try PullSocket(context: context, options: .test)
        let monitor = pull.monitor()
        let endpoint = try pull.bind("tcp://127.0.0.1:*")
        if callback { try pull.onMessage { _ in } }
        let peer = try RawPeer.connect(to: endpoint)
        try peer.shakeHands(as: "PUSH")
        let accepted = Int32(next(.accepted, monitor).value)
        _ = next(.handshakeSucceeded, monitor)
        let copy = dup(accepted)
        close(accepted)
        try peer.send(frame: bytes("to nobody"))
        if !callback {
            try pull.setOptions { $0.receiveTimeoutMilliseconds = 100 }
            _ = try? pull.text()
        }
        let event = next(.disconnected, monitor)
        precondition(event.reason?.errno == EBADF, "\(event)")
        precondition(processorMilliseconds(resting: 500) < 100)
        if !callback {
            try pull.setOptions { $0.receiveTimeoutMilliseconds = patience }
            let push = try PushSocket(context: context, options: .test)
            try push.connect(endpoint)
            for index in 0..<100 {
                try push.send("\(index)")
                let text = try pull.text()
                precondition(text == "\(index)")
            }
        }
        // It was not ours to close.
        precondition(fcntl(copy, F_GETFD) >= 0)
        context.close()
        precondition(fcntl(copy, F_GETFD) >= 0)
    }

    static func inHandshake() throws {
        let context = begin()
        let pull = try PullSocket(context: context, options: .test)
        let monitor = pull.monitor()
        let endpoint = try pull.bind("tcp://127.0.0.1:*")
        let silent = try RawPeer.connect(to: endpoint)
        let accepted = Int32(next(.accepted, monitor).value)
        let copy = dup(accepted)
        close(accepted)
        try silent.send([0xff])
        let event = next(.disconnected, monitor)
        precondition(event.reason?.errno == EBADF, "\(event)")
        precondition(processorMilliseconds(resting: 300) < 100)
        close(copy)
        let push = try PushSocket(context: context, options: .test)
        try push.connect(endpoint)
        try push.send("x")
        let text = try pull.text()
        precondition(text == "x")
        context.close()
    }

    /// A peer that says nothing is not heard of; but it is asked.
    static func heartbeat() throws {
        let context = begin()
        let couple = try Couple(context, .test { $0.heartbeatIntervalMilliseconds = 50 })
        // Its place is taken by a file of somebody else.
        let file = open("/dev/null", O_RDONLY)
        dup2(file, couple.accepted)
        let event = next(.disconnected, couple.accepting)
        precondition(event.reason != nil, "\(event)")
        try echo(couple.dealer, couple.router, "again")
        context.close()
        // Which is not closed with the connection.
        precondition(fcntl(couple.accepted, F_GETFD) >= 0)
    }

    static func listener() throws {
        let context = begin()
        let couple = try Couple(context)
        let monitor = couple.router.monitor()
        let endpoint = try couple.router.bind("tcp://127.0.0.1:*")
        let number = Int32(next(.listening, monitor).value)
        // Nothing tells of it, and its number goes to a file of somebody else.
        let file = open("/dev/null", O_RDONLY)
        dup2(file, number)
        try couple.router.unbind(endpoint)
        precondition(fcntl(number, F_GETFD) >= 0)
        close(number)
        try couple.router.bind(endpoint)
        // Or to a connection of ours.
        let peers = try (0..<5).map { _ in try DealerSocket(context: context, options: .test) }
        close(Int32(next(.listening, monitor).value))
        for peer in peers { try peer.connect(couple.dealer.lastEndpoint) }
        let event = next(.closed, monitor)
        precondition(event.reason?.errno == EBADF && event.endpoint == endpoint, "\(event)")
        try couple.router.unbind(endpoint)
        try couple.router.bind(endpoint)
        for peer in peers { try echo(peer, couple.router, "still there") }
        context.close()
    }

    static func listenerOpenTwice() throws {
        let context = begin()
        for milliseconds in [0, 20] { try listenerOpenTwice(context, milliseconds) }
        context.close()
    }

    private static func listenerOpenTwice(_ context: Context, _ milliseconds: Int) throws {
        let pull = try PullSocket(context: context, options: .test)
        let monitor = pull.monitor()
        let endpoint = try pull.bind("tcp://127.0.0.1:*")
        let number = Int32(next(.listening, monitor).value)
        // Before or after the I/O thread has heard of it.
        pause(milliseconds)
        let copy = dup(number)
        close(number)
        let peer = try RawPeer.connect(to: endpoint)
        let event = next(.closed, monitor)
        precondition(event.reason?.errno == EBADF, "\(event)")
        precondition(processorMilliseconds(resting: 300) < 100)
        try pull.unbind(endpoint)
        close(copy)
        withExtendedLifetime(peer) {}
        let push = try PushSocket(context: context, options: .test)
        try push.connect(try pull.bind(endpoint))
        try push.send("x")
        let text = try pull.text()
        precondition(text == "x")
    }

    /// The I/O thread's set, and those of the sockets.
    static func epoll() throws {
        let context = begin()
        try useWithoutSets(context)
        context.close()
        // What was made anew has been given back: the thread's alone may still be there.
        precondition(eventually { descriptors("anon_inode:[eventpoll]").count <= 1 })
    }

    private static func useWithoutSets(_ context: Context) throws {
        let couple = try Couple(context)
        let received = Counter()
        let pull = try PullSocket(context: context, options: .test)
        let push = try PushSocket(context: context, options: .test)
        try push.connect(try pull.bind("ipc://@\(uniqueName())"))
        try pull.onMessage { _ in received.value.add(1, ordering: .relaxed) }
        try push.send("before")
        precondition(eventually { received.value.load(ordering: .relaxed) == 1 })
        for round in 0..<3 {
            let sets = descriptors("anon_inode:[eventpoll]")
            precondition(sets.count >= 5)
            for number in sets { close(number) }
            for index in 0..<100 { try echo(couple.dealer, couple.router, "\(round) \(index)") }
            // New ones find the old sockets.
            let dealer = try DealerSocket(context: context, options: .test)
            try dealer.connect(couple.dealer.lastEndpoint)
            try echo(dealer, couple.router, "new")
            try push.send("after")
            precondition(eventually { received.value.load(ordering: .relaxed) == round + 2 })
            precondition(processorMilliseconds(resting: 300) < 100)
        }
    }

    static func eventfd() throws {
        let context = begin()
        let couple = try Couple(context)
        for round in 0..<3 {
            for number in descriptors("anon_inode:[eventfd]") { close(number) }
            for index in 0..<100 { try echo(couple.dealer, couple.router, "\(round) \(index)") }
            let dealer = try DealerSocket(context: context, options: .test)
            try dealer.connect(couple.dealer.lastEndpoint)
            try echo(dealer, couple.router, "new")
            dealer.close()
        }
        // Somebody sleeps in the set, and is to be woken.
        let waiting = Worker { [router = couple.router] in try router.parts() }
        pause(50)
        for number in descriptors("anon_inode:[eventfd]") { close(number) }
        couple.router.close()
        let code = code { _ = try waiting.join() }
        precondition(code == .closed)
        context.close()
    }

    /// One after the other, whatever it is: nothing ends the process, and new sockets work.
    static func anything() throws {
        let context = begin()
        var random = SeededGenerator(seed: 7)
        for round in 0..<60 {
            let options = SocketOptions.test {
                $0.receiveTimeoutMilliseconds = 100
                $0.sendTimeoutMilliseconds = 100
                $0.heartbeatIntervalMilliseconds = 20
            }
            let pull = try PullSocket(context: context, options: options)
            let push = try PushSocket(context: context, options: options)
            try push.connect(try pull.bind(round % 2 == 0 ? "tcp://127.0.0.1:*" : "ipc://*"))
            try push.send("x")
            _ = try pull.text()
            let ours = descriptors("socket:") + descriptors("anon_inode:")
            if let number = ours.randomElement(using: &random) { close(number) }
            for _ in 0..<5 {
                try? push.send("y")
                _ = try? pull.text()
            }
            pull.close()
            push.close()
        }
        let pull = try PullSocket(context: context, options: .test)
        let push = try PushSocket(context: context, options: .test)
        try push.connect(try pull.bind("tcp://127.0.0.1:*"))
        for index in 0..<100 {
            try push.send("\(index)")
            let text = try pull.text()
            precondition(text == "\(index)")
        }
        context.close()
    }
}
