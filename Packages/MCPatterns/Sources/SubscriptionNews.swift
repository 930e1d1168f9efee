import MCMemory
import MCPool

/// What an XPUB socket's user has not yet received: subscriptions and cancellations, and messages of
/// XSUB peers, in the order in which they came.
///
/// A peer can subscribe and cancel for ever while nobody receives, so that what waits is bounded:
/// beyond `mostKept` a change that takes back one that still waits goes with it, what tells nothing
/// new is dropped, and so are XSUB's own messages. What is left is in proportion to the
/// subscriptions that there are.
struct SubscriptionNews {
    static let mostKept = 1000

    private struct Entry {
        /// A whole message of a peer; nil for a subscription.
        var message: Recovered?
        var prefix: [UInt8] = []
        var isAdded = false
        var asker: Pipe?
        var isTakenBack = false
    }

    /// Those before `first` have been received.
    private var entries: [Entry] = []
    private var first = 0
    /// How many have been taken out of `entries` so far: an entry's number never changes.
    private var base = 0
    /// The entries that have not been received, nor taken back.
    private(set) var count = 0
    /// The numbers of the newest entries of prefixes.
    private var newest: [[UInt8]: Int] = [:]

    var isEmpty: Bool { count == 0 }

    /// - Parameter isNews: somebody wants the prefix now and nobody did before, or the other way round.
    mutating func append(
        _ prefix: UnsafeRawBufferPointer, isAdded: Bool, isNews: Bool, from pipe: Pipe?
    ) {
        let prefix = unsafe [UInt8](prefix)
        if count >= SubscriptionNews.mostKept {
            if !isNews { return }
            if let number = newest[prefix], number - base >= first,
                entries[number - base].isAdded != isAdded
            {
                entries[number - base].isTakenBack = true
                newest[prefix] = nil
                count -= 1
                return
            }
        }
        newest[prefix] = base + entries.count
        entries.append(Entry(prefix: prefix, isAdded: isAdded, asker: pipe))
        count += 1
    }

    mutating func append(_ message: consuming Message) {
        guard count < SubscriptionNews.mostKept else { return }
        entries.append(Entry(message: Recovered(message)))
        count += 1
    }

    enum Taken {
        case nothing
        case message
        /// Who asked; nil when that peer is gone.
        case subscription(of: Pipe?)
    }

    /// Makes the oldest one `message`.
    mutating func popFirst(into message: inout Message) -> Taken {
        while first < entries.count {
            let entry = entries[first]
            let number = base + first
            first += 1
            compact()
            if entry.isTakenBack { continue }
            count -= 1
            if let whole = entry.message {
                message = whole.withMessage { $0.copy() }
                return .message
            }
            if newest[entry.prefix] == number { newest[entry.prefix] = nil }
            message = Message([entry.isAdded ? 1 : 0] + entry.prefix)
            return .subscription(of: entry.asker)
        }
        return .nothing
    }

    /// A peer is gone: what it asked for is still told of.
    mutating func forget(_ pipe: Pipe) {
        for index in first..<entries.count where entries[index].asker == pipe {
            entries[index].asker = nil
        }
    }

    private mutating func compact() {
        if first == entries.count {
            base += entries.count
            entries.removeAll(keepingCapacity: entries.count <= SubscriptionNews.mostKept)
            first = 0
        } else if first >= 64, first * 2 >= entries.count {
            entries.removeFirst(first)
            base += first
            first = 0
        }
    }
}
