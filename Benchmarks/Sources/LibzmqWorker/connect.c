#include "worker.h"

static void answer(void *rep)
{
    uint8_t kind = BENCH_DATA;
    while (kind != BENCH_END) {
        check(zmq_recv(rep, &kind, 1, 0), "receive");
        check(zmq_send(rep, &kind, 1, 0), "send");
    }
}

static void *answer_beside(void *argument)
{
    const bench_job *job = argument;
    void *rep = make_bound_socket(ZMQ_REP, job);
    bench_tell(job->bound_end);
    answer(rep);
    zmq_close(rep);
    return NULL;
}

/// A socket from its making to its closing, with one round trip that proves its connection.
static void connect_once(const bench_job *job, uint8_t kind)
{
    void *req = make_connected_socket(ZMQ_REQ, job->endpoint);
    check(zmq_send(req, &kind, 1, 0), "send");
    check(zmq_recv(req, &kind, 1, 0), "receive");
    zmq_close(req);
}

static void connect_for_a_time(const bench_job *job, bench_report *report)
{
    bench_samples samples = bench_samples_make();
    uint64_t start = bench_now(), now = start;
    uint64_t deadline = start + (uint64_t)(job->seconds * 1e9);
    while (now < deadline) {
        connect_once(job, BENCH_DATA);
        uint64_t then = bench_now();
        bench_samples_add(&samples, then - now);
        now = then;
        report->messages++;
    }
    connect_once(job, BENCH_END);
    report->connections = (int)report->messages;
    report->seconds = (double)(now - start) / 1e9;
    bench_report_samples(report, &samples);
    free(samples.nanoseconds);
}

void connect_rate(const bench_job *job)
{
    bench_report report = {.connections = 0};
    double cpu = bench_cpu_seconds();
    if (job->role == BENCH_RECEIVES) {
        void *rep = make_bound_socket(ZMQ_REP, job);
        answer(rep);
        zmq_close(rep);
    } else {
        pthread_t answering;
        if (job->role == BENCH_BOTH) {
            start_thread(&answering, answer_beside, (void *)job);
            bench_told(job->connected_end, -1);
        }
        connect_for_a_time(job, &report);
        if (job->role == BENCH_BOTH)
            pthread_join(answering, NULL);
    }
    end_context();
    report.cpu_seconds = bench_cpu_seconds() - cpu;
    print_report(&report);
}
