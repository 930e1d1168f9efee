internal import CBench
private import Glibc
internal import MCFacade

private let warmUpRoundTrips = 100

func roundtrip(_ job: Job) throws {
    var options = SocketOptions()
    options.spinMicroseconds = job.spin
    if job.pattern == "pair" {
        try roundtrip(
            job, asking: { try PairSocket(options: options) },
            answering: { [options] in try PairSocket(options: options) })
    } else {
        try roundtrip(
            job, asking: { try ReqSocket(options: options) },
            answering: { [options] in try RepSocket(options: options) })
    }
}

private func roundtrip<
    Asking: Socket & SendingSocket & ReceivingSocket,
    Answering: Socket & SendingSocket & ReceivingSocket
>(
    _ job: Job, asking: () throws -> Asking, answering: @escaping @Sendable () throws -> Answering
) throws {
    try reporting { report in
        report.connections = 1
        if job.receives {
            try answerAll(job, tells: false, answering)
        } else if job.isBoth {
            let thread = WorkerThread { try answerAll(job, tells: true, answering) }
            _ = bench_told(job.connectedEnd, -1)
            try askForATime(try asking(), job, &report)
            thread.join()
        } else {
            try askForATime(try asking(), job, &report)
        }
    }
}

private func answerAll<S: Socket & SendingSocket & ReceivingSocket>(
    _ job: Job, tells: Bool, _ make: () throws -> S
) throws {
    let socket = try make()
    try socket.bind(for: job)
    if tells { bench_tell(job.boundEnd) }
    let buffer = SendBuffer(size: job.size)
    var (sum, number) = (UInt64(0), UInt64(0))
    var kind = UInt8(BENCH_DATA)
    while kind != BENCH_END {
        let message = try socket.receive()
        kind = message.kind()
        sum &+= message.sum()
        try socket.sendFilled(buffer, sum &+ number, Int(kind))
        number += 1
    }
    socket.close()
}

/// One round trip: write a message, send it, wait for the answer, read it.
@inline(__always)
private func ask<S: SendingSocket & ReceivingSocket>(
    _ socket: S, _ buffer: borrowing SendBuffer, _ number: UInt64, _ kind: Int
) throws -> UInt64 {
    try socket.sendFilled(buffer, number, kind)
    return try socket.receive().sum()
}

private func askForATime<S: Socket & SendingSocket & ReceivingSocket>(
    _ socket: S, _ job: Job, _ report: inout bench_report
) throws {
    try socket.connect(job.endpoint)
    let buffer = SendBuffer(size: job.size)
    var samples = unsafe bench_samples_make()
    for _ in 0..<warmUpRoundTrips {
        report.checksum &+= try ask(socket, buffer, 0, BENCH_DATA)
    }
    let start = bench_now()
    var (now, number) = (start, UInt64(0))
    let deadline = job.deadline(from: start)
    while now < deadline {
        report.checksum &+= try ask(socket, buffer, number, BENCH_DATA)
        let then = bench_now()
        unsafe bench_samples_add(&samples, then - now)
        now = then
        number += 1
    }
    report.checksum &+= try ask(socket, buffer, 0, BENCH_END)
    report.messages = number
    report.bytes = number * UInt64(job.size)
    report.seconds = Double(now - start) / 1e9
    unsafe report.add(&samples)
    unsafe free(samples.nanoseconds)
    socket.close()
}
