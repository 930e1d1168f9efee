import MCCodec
import MCFacade
import MCommSupport

/// What a message of the demo turns out to be.
enum DemoArrival {
    case hello
    case tensor(DemoStamp, DemoFingerprint)
    case unreadable(String)

    init(_ message: consuming Message) {
        guard let first = message.removeFirst(), let stamp = DemoStamp(first) else {
            self = .unreadable("a message without a stamp")
            return
        }
        if stamp.kind == .hello {
            self = .hello
            return
        }
        do {
            let tensor = try TensorMessage.decode(message)
            let fingerprint = DemoFingerprint(
                tensor.header.descriptor, payload: tensor.payload.bytes)
            self = .tensor(stamp, fingerprint)
        } catch {
            self = .unreadable("tensor \(stamp.index): \(error)")
        }
    }
}

/// A receiving peer: takes every tensor apart and reports what it saw; a REP sends it back. It has
/// no access to what the tensors should be: the parent compares.
struct DemoReceiver {
    let peer: DemoJob.Peer
    let mailbox: DemoMailbox

    /// How long nothing must arrive before the parent is told how many have.
    private static let quietMilliseconds = 20

    func run() throws {
        var options = peer.options
        options.receiveTimeoutMilliseconds = Self.quietMilliseconds
        guard
            let socket = try SocketFactory.receiver(
                peer.kind, options, subscriptions: [DemoStamp.topic])
        else { return }
        try peer.open(socket, mailbox)
        let replier = peer.kind == .rep ? socket as? any SendingSocket : nil
        var tally = DemoTally()
        var isReady = false
        var told = 0
        while true {
            guard let message = try receiveInTime(socket) else {
                if tally.count != told {
                    told = tally.count
                    try mailbox.say(.progress) { $0.count = told }
                }
                if mailbox.take() == .stop { break }
                continue
            }
            let now = Clock.nanoseconds()
            if let replier { try replier.send(message) }
            let arrival = DemoArrival(message)
            if case .hello = arrival {
                if !isReady { try mailbox.say(.ready) }
                isReady = true
            } else {
                tally.add(arrival, at: now)
            }
        }
        try mailbox.say(.report) { tally.fill(&$0, withLatencies: replier == nil) }
        socket.close()
    }
}

/// What a receiver saw, kept small: equal sightings are counted.
struct DemoTally {
    /// Tensors so far.
    private(set) var count = 0
    private var seen: [DemoSighting?] = []
    private var deviating: [DemoSighting] = []
    private var unreadable: [String] = []
    private var latencies: [UInt64] = []
    private var lastStreamed: UInt64 = 0

    /// An index beyond this is nonsense, and must not cost memory.
    private static let indexLimit = 10_000_000

    mutating func add(_ arrival: DemoArrival, at now: UInt64) {
        count += 1
        guard case .tensor(let stamp, let fingerprint) = arrival, stamp.index < Self.indexLimit
        else {
            if case .unreadable(let reason) = arrival { unreadable.append(reason) }
            return
        }
        switch stamp.kind {
        case .hello: break
        case .streamed: lastStreamed = now
        case .paced: latencies.append(now - min(now, stamp.nanoseconds))
        }
        let sighting = DemoSighting(index: stamp.index, tensor: fingerprint, count: 1)
        while seen.count <= stamp.index { seen.append(nil) }
        if let first = seen[stamp.index] {
            if first.tensor == fingerprint {
                seen[stamp.index]?.count += 1
            } else {
                deviating.append(sighting)
            }
        } else {
            seen[stamp.index] = sighting
        }
    }

    func fill(_ event: inout DemoEvent, withLatencies: Bool) {
        event.count = count
        event.seen = seen.compactMap { $0 } + deviating
        event.unreadable = unreadable
        event.nanoseconds = lastStreamed
        event.latencies = withLatencies ? latencies : nil
    }
}
