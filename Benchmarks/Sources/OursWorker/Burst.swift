internal import CBench
private import Glibc
internal import MCFacade

private let burstMessages = 100
private let quietMicroseconds = UInt64(2000)

func burst(_ job: Job) throws {
    try reporting { report in
        report.connections = 1
        if job.sends {
            try sendForATime(job)
        } else {
            let pull = try PullSocket()
            try pull.bind(for: job)
            if job.isBoth {
                let sender = WorkerThread { try sendForATime(job) }
                try receiveAll(pull, &report)
                bench_tell(job.boundEnd)
                sender.join()
            } else {
                try receiveAll(pull, &report)
                bench_tell(job.boundEnd)
            }
            pull.close()
        }
    }
}

/// Bursts with quiet between them; the last message of each says when it was sent.
private func sendForATime(_ job: Job) throws {
    let push = try PushSocket()
    try push.connect(job.endpoint)
    let buffer = SendBuffer(size: job.size)
    var sent = UInt64(0)
    let deadline = job.deadline(from: bench_now())
    while bench_now() < deadline {
        for _ in 0..<(burstMessages - 1) {
            try push.sendFilled(buffer, sent, BENCH_DATA)
            sent += 1
        }
        unsafe bench_fill(buffer.start, job.size, sent, UInt8(BENCH_SPECIAL))
        unsafe bench_write_stamp(buffer.start, bench_now())
        try unsafe push.send(bytes: UnsafeRawBufferPointer(buffer.bytes))
        sent += 1
        bench_sleep_microseconds(quietMicroseconds)
    }
    try push.sendEnd(buffer, count: sent)
    _ = bench_told(job.connectedEnd, -1)
    push.close()
}

private func receiveAll(_ pull: PullSocket, _ report: inout bench_report) throws {
    var meter = bench_meter_make(1)
    var samples = unsafe bench_samples_make()
    var ended = false
    while !ended {
        let message = try pull.receive()
        if message.kind() == BENCH_SPECIAL {
            let sent = unsafe message.read { unsafe bench_read_stamp($0.baseAddress) }
            unsafe bench_samples_add(&samples, bench_now() - sent)
        }
        ended = meter.take(message)
    }
    report.add(meter)
    unsafe report.add(&samples)
    unsafe free(samples.nanoseconds)
}
