import CMCLinux

/// How long a thread that waits looks on before it sleeps: as long as that has paid off lately. To
/// sleep and to be woken costs both sides some microseconds and the switches of their processors.
///
/// - Thread rule: guarded by its owner's lock.
struct Lookout {
    /// Unless the option says otherwise.
    static let automaticNanoseconds: UInt64 = 10_000
    /// After how many waits in vain, as a power of two, it is tried again at the latest.
    static let mostMisses = 8

    private static let processors = Int(cmc_processor_count())

    /// With one processor nothing changes while a thread looks on.
    private let canHelp: Bool
    private var misses = 0
    private var waitsToSkip = 0

    init(processors: Int = Lookout.processors) { canHelp = processors > 1 }

    /// - Parameter option: microseconds to look on always; -1 to find out, 0 not to.
    mutating func nanoseconds(option: Int) -> UInt64 {
        guard canHelp, option != 0 else { return 0 }
        if option > 0 { return UInt64(option) * 1000 }
        if waitsToSkip > 0 {
            waitsToSkip -= 1
            return 0
        }
        return Lookout.automaticNanoseconds
    }

    /// As `nanoseconds`, for byte streams: each look costs a system call, and the peer needs a processor
    /// of its own, so that only who asks for it gets it.
    func streamNanoseconds(option: Int) -> UInt64 {
        canHelp && option > 0 ? UInt64(option) * 1000 : 0
    }

    mutating func ended(found: Bool) {
        misses = found ? 0 : min(misses + 1, Lookout.mostMisses)
        waitsToSkip = (1 << misses) - 1
    }
}
