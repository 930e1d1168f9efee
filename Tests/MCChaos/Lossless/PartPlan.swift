import MCTestSupport

/// One end of a scene: a socket, and a role to play with it. Ours and libzmq's parts understand the same
/// words (`Tests/ChaosTests/Peers/player.py`).
///
/// Keys in capital letters are socket options by libzmq's names; the others are:
/// - `role`: send, receive, ask, echo, duplex, publish, subscribe; `relay`, which only we play;
/// - `type`, `bind`, `connect`: the socket, and its endpoints with commas between them;
/// - `stream`, `rounds`, `threads`, `count`, `limit`: which messages it sends; a round of a thread is a
///   stream, and after each round comes the `churn` (none, redial, fresh);
/// - `ordered`: the numbers of a stream rise here; `window`: how many may be under way;
/// - `expect`: how many messages come; `topics`: what a subscriber subscribes to, and of how many
///   `publishers`;
/// - `style`: the way in which we receive; `patience`: milliseconds that any wait may take.
struct PartPlan: Sendable, CustomStringConvertible {
    let name: String
    let isOurs: Bool
    private(set) var words: [String: String] = [:]

    init(_ name: String, isOurs: Bool, _ words: [String: String]) {
        self.name = name
        self.isOurs = isOurs
        self.words = words
    }

    subscript(_ key: String) -> String {
        get { words[key] ?? "" }
        set { words[key] = newValue.isEmpty ? nil : newValue }
    }

    func number(_ key: String, default value: Int = 0) -> Int { Int(words[key] ?? "") ?? value }

    func list(_ key: String) -> [String] { self[key].split(separator: ",").map(String.init) }

    /// The streams that it sends.
    var streams: Range<Int> {
        let first = number("stream")
        return first..<first + number("rounds", default: 1) * number("threads", default: 1)
    }

    var options: [String: String] { words.filter { $0.key.allSatisfy { !$0.isLowercase } } }

    /// `key=value…`, as it is passed on.
    var line: String {
        words.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }

    var description: String { "\(isOurs ? "our" : "their") \(name): \(line)" }
}

/// How far a part is.
struct PartState: Sendable {
    var isDone = false
    /// It goes on when everything that it has sent is there.
    var isPaused = false
    var failure: String?
    /// How many it has received, or sent where it does not receive.
    var messages = 0
    /// A subscriber's subscriptions are with all of its publishers.
    var isSynced = false
}

/// What came of a stream: how many messages, and the sum of their numbers.
struct Tally: Sendable, Equatable {
    var count = 0
    var sum = 0

    static func + (one: Tally, other: Tally) -> Tally {
        Tally(count: one.count + other.count, sum: one.sum + other.sum)
    }

    /// All messages of a stream, each once.
    init(all count: Int) { self.init(count: count, sum: count * (count - 1) / 2) }

    init(count: Int = 0, sum: Int = 0) {
        self.count = count
        self.sum = sum
    }
}

/// A part that is being played, by us or by libzmq.
protocol Part: AnyObject, Sendable {
    var plan: PartPlan { get }
    func start() throws
    func look() throws -> PartState
    /// A publisher may begin, a sender go on.
    func go() throws
    /// Ends it.
    ///
    /// - Returns: what it has received, stream by stream.
    func stop() throws -> [Int: Tally]
}
