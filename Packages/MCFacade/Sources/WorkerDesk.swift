import MCMemory

/// Who works on what, for the load-balancing broker: idle workers in the order in which they became so,
/// busy ones with their requests, and requests that are to be done again.
///
/// Pure: the broker brings the news, and sends what the desk says.
struct WorkerDesk {
    /// A client's envelope and what it asked.
    final class Request {
        let message: Message
        /// The client's routing id, to which alone the reply may go.
        let client: [UInt8]
        fileprivate(set) var attempts = 0

        init(_ message: consuming Message) {
            client = message.bytes(0)
            self.message = message
        }
    }

    private struct Assignment {
        let request: Request
        /// When the worker is taken for lost; nil for never.
        let deadline: UInt64?
    }

    /// What becomes of a message of a worker's.
    enum ReplyOutcome {
        /// It answers the worker's request.
        case accepted
        /// The worker has no such request: it was given to another meanwhile, or never was.
        case unexpected
    }

    /// How often a request is handed out at most.
    let attemptsPerRequest: Int
    private var idle: [[UInt8]] = []
    private var busy: [[UInt8]: Assignment] = [:]
    /// To be done again, before new ones.
    private var again: [Request] = []
    /// Requests that nobody will answer; the broker reports them.
    private(set) var lost: [Request] = []
    private(set) var retries = 0

    init(attemptsPerRequest: Int) { self.attemptsPerRequest = attemptsPerRequest }

    var idleCount: Int { idle.count }
    var busyCount: Int { busy.count }
    var againCount: Int { again.count }
    var hasIdle: Bool { !idle.isEmpty }
    /// Nobody works, and nothing is to be done.
    var isQuiet: Bool { busy.isEmpty && again.isEmpty }
    var busyWorkers: [[UInt8]] { Array(busy.keys) }

    /// A worker says that it is ready. One that was busy has forgotten what it did.
    mutating func ready(_ worker: [UInt8]) {
        if let assignment = busy.removeValue(forKey: worker) { redo(assignment.request) }
        if !idle.contains(worker) { idle.append(worker) }
    }

    /// A worker has sent a reply for this client; it is idle from now on.
    mutating func replied(_ worker: [UInt8], to client: [UInt8]) -> ReplyOutcome {
        if let assignment = busy[worker] {
            // What it still has to answer it goes on with.
            guard assignment.request.client == client else { return .unexpected }
            busy[worker] = nil
            idle.append(worker)
            return .accepted
        }
        if !idle.contains(worker) { idle.append(worker) }
        return .unexpected
    }

    /// The worker that has been idle longest, if there is one; it is no longer idle.
    mutating func takeWorker() -> [UInt8]? { idle.isEmpty ? nil : idle.removeFirst() }

    /// The next request that is to be done again, if there is one.
    mutating func takeAgain() -> Request? { again.isEmpty ? nil : again.removeFirst() }

    /// The request has been sent to the worker.
    mutating func assign(_ request: Request, to worker: [UInt8], until deadline: UInt64?) {
        request.attempts += 1
        if request.attempts > 1 { retries += 1 }
        busy[worker] = Assignment(request: request, deadline: deadline)
    }

    /// There is no worker for it now: it waits in front of all others.
    mutating func putBack(_ request: Request) { again.insert(request, at: 0) }

    /// Workers have gone: what they had is done again, by others.
    mutating func gone(_ isGone: ([UInt8]) -> Bool) {
        idle.removeAll(where: isGone)
        for (worker, assignment) in busy where isGone(worker) {
            busy[worker] = nil
            redo(assignment.request)
        }
    }

    /// The busy workers whose time is over.
    func late(now: UInt64) -> [[UInt8]] {
        busy.filter { $0.value.deadline.map { $0 <= now } ?? false }.map(\.key)
    }

    private mutating func redo(_ request: Request) {
        if request.attempts < attemptsPerRequest {
            again.append(request)
        } else {
            lost.append(request)
        }
    }

    /// Nothing goes on: all that is open is lost.
    mutating func abandon() {
        lost += again + busy.values.map(\.request)
        again = []
        busy = [:]
    }

    mutating func takeLost() -> [Request] {
        defer { lost = [] }
        return lost
    }
}
