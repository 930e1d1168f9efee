import CBench
import Glibc
import Testing

// Safe because every pointer here lives for the call that it is passed to.

/// What the worker would do with these arguments. The strings live as long as the process.
private func job(_ arguments: String...) -> bench_job {
    let words = unsafe (["worker"] + arguments).map { unsafe strdup($0) }
    return unsafe bench_job_parse(Int32(words.count), words)
}

@Suite struct WorkerTests {
    @Test func optionsHaveDefaults() {
        let job = unsafe job("throughput", "send", "tcp://127.0.0.1:1")
        unsafe #expect(String(cString: job.work) == "throughput")
        unsafe #expect(job.role == BENCH_SENDS)
        unsafe #expect(job.size == 64 && job.seconds == 1 && job.connections == 1)
        unsafe #expect(job.bound_end == 3 && job.connected_end == 3)
    }

    @Test func optionsAreRead() {
        let job = unsafe job(
            "publish", "receive", "ipc://x", "size=8", "milliseconds=1500", "peers=64",
            "prefixes=10000", "threads=4", "connections=8", "write=4096", "style=async")
        unsafe #expect(job.role == BENCH_RECEIVES)
        unsafe #expect(job.size == 8 && job.seconds == 1.5 && job.peers == 64)
        unsafe #expect(job.prefixes == 10_000 && job.threads == 4 && job.connections == 8)
        unsafe #expect(job.write_size == 4096 && bench_is(job.style, "async"))
    }

    @Test func bothEndsInOneProcessHaveAChannel() {
        let job = unsafe job("burst", "both", "inproc://x")
        unsafe bench_tell(job.bound_end)
        unsafe #expect(bench_told(job.connected_end, 0))
        unsafe #expect(!bench_told(job.connected_end, 0))
        unsafe close(job.bound_end)
        unsafe close(job.connected_end)
    }

    @Test func wrongArgumentsEndTheWorker() async {
        await #expect(processExitsWith: .exitCode(64)) {
            _ = unsafe job("burst", "send", "tcp://x", "size=many")
        }
    }
}

@Suite struct PayloadTests {
    @Test func everyByteIsWrittenAndRead() {
        var bytes = [UInt8](repeating: 0xFF, count: 21)
        unsafe bench_fill(&bytes, bytes.count, 0x1_03, UInt8(BENCH_DATA))
        #expect(bytes == [0] + [UInt8](repeating: 3, count: 20))
        // Two words, of which the first lacks its lowest byte, and five bytes.
        let word = UInt64(0x0303_0303_0303_0303)
        #expect(unsafe bench_sum(bytes, bytes.count) == word * 2 - 3 + 15)
    }

    @Test func anEndMarkSaysHowManyWereThere() {
        var bytes = [UInt8](repeating: 0, count: 8)
        unsafe bench_write_end(&bytes, bytes.count, 123_456_789_012)
        #expect(bytes[0] == UInt8(BENCH_END))
        #expect(unsafe bench_read_end(bytes) == 123_456_789_012)
    }

    @Test func aTopicBeginsAsDataDoes() {
        var bytes = [UInt8](repeating: 9, count: 8)
        unsafe bench_write_topic(&bytes, 0x01_0203)
        #expect(bytes == [UInt8(BENCH_DATA), 1, 2, 3, 9, 9, 9, 9])
    }
}

@Suite struct MeterTests {
    private func take(_ meter: inout bench_meter, _ bytes: [UInt8]) -> Bool {
        unsafe bench_meter_take(&meter, bytes, bytes.count)
    }

    private func end(_ count: UInt64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 8)
        unsafe bench_write_end(&bytes, bytes.count, count)
        return bytes
    }

    @Test func itEndsWithTheLastMessageOfTheLastSender() {
        var meter = bench_meter_make(2)
        let message = [UInt8](repeating: 0, count: 8)
        #expect(!take(&meter, message))
        #expect(!take(&meter, end(2)))
        #expect(!take(&meter, message))
        #expect(!take(&meter, end(1)))
        // A mark had overtaken this one.
        #expect(take(&meter, message))
        #expect(meter.received == 3 && meter.bytes == 24)
    }

    @Test func itsTimeBeginsAtTheFirstMessage() {
        var (meter, report) = (bench_meter_make(1), bench_report())
        let message = [UInt8](repeating: 0, count: 8)
        for _ in 0..<3 { _ = take(&meter, message) }
        #expect(take(&meter, end(3)))
        unsafe bench_report_meter(&report, &meter)
        #expect(report.messages == 2 && report.bytes == 16)
        #expect(report.seconds >= 0)
    }

    @Test func percentilesAreNearestRanks() {
        var samples = unsafe bench_samples_make()
        for value in (1...1000).shuffled() {
            unsafe bench_samples_add(&samples, UInt64(value) * 1000)
        }
        unsafe bench_samples_sort(&samples)
        #expect(unsafe bench_samples_microseconds(&samples, 0.5) == 500)
        #expect(unsafe bench_samples_microseconds(&samples, 0.99) == 990)
        #expect(unsafe bench_samples_microseconds(&samples, 0.999) == 999)
        unsafe free(samples.nanoseconds)
    }
}
