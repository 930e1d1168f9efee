#include "worker.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

// A stream without messages, written and read in pieces of the write size: the fill and the sum
// cost what they cost the libraries, nothing else does.

static void send_for_a_time(int descriptor, const bench_job *job)
{
    void *buffer = make_buffer(job->write_size);
    bench_pace pace = bench_pace_make(job->seconds, job->write_size);
    while (bench_pace_goes_on(&pace)) {
        bench_fill(buffer, job->write_size, pace.sent, BENCH_DATA);
        send_all(descriptor, buffer, job->write_size);
        pace.sent++;
    }
    free(buffer);
}

static void receive_to_the_end(int descriptor, const bench_job *job, bench_report *report)
{
    uint8_t *buffer = make_buffer(job->write_size);
    bench_meter meter = bench_meter_make(1);
    for (;;) {
        ssize_t count = recv(descriptor, buffer, job->write_size, 0);
        check(count, "recv");
        if (count == 0)
            break;
        meter.sum += bench_sum(buffer, (size_t)count);
        meter.bytes += (uint64_t)count;
        if (meter.received++ == 0)
            meter.start = bench_now();
    }
    meter.end = bench_now();
    bench_report_meter(report, &meter);
    // In messages of the size that the libraries send, to compare.
    report->messages = report->bytes / job->size;
    free(buffer);
}

void throughput(const bench_job *job)
{
    bench_report report = {.connections = 1};
    double cpu = bench_cpu_seconds();
    int descriptor;
    if (job->role == BENCH_SENDS) {
        descriptor = connect_to(job);
        send_for_a_time(descriptor, job);
    } else {
        descriptor = accept_connection(job);
        receive_to_the_end(descriptor, job, &report);
    }
    close(descriptor);
    report.cpu_seconds = bench_cpu_seconds() - cpu;
    bench_report_print(&report, "raw sockets");
}
