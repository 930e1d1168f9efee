import MCLock
import CMCLinux
import Glibc
import MCTransport
/// A few threads that wait for the name service, so that nobody else has to.
///
/// Threads are started when there is work and end when there is none: at rest this costs nothing.
final class NameResolver: Sendable {
    /// A look-up to do; called once, with false where it cannot be done for want of a thread.
    typealias Job = @Sendable (_ canRun: Bool) -> Void

    static let shared = NameResolver(maximumThreads: 4)

    /// The look-ups that may wait; more are refused, because a program that asks for so many names
    /// at once has run away.
    static let maximumWaiting = 4096

    private struct State {
        var waiting: [Job] = []
        var threads = 0
    }

    private let maximumThreads: Int
    private let state = Locked(State())

    init(maximumThreads: Int) { self.maximumThreads = maximumThreads }

    /// Runs a job on a resolver thread, soon.
    func submit(_ job: @escaping Job) {
        enum Next { case refuse, wait, start }
        let next = state.withLock { state -> Next in
            guard state.waiting.count < Self.maximumWaiting else { return .refuse }
            state.waiting.append(job)
            guard state.threads < maximumThreads else { return .wait }
            state.threads += 1
            return .start
        }
        switch next {
        case .refuse: job(false)
        case .wait: break
        case .start: startThread()
        }
    }

    private func startThread() {
        let me = unsafe Unmanaged.passRetained(self)
        // Safe because the thread, or the failure below, takes over this reference.
        let error = unsafe cmc_thread_start(resolverThread, me.toOpaque(), 1 << 20)
        guard error != 0 else { return }
        unsafe me.release()
        // The other threads, where there are any, do the job.
        let stranded = state.withLock { state -> [Job] in
            state.threads -= 1
            guard state.threads == 0 else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for job in stranded { job(false) }
    }

    fileprivate func run() {
        while true {
            let job = state.withLock { state -> Job? in
                if state.waiting.isEmpty {
                    state.threads -= 1
                    return nil
                }
                return state.waiting.removeFirst()
            }
            guard let job else { return }
            job(true)
        }
    }
}

private func resolverThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    unsafe cmc_thread_setup("mc-resolver")
    // Safe because the starter passed a retained reference to this thread alone.
    unsafe Unmanaged<NameResolver>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}
