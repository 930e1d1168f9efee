#include "worker.h"

/// Connects a few at a time: the listener's queue is short.
static void connect_all(void *push, const bench_job *job, bool counts_descriptors)
{
    for (int i = 0; i < job->connections; i++) {
        check(zmq_connect(push, job->endpoint), "connect");
        if (i % 50 == 49)
            bench_sleep_microseconds(2000);
    }
    for (int i = 0; i < 3000 && counts_descriptors; i++) {
        if (bench_open_descriptors() >= job->connections)
            break;
        bench_sleep_microseconds(10000);
    }
}

/// What the process needs while nothing happens.
static void measure(const bench_job *job, bench_report *report)
{
    bench_wait_until_quiet();
    double cpu = bench_cpu_seconds();
    uint64_t start = bench_now();
    bench_sleep_microseconds((uint64_t)(job->seconds * 1e6));
    report->seconds = (double)(bench_now() - start) / 1e9;
    report->cpu_seconds = bench_cpu_seconds() - cpu;
    report->resident_kib = bench_status_kib("VmRSS");
}

/// One message for each connection: all of them were there, or this does not end.
static void send_over_all(void *push, const bench_job *job)
{
    uint8_t byte = BENCH_DATA;
    for (int i = 0; i < job->connections; i++)
        check(zmq_send(push, &byte, 1, 0), "send");
}

static void receive_over_all(void *pull, const bench_job *job)
{
    uint8_t byte;
    for (int i = 0; i < job->connections; i++)
        check(zmq_recv(pull, &byte, 1, 0), "receive");
}

void idle(const bench_job *job)
{
    bench_raise_descriptor_limit();
    bench_report report = {.connections = job->connections};
    if (job->role == BENCH_SENDS) {
        void *push = make_socket(ZMQ_PUSH);
        connect_all(push, job, true);
        bench_wait_until_quiet();
        bench_tell(job->connected_end);
        measure(job, &report);
        send_over_all(push, job);
        zmq_close(push);
    } else {
        void *pull = make_bound_socket(ZMQ_PULL, job);
        void *push = NULL;
        if (job->role == BENCH_BOTH) {
            push = make_socket(ZMQ_PUSH);
            connect_all(push, job, false);
        } else {
            bench_told(job->bound_end, -1);
        }
        measure(job, &report);
        if (push != NULL) {
            send_over_all(push, job);
            zmq_close(push);
        }
        receive_over_all(pull, job);
        zmq_close(pull);
    }
    end_context();
    print_report(&report);
}
