#include "worker.h"

enum { WARM_UP_ROUND_TRIPS = 100 };

static int asking_type(const bench_job *job)
{
    return bench_is(job->pattern, "pair") ? ZMQ_PAIR : ZMQ_REQ;
}

static int answering_type(const bench_job *job)
{
    return bench_is(job->pattern, "pair") ? ZMQ_PAIR : ZMQ_REP;
}

static void answer(void *socket, const bench_job *job)
{
    void *buffer = make_buffer(job->size);
    uint64_t sum = 0, number = 0;
    uint8_t kind = BENCH_DATA;
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (kind != BENCH_END) {
        check(zmq_msg_recv(&message, socket, 0), "receive");
        kind = *(uint8_t *)zmq_msg_data(&message);
        sum += bench_sum(zmq_msg_data(&message), zmq_msg_size(&message));
        send_filled(socket, buffer, job->size, sum + number, kind);
        number++;
    }
    zmq_msg_close(&message);
    free(buffer);
}

static void *answer_beside(void *argument)
{
    const bench_job *job = argument;
    void *socket = make_bound_socket(answering_type(job), job);
    bench_tell(job->bound_end);
    answer(socket, job);
    zmq_close(socket);
    return NULL;
}

/// One round trip: write a message, send it, wait for the answer, read it.
static inline uint64_t ask(void *socket, void *buffer, size_t size, uint64_t number, uint8_t kind,
                           zmq_msg_t *message)
{
    send_filled(socket, buffer, size, number, kind);
    check(zmq_msg_recv(message, socket, 0), "receive");
    return bench_sum(zmq_msg_data(message), zmq_msg_size(message));
}

static void ask_for_a_time(void *socket, const bench_job *job, bench_report *report)
{
    void *buffer = make_buffer(job->size);
    bench_samples samples = bench_samples_make();
    zmq_msg_t message;
    zmq_msg_init(&message);
    for (int i = 0; i < WARM_UP_ROUND_TRIPS; i++)
        report->checksum += ask(socket, buffer, job->size, 0, BENCH_DATA, &message);
    uint64_t start = bench_now(), now = start, number = 0;
    uint64_t deadline = start + (uint64_t)(job->seconds * 1e9);
    while (now < deadline) {
        report->checksum += ask(socket, buffer, job->size, number, BENCH_DATA, &message);
        uint64_t then = bench_now();
        bench_samples_add(&samples, then - now);
        now = then;
        number++;
    }
    report->checksum += ask(socket, buffer, job->size, 0, BENCH_END, &message);
    zmq_msg_close(&message);
    report->messages = number;
    report->bytes = number * job->size;
    report->seconds = (double)(now - start) / 1e9;
    bench_report_samples(report, &samples);
    free(samples.nanoseconds);
    free(buffer);
}

void roundtrip(const bench_job *job)
{
    bench_report report = {.connections = 1};
    double cpu = bench_cpu_seconds();
    if (job->role == BENCH_RECEIVES) {
        void *socket = make_bound_socket(answering_type(job), job);
        answer(socket, job);
        zmq_close(socket);
    } else {
        pthread_t answering;
        if (job->role == BENCH_BOTH) {
            start_thread(&answering, answer_beside, (void *)job);
            bench_told(job->connected_end, -1);
        }
        void *socket = make_connected_socket(asking_type(job), job->endpoint);
        ask_for_a_time(socket, job, &report);
        if (job->role == BENCH_BOTH)
            pthread_join(answering, NULL);
        zmq_close(socket);
    }
    end_context();
    report.cpu_seconds = bench_cpu_seconds() - cpu;
    print_report(&report);
}
