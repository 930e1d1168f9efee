internal import CBench
internal import MCFacade

func idle(_ job: Job) throws {
    _ = bench_raise_descriptor_limit()
    var report = bench_report()
    report.connections = Int32(job.connections)
    if job.sends {
        let push = try PushSocket()
        try connectAll(push, job, countsDescriptors: true)
        bench_wait_until_quiet()
        bench_tell(job.connectedEnd)
        measure(job, &report)
        try sendOverAll(push, job)
        push.close()
    } else {
        let pull = try PullSocket()
        try pull.bind(for: job)
        if job.isBoth {
            let push = try PushSocket()
            try connectAll(push, job, countsDescriptors: false)
            measure(job, &report)
            try sendOverAll(push, job)
            push.close()
        } else {
            _ = bench_told(job.boundEnd, -1)
            measure(job, &report)
        }
        try receiveOverAll(pull, job)
        pull.close()
    }
    Context.shared.close()
    printReport(report)
}

/// Connects a few at a time: the listener's queue is short.
private func connectAll(_ push: PushSocket, _ job: Job, countsDescriptors: Bool) throws {
    for index in 0..<job.connections {
        try push.connect(job.endpoint)
        if index % 50 == 49 { bench_sleep_microseconds(2000) }
    }
    for _ in 0..<3000 where countsDescriptors {
        if Int(bench_open_descriptors()) >= job.connections { break }
        bench_sleep_microseconds(10_000)
    }
}

/// What the process needs while nothing happens.
private func measure(_ job: Job, _ report: inout bench_report) {
    bench_wait_until_quiet()
    let cpu = bench_cpu_seconds()
    let start = bench_now()
    bench_sleep_microseconds(UInt64(job.seconds * 1e6))
    report.seconds = Double(bench_now() - start) / 1e9
    report.cpu_seconds = bench_cpu_seconds() - cpu
    report.resident_kib = unsafe bench_status_kib("VmRSS")
}

/// One message for each connection: all of them were there, or this does not end.
private func sendOverAll(_ push: PushSocket, _ job: Job) throws {
    let buffer = SendBuffer(size: 1)
    for _ in 0..<job.connections { try push.sendFilled(buffer, 0, BENCH_DATA) }
}

private func receiveOverAll(_ pull: PullSocket, _ job: Job) throws {
    for _ in 0..<job.connections { _ = try pull.receive() }
}
