import MCFacade

// Clone: the same table everywhere (the Guide, chapter 5; RFC 12).
//
//   server                               clients
//   ROUTER  ◄── "ICANHAZ?" ──            DEALER   a snapshot, once
//           ── entry… "KTHXBAI" ──►
//   PUB     ── entry, "HUGZ" ──►         SUB      every change, in order
//   PULL    ◄── entry ──                 PUSH     changes that clients wish
//
// | frames | |
// |---|---|
// | key, number, value | an entry; keys begin with "/", an empty value: the key is gone |
// | `ICANHAZ?` | a client wants all entries |
// | `KTHXBAI`, number, empty | these were all, up to this change |
// | `HUGZ`, number, empty | this was the last change; published every interval |
//
// number: 8 bytes, big-endian; the server counts the changes. That of a wish is 0.
//
// - Only the server decides in which order changes happen; who wishes one sees it when it comes back.
// - A client subscribes first and takes the snapshot then. What the snapshot has already is skipped.
// - A change that is missing (the subscription came late, a high-water mark was reached, the connection was
//   lost) shows in the numbers, at the latest with the next HUGZ: the client takes a new snapshot.

enum Clone {
    static let wish = [UInt8]("ICANHAZ?".utf8)
    static let end = [UInt8]("KTHXBAI".utf8)
    static let beat = [UInt8]("HUGZ".utf8)

    struct Entry: Sendable {
        var key: [UInt8]
        var number: UInt64
        var value: [UInt8]

        init(_ key: [UInt8], _ number: UInt64, _ value: [UInt8] = []) {
            self.key = key
            self.number = number
            self.value = value
        }

        /// Nil when it is none.
        init?(_ parts: [[UInt8]]) {
            guard parts.count == 3, parts[1].count == 8 else { return nil }
            self.init(parts[0], parts[1].reduce(0) { $0 << 8 | UInt64($1) }, parts[2])
        }

        var parts: [[UInt8]] {
            [key, (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }, value]
        }
    }
}

struct CloneServer {
    let snapshots: RouterSocket
    let updates: PubSocket
    let wishes: PullSocket
    var interval = Duration.seconds(1)

    /// Until its task is cancelled, or a socket is closed.
    func run() async throws {
        var table: [[UInt8]: Clone.Entry] = [:]
        var number: UInt64 = 0
        let poller = Poller()
        poller.add(snapshots, for: .canReceive)
        poller.add(wishes, for: .canReceive)
        var nextBeat = ContinuousClock.now + interval
        while true {
            _ = try await poller.wait(timeoutMilliseconds: milliseconds(until: nextBeat))
            while let message = try wishes.tryReceive() {
                guard var change = Clone.Entry(message.parts), change.key.first == slash else {
                    continue
                }
                number += 1
                change.number = number
                table[change.key] = change.value.isEmpty ? nil : change
                try await updates.send(parts: change.parts)
            }
            while let message = try snapshots.tryReceive() {
                let parts = message.parts
                guard parts.count == 2, parts[1] == Clone.wish else { continue }
                for entry in table.values {
                    try await snapshots.send(parts: [parts[0]] + entry.parts)
                }
                try await snapshots.send(parts: [parts[0]] + Clone.Entry(Clone.end, number).parts)
            }
            if ContinuousClock.now >= nextBeat {
                nextBeat = .now + interval
                try await updates.send(parts: Clone.Entry(Clone.beat, number).parts)
            }
        }
    }

    private var slash: UInt8 { UInt8(ascii: "/") }
}

/// Has the table as it is at the server, a moment later.
actor CloneClient {
    struct Endpoints: Sendable {
        var snapshots: String
        var updates: String
        var wishes: String
    }

    private let endpoints: Endpoints
    private let context: Context
    private let timeoutMilliseconds: Int
    private let updates: SubSocket
    private let wishes: PushSocket
    private(set) var table: [[UInt8]: [UInt8]] = [:]
    /// Of the last change that is in the table; nil before there was a snapshot, or when one is missing.
    private(set) var number: UInt64?
    private(set) var snapshotCount = 0

    /// - Parameter timeoutMilliseconds: after how long a snapshot that does not come is asked for again.
    init(
        _ endpoints: Endpoints, context: Context, timeoutMilliseconds: Int = 1000
    ) throws {
        self.endpoints = endpoints
        self.context = context
        self.timeoutMilliseconds = timeoutMilliseconds
        updates = try SubSocket(context: context)
        wishes = try PushSocket(context: context)
        try updates.subscribe("/")
        try updates.subscribe(Clone.beat)
        try updates.connect(endpoints.updates)
        try wishes.connect(endpoints.wishes)
    }

    /// Asks the server for a change.
    func wish(_ key: String, _ value: String?) async throws {
        let entry = Clone.Entry([UInt8](key.utf8), 0, [UInt8]((value ?? "").utf8))
        try await wishes.send(parts: entry.parts)
    }

    subscript(key: String) -> String? {
        table[[UInt8](key.utf8)].map { String(decoding: $0, as: UTF8.self) }
    }

    /// Keeps the table until the task is cancelled, or the context is closed.
    func run() async throws {
        while true {
            while number == nil { try await takeSnapshot() }
            let update = try await updates.receive().parts
            if let entry = Clone.Entry(update) { apply(entry) }
        }
    }

    private func apply(_ entry: Clone.Entry) {
        guard let number, entry.number > number else { return }
        if entry.key == Clone.beat || entry.number > number + 1 {
            self.number = nil
            return
        }
        self.number = entry.number
        table[entry.key] = entry.value.isEmpty ? nil : entry.value
    }

    private func takeSnapshot() async throws {
        var options = SocketOptions()
        options.receiveTimeoutMilliseconds = timeoutMilliseconds
        options.lingerMilliseconds = 0
        // A table may have more entries than a high-water mark, and a ROUTER would drop the rest.
        options.receiveHighWaterMark = 0
        let socket = try DealerSocket(context: context, options: options)
        defer { socket.close() }
        try socket.connect(endpoints.snapshots)
        try await socket.send(Clone.wish)
        var table: [[UInt8]: [UInt8]] = [:]
        do {
            while true {
                guard let entry = Clone.Entry(try await socket.receive().parts) else { return }
                if entry.key == Clone.end {
                    (self.table, number) = (table, entry.number)
                    snapshotCount += 1
                    return
                }
                table[entry.key] = entry.value
            }
        } catch {
            // When it does not come, the next one may.
            if error.code != .timedOut { throw error }
        }
    }
}
