internal import CBench
private import Glibc
internal import MCFacade

func connectRate(_ job: Job) throws {
    try reporting { report in
        if job.receives {
            try answer(job, tells: false)
        } else if job.isBoth {
            let thread = WorkerThread { try answer(job, tells: true) }
            _ = bench_told(job.connectedEnd, -1)
            try connectForATime(job, &report)
            thread.join()
        } else {
            try connectForATime(job, &report)
        }
    }
}

private func answer(_ job: Job, tells: Bool) throws {
    let rep = try RepSocket()
    try rep.bind(for: job)
    if tells { bench_tell(job.boundEnd) }
    let buffer = SendBuffer(size: 1)
    var kind = UInt8(BENCH_DATA)
    while kind != BENCH_END {
        kind = try rep.receive().kind()
        try rep.sendFilled(buffer, 0, Int(kind))
    }
    rep.close()
}

/// A socket from its making to its closing, with one round trip that proves its connection.
private func connectOnce(
    _ job: Job, _ buffer: borrowing SendBuffer, _ kind: Int
) throws {
    let req = try ReqSocket()
    try req.connect(job.endpoint)
    try req.sendFilled(buffer, 0, kind)
    _ = try req.receive()
    req.close()
}

private func connectForATime(_ job: Job, _ report: inout bench_report) throws {
    let buffer = SendBuffer(size: 1)
    var samples = unsafe bench_samples_make()
    let start = bench_now()
    var now = start
    let deadline = job.deadline(from: start)
    while now < deadline {
        try connectOnce(job, buffer, BENCH_DATA)
        let then = bench_now()
        unsafe bench_samples_add(&samples, then - now)
        now = then
        report.messages += 1
    }
    try connectOnce(job, buffer, BENCH_END)
    report.connections = Int32(truncatingIfNeeded: report.messages)
    report.seconds = Double(now - start) / 1e9
    unsafe report.add(&samples)
    unsafe free(samples.nanoseconds)
}
