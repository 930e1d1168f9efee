internal import CBench
internal import MCFacade

func throughput(_ job: Job) throws {
    try reporting { report in
        report.connections = Int32(job.connections)
        if job.sends {
            try sendFromThreads(job)
        } else {
            let pull = try PullSocket()
            try pull.bind(for: job)
            if job.isBoth {
                let sender = WorkerThread { try sendFromThreads(job) }
                report.add(try receiveAll(pull, job))
                bench_tell(job.boundEnd)
                sender.join()
            } else {
                report.add(try receiveAll(pull, job))
                bench_tell(job.boundEnd)
            }
            pull.close()
        }
    }
}

/// Our sockets are thread-safe: the threads share one.
private func sendFromThreads(_ job: Job) throws {
    let push = try PushSocket()
    for _ in 0..<job.connections { try push.connect(job.endpoint) }
    withThreads(job.threads) { _ in try sendForATime(push, job) }
    // Not before everything has arrived, as in LibzmqWorker.
    _ = bench_told(job.connectedEnd, -1)
    push.close()
}

private func sendForATime(_ push: PushSocket, _ job: Job) throws {
    let buffer = SendBuffer(size: job.size)
    var pace = bench_pace_make(job.seconds, job.size)
    while unsafe bench_pace_goes_on(&pace) {
        try push.sendFilled(buffer, pace.sent, BENCH_DATA)
        pace.sent += 1
    }
    try push.sendEnd(buffer, count: pace.sent)
}

private func receiveAll(_ pull: PullSocket, _ job: Job) throws -> bench_meter {
    let meter = bench_meter_make(UInt64(job.threads))
    switch job.style {
    case "polling": return try receiveAll(pull, meter)
    case "callback": return try receiveByCallback(pull, meter)
    case "async": return receiveInTask { try await receiveAsSequence(pull, meter) }
    case "await": return receiveInTask { try await receiveAwaiting(pull, meter) }
    default: fail(job.style, "no such way to receive")
    }
}

private func receiveAll(_ pull: PullSocket, _ meter: bench_meter) throws -> bench_meter {
    var meter = meter
    var ended = false
    while !ended {
        ended = meter.take(try pull.receive())
    }
    return meter
}
