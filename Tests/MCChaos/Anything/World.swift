import CMCZmq
import Glibc
import MCFacade
import MCLock
import MCTestSupport
import MCZmqABI

/// The sockets of an epoch, to which several threads do what they like.
final class World: Sendable {
    static let slots = 24

    private struct State {
        var subjects: [(any Subject)?] = Array(repeating: nil, count: World.slots)
        var homesInC: [CHome] = []
        var homesInSwift: [Context] = []
        var threads: [JoinedThread] = []
        var tasks: [Int: Task<Void, Never>] = [:]
        var taskCount = 0
        var isOver = false
        var counts: [String: Int] = [:]
    }

    let places: Places
    private let state = Locked(State())

    init(_ places: Places, _ chance: inout Chance) {
        self.places = places
        let inC = (0..<2).map { _ in CHome(&chance) }
        let inSwift = [World.makeContext(&chance)]
        state.withLock {
            $0.homesInC = inC
            $0.homesInSwift = inSwift
        }
    }

    private static func makeContext(_ chance: inout Chance) -> Context {
        var options = ContextOptions()
        options.ioThreads = chance.number(1...3)
        return (try? Context(options)) ?? Context()
    }

    var isOver: Bool { state.withLock { $0.isOver } }

    func count(_ what: String, _ number: Int = 1) {
        state.withLock { $0.counts[what, default: 0] += number }
    }

    var counts: [String: Int] { state.withLock { $0.counts } }

    // MARK: Subjects

    func any(_ chance: inout Chance) -> (any Subject)? {
        let index = chance.number(0...World.slots - 1)
        return state.withLock { $0.subjects[index] }
    }

    func anyInC(_ chance: inout Chance) -> CSubject? {
        for _ in 0..<8 { if let subject = any(&chance) as? CSubject { return subject } }
        return nil
    }

    func anyInSwift(_ chance: inout Chance) -> SwiftSubject? {
        for _ in 0..<8 { if let subject = any(&chance) as? SwiftSubject { return subject } }
        return nil
    }

    /// A socket of any type, or of none.
    func open(_ chance: inout Chance) {
        if chance.chance(oneIn: 3) {
            _ = openInSwift(chance.number(SwiftSubject.kinds), &chance)
        } else {
            _ = openInC(type: Int32(chance.number(-1...12)), &chance)
        }
    }

    /// Two sockets that understand each other, and are connected.
    func openCouple(_ chance: inout Chance) {
        let bound: (any Subject)?
        let connected: (any Subject)?
        if chance.chance(oneIn: 3) {
            // PEER, CHANNEL and PAIR talk with their like, the others with their neighbour.
            let kind = chance.number(0...14)
            bound = openInSwift(kind, &chance)
            connected = openInSwift(kind < 12 ? kind ^ 1 : kind, &chance)
        } else {
            let (one, other) = chance.one(of: World.couples)
            let isTurned = chance.chance(oneIn: 2)
            bound = openInC(type: isTurned ? one : other, &chance)
            connected = openInC(type: isTurned ? other : one, &chance)
        }
        guard let bound, let connected else { return }
        bound.bind(places.toBind(&chance))
        connected.connect(bound.lastEndpoint)
    }

    private static let couples: [(Int32, Int32)] = [
        (ZMQ_PUSH, ZMQ_PULL), (ZMQ_PUSH, ZMQ_PULL), (ZMQ_PUB, ZMQ_SUB), (ZMQ_XPUB, ZMQ_SUB),
        (ZMQ_PUB, ZMQ_XSUB), (ZMQ_XPUB, ZMQ_XSUB), (ZMQ_REQ, ZMQ_REP), (ZMQ_REQ, ZMQ_ROUTER),
        (ZMQ_DEALER, ZMQ_ROUTER), (ZMQ_DEALER, ZMQ_REP), (ZMQ_DEALER, ZMQ_DEALER),
        (ZMQ_ROUTER, ZMQ_ROUTER), (ZMQ_PAIR, ZMQ_PAIR), (ZMQ_STREAM, ZMQ_STREAM),
    ]

    func openInC(type: Int32, _ chance: inout Chance) -> CSubject? {
        let homes = state.withLock { $0.homesInC }
        guard !homes.isEmpty, let subject = CSubject(chance.one(of: homes), type: type, &chance)
        else { return nil }
        return add(subject, &chance) ? subject : nil
    }

    private func openInSwift(_ kind: Int, _ chance: inout Chance) -> SwiftSubject? {
        let homes = state.withLock { $0.homesInSwift }
        guard !homes.isEmpty, let subject = SwiftSubject(chance.one(of: homes), kind: kind, &chance)
        else { return nil }
        return add(subject, &chance) ? subject : nil
    }

    /// Puts a subject in another's place, which is closed.
    ///
    /// - Returns: false when its context has ended meanwhile.
    private func add(_ subject: any Subject, _ chance: inout Chance) -> Bool {
        let index = chance.number(0...World.slots - 1)
        let (isAdded, old) = state.withLock { state -> (Bool, (any Subject)?) in
            let homes =
                state.homesInC.map { ObjectIdentifier($0) }
                + state.homesInSwift.map { ObjectIdentifier($0) }
            guard !state.isOver, homes.contains(subject.home) else { return (false, nil) }
            defer { state.subjects[index] = subject }
            return (true, state.subjects[index])
        }
        if isAdded { count("sockets") }
        (isAdded ? old : subject)?.close()
        return isAdded
    }

    func close(_ chance: inout Chance) {
        let index = chance.number(0...World.slots - 1)
        let subject = state.withLock { state in
            defer { state.subjects[index] = nil }
            return state.subjects[index]
        }
        subject?.close()
    }

    private func closeAll(of home: ObjectIdentifier) {
        let subjects = state.withLock { state in
            state.subjects.indices.compactMap { index -> (any Subject)? in
                guard let subject = state.subjects[index], subject.home == home else { return nil }
                state.subjects[index] = nil
                return subject
            }
        }
        for subject in subjects { subject.close() }
    }

    // MARK: Contexts

    /// Ends a context in which others may be at work, and makes another.
    func replaceHome(_ chance: inout Chance) {
        count("contexts")
        if chance.chance(oneIn: 3) {
            let new = World.makeContext(&chance)
            let old = state.withLock { state -> Context? in
                if state.isOver { return new }
                defer { state.homesInSwift = [new] }
                return state.homesInSwift.first
            }
            old?.close()
            if let old { closeAll(of: ObjectIdentifier(old)) }
        } else {
            let new = CHome(&chance)
            let index = chance.number(0...1)
            let old = state.withLock { state -> CHome in
                if state.isOver { return new }
                defer { state.homesInC[index] = new }
                return state.homesInC[index]
            }
            old.end(&chance) { closeAll(of: ObjectIdentifier(old)) }
        }
    }

    // MARK: Threads and tasks

    func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
        state.withLock { state in
            guard !state.isOver, state.threads.count < 200 else { return }
            state.counts["proxies", default: 0] += 1
            state.threads.append(
                JoinedThread {
                    let activity = Activity(name)
                    // Until a socket or a context ends, at the latest with the epoch.
                    activity.begin(name, within: AnythingRun.mostSeconds)
                    body()
                    activity.leave()
                })
        }
    }

    func startTask(_ body: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            guard !state.isOver, state.tasks.count < 200 else { return }
            state.taskCount += 1
            state.counts["tasks", default: 0] += 1
            let number = state.taskCount
            state.tasks[number] = Task.detached { [self] in
                await body()
                forget(number)
            }
        }
    }

    private func forget(_ task: Int) { state.withLock { _ = $0.tasks.removeValue(forKey: task) } }

    func cancelTask(_ chance: inout Chance) {
        let tasks = state.withLock { Array($0.tasks.values) }
        if !tasks.isEmpty { chance.one(of: tasks).cancel() }
    }

    // MARK: The end

    /// Nothing new begins.
    func setOver() { state.withLock { $0.isOver = true } }

    /// Ends everything, and waits until it has ended. Nobody else is at work any more, or is wakened by
    /// this.
    func end(_ activity: Activity, _ chance: inout Chance) {
        let (homesInC, homesInSwift) = state.withLock { ($0.homesInC, $0.homesInSwift) }
        for home in homesInC {
            activity.begin("end a C context", within: AnythingRun.mostSeconds)
            home.end(&chance) { closeAll(of: ObjectIdentifier(home)) }
        }
        for home in homesInSwift {
            activity.begin("close a context", within: AnythingRun.mostSeconds)
            home.close()
            closeAll(of: ObjectIdentifier(home))
        }
        for thread in state.withLock({ $0.threads }) {
            activity.begin("wait for a thread", within: AnythingRun.mostSeconds)
            thread.join()
        }
        // What waits in a socket is woken by its end; only a pause has to be cut short.
        for task in state.withLock({ Array($0.tasks.values) }) {
            activity.begin("wait for a task", within: AnythingRun.mostSeconds)
            try? inTask { await task.value }
        }
        activity.end()
    }
}
