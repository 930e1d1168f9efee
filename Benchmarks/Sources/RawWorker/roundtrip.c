#include "worker.h"
#include <stdlib.h>
#include <unistd.h>

enum { WARM_UP_ROUND_TRIPS = 100 };

static void answer(int descriptor, const bench_job *job)
{
    uint8_t *in = make_buffer(job->size), *out = make_buffer(job->size);
    uint64_t sum = 0, number = 0;
    uint8_t kind = BENCH_DATA;
    while (kind != BENCH_END) {
        receive_all(descriptor, in, job->size);
        kind = *in;
        sum += bench_sum(in, job->size);
        bench_fill(out, job->size, sum + number, kind);
        send_all(descriptor, out, job->size);
        number++;
    }
    free(in);
    free(out);
}

/// One round trip: write a message, send it, wait for the answer, read it.
static inline uint64_t ask(int descriptor, void *in, void *out, size_t size, uint64_t number,
                           uint8_t kind)
{
    bench_fill(out, size, number, kind);
    send_all(descriptor, out, size);
    receive_all(descriptor, in, size);
    return bench_sum(in, size);
}

static void ask_for_a_time(int descriptor, const bench_job *job, bench_report *report)
{
    void *in = make_buffer(job->size), *out = make_buffer(job->size);
    bench_samples samples = bench_samples_make();
    for (int i = 0; i < WARM_UP_ROUND_TRIPS; i++)
        report->checksum += ask(descriptor, in, out, job->size, 0, BENCH_DATA);
    uint64_t start = bench_now(), now = start, number = 0;
    uint64_t deadline = start + (uint64_t)(job->seconds * 1e9);
    while (now < deadline) {
        report->checksum += ask(descriptor, in, out, job->size, number, BENCH_DATA);
        uint64_t then = bench_now();
        bench_samples_add(&samples, then - now);
        now = then;
        number++;
    }
    report->checksum += ask(descriptor, in, out, job->size, 0, BENCH_END);
    report->messages = number;
    report->bytes = number * job->size;
    report->seconds = (double)(now - start) / 1e9;
    bench_report_samples(report, &samples);
    free(samples.nanoseconds);
    free(in);
    free(out);
}

void roundtrip(const bench_job *job)
{
    bench_report report = {.connections = 1};
    double cpu = bench_cpu_seconds();
    int descriptor;
    if (job->role == BENCH_SENDS) {
        descriptor = connect_to(job);
        ask_for_a_time(descriptor, job, &report);
    } else {
        descriptor = accept_connection(job);
        answer(descriptor, job);
    }
    close(descriptor);
    report.cpu_seconds = bench_cpu_seconds() - cpu;
    bench_report_print(&report, "raw sockets");
}
