internal import CBench
internal import MCFacade

extension Socket {
    /// Binds to the job's endpoint, and says where that is if somebody else connects.
    func bind(for job: Job) throws(SocketError) {
        let endpoint = try bind(job.endpoint)
        if !job.isBoth { unsafe bench_announce(endpoint) }
    }
}

/// Memory for messages that are sent as copies.
@safe
struct SendBuffer: ~Copyable {
    let bytes: UnsafeMutableRawBufferPointer

    init(size: Int) {
        unsafe bytes = .allocate(byteCount: size, alignment: 16)
    }

    deinit { unsafe bytes.deallocate() }

    var start: UnsafeMutableRawPointer { unsafe bytes.baseAddress! }
}

extension SendingSocket {
    /// A message of the worker's own making: from the buffer, or filled in place if it is large.
    @inline(__always)
    func sendFilled(
        _ buffer: borrowing SendBuffer, _ number: UInt64, _ kind: Int
    ) throws(SocketError) {
        let size = unsafe buffer.bytes.count
        if size < BENCH_LARGE_BYTES {
            unsafe bench_fill(buffer.start, size, number, UInt8(truncatingIfNeeded: kind))
            try unsafe send(bytes: UnsafeRawBufferPointer(buffer.bytes))
        } else {
            try unsafe send(
                Message(
                    Frame(count: size) { bytes in
                        unsafe bench_fill(
                            bytes.baseAddress, size, number, UInt8(truncatingIfNeeded: kind))
                    }))
        }
    }

    func sendEnd(_ buffer: borrowing SendBuffer, count: UInt64) throws(SocketError) {
        unsafe bench_write_end(buffer.start, buffer.bytes.count, count)
        try unsafe send(bytes: UnsafeRawBufferPointer(buffer.bytes))
    }
}

extension Message {
    /// The payload of the last frame.
    @inline(__always)
    borrowing func read<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withFrame(count - 1) { frame in unsafe frame.withUnsafeBytes { unsafe body($0) } }
    }

    @inline(__always)
    borrowing func sum() -> UInt64 { unsafe read { unsafe bench_sum($0.baseAddress, $0.count) } }

    @inline(__always)
    borrowing func kind() -> UInt8 { unsafe read { unsafe $0[0] } }
}

extension bench_meter {
    @inline(__always)
    mutating func take(_ message: borrowing Message) -> Bool {
        unsafe message.read { unsafe bench_meter_take(&self, $0.baseAddress, $0.count) }
    }

    @inline(__always)
    mutating func takeLossy(_ message: borrowing Message) -> Bool {
        unsafe message.read { unsafe bench_meter_take_lossy(&self, $0.baseAddress, $0.count) }
    }
}

extension bench_report {
    mutating func add(_ meter: bench_meter) {
        var meter = meter
        unsafe bench_report_meter(&self, &meter)
    }

    mutating func add(_ samples: inout bench_samples) {
        unsafe bench_report_samples(&self, &samples)
    }
}
