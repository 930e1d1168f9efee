import CMCLinux

/// How I/O threads run. What the system refuses is left as it was.
public struct IOThreadSettings: Sendable, Equatable {
    /// The processors that they may run on (ZMQ_THREAD_AFFINITY_CPU_ADD); none for all.
    public var processors: Set<Int> = []
    /// The scheduling policy's number (ZMQ_THREAD_SCHED_POLICY; sched(7)); -1 for the process's.
    public var schedulingPolicy = -1
    /// The priority (ZMQ_THREAD_PRIORITY): of a real-time policy's kind with such a policy, else how nice
    /// the thread is not. -1 leaves it.
    public var priority = -1
    /// What stands in front of the threads' names (ZMQ_THREAD_NAME_PREFIX).
    public var namePrefix = ""

    public init() {}

    /// For the calling thread.
    func apply(name: String) {
        let full = namePrefix.isEmpty ? name : "\(namePrefix)/\(name)"
        unsafe full.withCString { unsafe cmc_thread_setup($0) }
        if !processors.isEmpty {
            let list = processors.map { Int32(clamping: $0) }
            unsafe cmc_thread_confine(list, Int32(list.count))
        }
        if schedulingPolicy >= 0 || priority >= 0 {
            cmc_thread_schedule(Int32(schedulingPolicy), Int32(priority))
        }
    }
}
