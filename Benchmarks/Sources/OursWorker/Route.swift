internal import CBench
internal import MCFacade
private import Synchronization

private let requestsAtOnce = 16

func route(_ job: Job) throws {
    try reporting { report in
        report.connections = Int32(job.peers)
        if job.receives {
            try answer(job, tells: false)
        } else if job.isBoth {
            let thread = WorkerThread { try answer(job, tells: true) }
            _ = bench_told(job.connectedEnd, -1)
            askFromAll(job, &report)
            thread.join()
        } else {
            askFromAll(job, &report)
        }
    }
}

private func answer(_ job: Job, tells: Bool) throws {
    let router = try RouterSocket()
    try router.bind(for: job)
    if tells { bench_tell(job.boundEnd) }
    let buffer = SendBuffer(size: job.size)
    var (sum, number) = (UInt64(0), UInt64(0))
    var ended = 0
    while ended < job.peers {
        var message = try router.receive()
        let kind = message.kind()
        sum &+= message.sum()
        if kind == BENCH_END {
            ended += 1
            continue
        }
        guard let peer = message.removeFirst() else { continue }
        var reply = Message(peer)
        reply.append(buffer.filledFrame(sum &+ number, Int(kind)))
        try router.send(reply)
        number += 1
    }
    router.close()
}

extension SendBuffer {
    /// A frame of the worker's own making: a copy of the buffer, or filled in place if it is large.
    @inline(__always)
    fileprivate borrowing func filledFrame(_ number: UInt64, _ kind: Int) -> Frame {
        let (size, kind) = unsafe (bytes.count, UInt8(truncatingIfNeeded: kind))
        if size < BENCH_LARGE_BYTES {
            unsafe bench_fill(start, size, number, kind)
            return unsafe Frame(copying: UnsafeRawBufferPointer(bytes))
        }
        return unsafe Frame(count: size) { unsafe bench_fill($0.baseAddress, size, number, kind) }
    }
}

/// What a dealer measured.
private struct Asked {
    var answers: UInt64 = 0
    var sum: UInt64 = 0
    var start: UInt64 = 0
    var end: UInt64 = 0
}

private func askForATime(_ job: Job) throws -> Asked {
    let socket = try DealerSocket()
    try socket.connect(job.endpoint)
    let buffer = SendBuffer(size: job.size)
    var asked = Asked()
    asked.start = bench_now()
    asked.end = asked.start
    let deadline = job.deadline(from: asked.start)
    while asked.end < deadline {
        for _ in 0..<requestsAtOnce {
            try socket.sendFilled(buffer, asked.answers, BENCH_DATA)
        }
        for _ in 0..<requestsAtOnce {
            asked.sum &+= try socket.receive().sum()
            asked.answers += 1
        }
        asked.end = bench_now()
    }
    try socket.sendFilled(buffer, 0, BENCH_END)
    socket.close()
    return asked
}

private func askFromAll(_ job: Job, _ report: inout bench_report) {
    let results = Mutex([Asked]())
    withThreads(job.peers) { _ in
        let asked = try askForATime(job)
        results.withLock { $0.append(asked) }
    }
    let asked = results.withLock { $0 }
    report.messages = asked.reduce(0) { $0 + $1.answers }
    report.checksum = asked.reduce(0) { $0 &+ $1.sum }
    report.bytes = report.messages * UInt64(job.size)
    let (start, end) = (asked.map(\.start).min() ?? 0, asked.map(\.end).max() ?? 0)
    report.seconds = Double(end - start) / 1e9
}
