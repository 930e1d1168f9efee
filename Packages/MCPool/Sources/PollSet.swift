import CMCLinux
import MCLock
import Synchronization

/// An epoll set, and the descriptor in it that wakes who waits.
///
/// Other code of the process may get a number wrong and close either. The kernel then gives the number
/// away, perhaps to another set of ours: whoever is given it tells whoever had it before, and both are
/// made anew. Tokens say which set they belong to, so that no set obeys another's.
///
/// - Thread rule: any thread, but `renew` by one at a time.
final class PollSet: Sendable {
    /// The bits of a token that are its owner's; a pointer of this process has no others.
    private static let valueMask: UInt64 = (1 << 48) - 1
    private static let count = Atomic<UInt64>(0)

    private let epoll: Atomic<Int32>
    private let wake: Atomic<Int32>
    private let tag: UInt64
    private let lost = Atomic<Bool>(false)
    /// What is called when the set's number has been given away, for those who do not wait in it
    /// themselves.
    struct Listener: Sendable {
        let call: @Sendable () -> Void
    }
    let onLost = Locked<Listener?>(nil)

    /// - Throws: when the process has no descriptors left, naming who wanted the set.
    init(for owner: String) throws(SocketError) {
        let epoll = cmc_epoll_create()
        let wake = cmc_eventfd()
        guard epoll >= 0, wake >= 0 else {
            if epoll >= 0 { cmc_close(epoll) }
            if wake >= 0 { cmc_close(wake) }
            throw SocketError(
                .tooManyDescriptors,
                "no descriptors for \(owner): the process is at its limit",
                errno: -min(epoll, wake))
        }
        self.epoll = Atomic(epoll)
        self.wake = Atomic(wake)
        let number = PollSet.count.add(1, ordering: .relaxed).newValue
        // Never 0, which is the token of the descriptor that wakes.
        tag = (number % 0xffff + 1) << 48
        _ = cmc_epoll_add(epoll, wake, CMC_POLL_IN, 0)
        PollSet.claim(epoll, by: self)
        PollSet.claim(wake, by: self)
    }

    deinit {
        PollSet.forget(descriptor, wakeDescriptor)
        // Where one is not ours any more, which are is not known.
        guard isIntact else { return }
        cmc_close(descriptor)
        cmc_close(wakeDescriptor)
    }

    /// The set's descriptor.
    var descriptor: Int32 { epoll.load(ordering: .relaxed) }

    private var wakeDescriptor: Int32 { wake.load(ordering: .relaxed) }

    /// Whether the number still is this set's: only this set has our descriptor in it. One system call.
    var isIntact: Bool {
        cmc_epoll_modify(descriptor, wakeDescriptor, CMC_POLL_IN, 0) == 0
    }

    // MARK: Tokens

    func token(_ value: UInt64) -> UInt64 { tag | value }

    /// What the token of an event stands for; nil when it is another set's.
    func value(of token: UInt64) -> UInt64? {
        token & ~PollSet.valueMask == tag ? token & PollSet.valueMask : nil
    }

    // MARK: Waking

    /// Wakes who waits.
    func signal() {
        let number = wakeDescriptor
        if cmc_eventfd_signal(number) < 0 { renewWake(instead: number) }
    }

    /// Who waited has been woken.
    func clear() { cmc_eventfd_clear(wakeDescriptor) }

    /// Another descriptor to wake with, because that one is not ours any more. Wakes who waits.
    private func renewWake(instead old: Int32) {
        let new = cmc_eventfd()
        guard new >= 0 else { return }
        guard
            wake.compareExchange(expected: old, desired: new, ordering: .sequentiallyConsistent)
                .exchanged
        else {
            // Another thread was quicker.
            cmc_close(new)
            _ = cmc_eventfd_signal(wakeDescriptor)
            return
        }
        _ = cmc_epoll_add(descriptor, new, CMC_POLL_IN, 0)
        _ = cmc_eventfd_signal(new)
        PollSet.claim(new, by: self)
    }

    // MARK: Losing numbers

    /// Whether the set's number has been given away: it is to be renewed before it is used.
    var isLost: Bool { lost.load(ordering: .relaxed) }

    /// Another set, with nothing in it but the descriptor that wakes.
    ///
    /// - Returns: false when the process has no descriptor left for it.
    func renew() -> Bool {
        let new = cmc_epoll_create()
        guard new >= 0 else { return false }
        let old = descriptor
        let wasOurs = isIntact
        epoll.store(new, ordering: .relaxed)
        lost.store(false, ordering: .relaxed)
        let wake = wakeDescriptor
        if cmc_epoll_add(new, wake, CMC_POLL_IN, 0) < 0 { renewWake(instead: wake) }
        if wasOurs { cmc_close(old) }
        PollSet.claim(new, by: self)
        return true
    }

    private func numberTaken(_ number: Int32) {
        if number == wakeDescriptor { renewWake(instead: number) }
        guard number == descriptor else { return }
        lost.store(true, ordering: .relaxed)
        signal()
        onLost.withLock { $0 }?.call()
    }

    private struct Owner: Sendable {
        weak var set: PollSet?
    }

    /// Which of this process's sets has which number.
    private static let owners = Locked<[Int32: Owner]>([:])

    /// A number has been given to a set, or (nil) to something else of ours.
    static func claim(_ number: Int32, by set: PollSet?) {
        let before = owners.withLock { owners in
            defer { owners[number] = set.map { Owner(set: $0) } }
            return owners[number]?.set
        }
        if let before, before !== set { before.numberTaken(number) }
    }

    private static func forget(_ numbers: Int32...) {
        owners.withLock { owners in
            // A weak reference to a set that is going is nil already.
            for number in numbers where owners[number]?.set == nil { owners[number] = nil }
        }
    }
}
