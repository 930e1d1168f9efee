import MCMemory
import MCPool

/// What an XPUB socket's user has not yet received: subscriptions and cancellations, and messages of
/// XSUB peers, in the order in which they came.
///
/// A peer can subscribe and cancel for ever while nobody receives, so that what waits is bounded:
/// beyond `mostKept` a change that takes back one that still waits goes with it, what tells nothing
/// new is dropped, and so are XSUB's own messages. What is left is in proportion to the
/// subscriptions that there are.
///
/// - Complexity: O(1) plus the prefix, whatever waits.
struct SubscriptionNews {
    static let mostKept = 1000

    private struct Entry {
        /// A whole message of a peer; nil for a subscription.
        var message: Recovered?
        var prefix: [UInt8] = []
        var isAdded = false
        /// Somebody wants the prefix now and nobody did before, or the other way round.
        var isNews = false
        var asker: Pipe?
        // Its neighbours' places; -1 for none. `after` is the next free place in a free one.
        var before = -1
        var after = -1
    }

    /// A list in the order of coming, and the places that are free.
    private var places: [Entry] = []
    private var first = -1
    private var last = -1
    private var firstFree = -1
    private(set) var count = 0
    private struct Key: Hashable {
        let prefix: [UInt8]
        let asker: Int
    }

    /// Where the newest entry of a prefix, and of who asked, is.
    private var newest: [Key: Int] = [:]

    var isEmpty: Bool { count == 0 }

    /// - Parameters:
    ///   - isNews: what it tells is not known from what has been told.
    ///   - pipe: who asked, where that matters.
    mutating func append(
        _ prefix: UnsafeRawBufferPointer, isAdded: Bool, isNews: Bool, from pipe: Pipe?
    ) {
        let entry = unsafe Entry(
            prefix: [UInt8](prefix), isAdded: isAdded, isNews: isNews, asker: pipe)
        if count >= SubscriptionNews.mostKept {
            if !isNews { return }
            if let place = newest[key(of: entry)], places[place].isNews,
                places[place].isAdded != isAdded
            {
                _ = remove(place)
                return
            }
        }
        newest[key(of: entry)] = append(entry)
    }

    private func key(of entry: Entry) -> Key {
        Key(prefix: entry.prefix, asker: entry.asker?.bitPattern ?? 0)
    }

    var hasRoomForMessages: Bool { count < SubscriptionNews.mostKept }

    mutating func append(_ message: consuming Message) {
        _ = append(Entry(message: Recovered(message)))
    }

    enum Taken {
        case nothing
        case message
        /// Who asked; nil when that peer is gone.
        case subscription(of: Pipe?)
    }

    /// Makes the oldest one `message`.
    mutating func popFirst(into message: inout Message) -> Taken {
        guard first >= 0 else { return .nothing }
        let entry = remove(first)
        if let whole = entry.message {
            message = whole.withMessage { $0.copy() }
            return .message
        }
        message = Message([entry.isAdded ? 1 : 0] + entry.prefix)
        return .subscription(of: entry.asker)
    }

    /// A peer is gone: what it asked for is still told of.
    ///
    /// - Complexity: O(*n*) of what waits.
    mutating func forget(_ pipe: Pipe) {
        for place in places.indices where places[place].asker == pipe {
            newest[key(of: places[place])] = nil
            places[place].asker = nil
        }
    }

    // MARK: The list

    private mutating func append(_ entry: Entry) -> Int {
        var entry = entry
        entry.before = last
        let place: Int
        if firstFree >= 0 {
            place = firstFree
            firstFree = places[place].after
            places[place] = entry
        } else {
            place = places.count
            places.append(entry)
        }
        if last >= 0 { places[last].after = place } else { first = place }
        last = place
        count += 1
        return place
    }

    private mutating func remove(_ place: Int) -> Entry {
        let entry = places[place]
        let (before, after) = (entry.before, entry.after)
        if before >= 0 { places[before].after = after } else { first = after }
        if after >= 0 { places[after].before = before } else { last = before }
        let key = key(of: entry)
        if newest[key] == place { newest[key] = nil }
        count -= 1
        if count == 0 {
            places.removeAll(keepingCapacity: places.count <= SubscriptionNews.mostKept)
            (first, last, firstFree) = (-1, -1, -1)
        } else {
            places[place] = Entry(after: firstFree)
            firstFree = place
        }
        return entry
    }
}
