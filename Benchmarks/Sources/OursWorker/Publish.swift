internal import CBench
private import Glibc
internal import MCFacade

func publish(_ job: Job) throws {
    try reporting { report in
        report.connections = Int32(job.peers)
        if job.sends {
            try publishForATime(job)
        } else if job.isBoth {
            let publisher = WorkerThread { try publishForATime(job) }
            receiveAll(job, &report)
            publisher.join()
        } else {
            receiveAll(job, &report)
        }
    }
}

private func publishForATime(_ job: Job) throws {
    let pub = try PubSocket()
    try pub.bind(for: job)
    // When it is closed everything that counts has arrived.
    try pub.setOptions { $0.lingerMilliseconds = 0 }
    let buffer = SendBuffer(size: job.size)
    // Greetings, until every subscriber has had one.
    repeat {
        try pub.sendFilled(buffer, 0, BENCH_SPECIAL)
    } while !bench_told(job.boundEnd, 1)
    var pace = bench_pace_make(job.seconds, job.size)
    while unsafe bench_pace_goes_on(&pace) {
        unsafe bench_fill(buffer.start, job.size, pace.sent, UInt8(BENCH_DATA))
        unsafe bench_write_topic(buffer.start, UInt32(pace.sent % UInt64(job.prefixes)))
        try unsafe pub.send(bytes: UnsafeRawBufferPointer(buffer.bytes))
        pace.sent += 1
    }
    // A subscriber without room misses the mark: again, until every one has had it.
    repeat {
        try pub.sendEnd(buffer, count: pace.sent)
    } while !bench_told(job.boundEnd, 1)
    pub.close()
}

/// What the subscribers' threads share: who has been greeted, and what each measured.
@safe
private final class Audience: @unchecked Sendable {
    // A subscriber's own until its thread is joined.
    let meters: UnsafeMutablePointer<bench_meter>
    let allGreeted = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)

    init(count: Int) {
        unsafe meters = .allocate(capacity: count)
        unsafe _ = pthread_barrier_init(allGreeted, nil, UInt32(count) + 1)
    }

    deinit {
        unsafe meters.deallocate()
        unsafe _ = pthread_barrier_destroy(allGreeted)
        unsafe allGreeted.deallocate()
    }

    func waitUntilAllAreGreeted() { unsafe _ = pthread_barrier_wait(allGreeted) }
}

private func subscribe(_ sub: SubSocket, prefixes: Int) throws {
    for index in 0..<UInt32(prefixes) {
        try unsafe sub.subscribe(withUnsafeBytes(of: index.bigEndian) { unsafe Array($0) })
    }
    try sub.subscribe([UInt8(BENCH_END)])
    // The last one: who gets a greeting has all of its subscriptions at the publisher.
    try sub.subscribe([UInt8(BENCH_SPECIAL)])
}

private func receiveOne(_ job: Job, _ audience: Audience, _ index: Int) throws {
    var options = SocketOptions()
    options.sendHighWaterMark = 0
    options.lingerMilliseconds = 0
    let sub = try SubSocket(options: options)
    try subscribe(sub, prefixes: job.prefixes)
    try sub.connect(job.endpoint)
    _ = try sub.receive()
    audience.waitUntilAllAreGreeted()
    var meter = bench_meter_make(1)
    var ended = false
    while !ended {
        ended = meter.takeLossy(try sub.receive())
    }
    unsafe audience.meters[index] = meter
    sub.close()
}

private func receiveAll(_ job: Job, _ report: inout bench_report) {
    let audience = Audience(count: job.peers)
    withThreads(job.peers) { index in
        try receiveOne(job, audience, index)
    } meanwhile: {
        audience.waitUntilAllAreGreeted()
        bench_tell(job.connectedEnd)
    }
    var seconds = 0.0
    for index in 0..<job.peers {
        report.add(unsafe audience.meters[index])
        seconds = max(seconds, report.seconds)
    }
    report.seconds = seconds
    bench_tell(job.connectedEnd)
}
