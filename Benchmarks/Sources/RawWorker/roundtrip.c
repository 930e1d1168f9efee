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

/// The kernel's sockets, and room for a message each way.
typedef struct {
    int descriptor;
    void *in;
    void *out;
} connection;

/// Writes a message, sends it, waits for the answer, reads it.
static uint64_t ask_peer(void *with, size_t size, uint64_t number, uint8_t kind)
{
    connection *peer = with;
    bench_fill(peer->out, size, number, kind);
    send_all(peer->descriptor, peer->out, size);
    receive_all(peer->descriptor, peer->in, size);
    return bench_sum(peer->in, size);
}

void ask_for_a_time(round_trip ask, void *with, const bench_job *job, bench_report *report)
{
    bench_samples samples = bench_samples_make();
    for (int i = 0; i < WARM_UP_ROUND_TRIPS; i++)
        report->checksum += ask(with, job->size, 0, BENCH_DATA);
    uint64_t start = bench_now(), now = start, number = 0;
    uint64_t deadline = start + (uint64_t)(job->seconds * 1e9);
    while (now < deadline) {
        report->checksum += ask(with, job->size, number, BENCH_DATA);
        uint64_t then = bench_now();
        bench_samples_add(&samples, then - now);
        now = then;
        number++;
    }
    report->checksum += ask(with, job->size, 0, BENCH_END);
    report->messages = number;
    report->bytes = number * job->size;
    report->seconds = (double)(now - start) / 1e9;
    bench_report_samples(report, &samples);
    free(samples.nanoseconds);
}

void roundtrip(const bench_job *job)
{
    bench_report report = {.connections = 1};
    double cpu = bench_cpu_seconds();
    int descriptor;
    if (job->role == BENCH_SENDS) {
        descriptor = connect_to(job);
        connection peer = {descriptor, make_buffer(job->size), make_buffer(job->size)};
        ask_for_a_time(ask_peer, &peer, job, &report);
        free(peer.in);
        free(peer.out);
    } else {
        descriptor = accept_connection(job);
        answer(descriptor, job);
    }
    close(descriptor);
    report.cpu_seconds = bench_cpu_seconds() - cpu;
    bench_report_print(&report, "raw sockets");
}
