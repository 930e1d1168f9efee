#include "worker.h"

enum { REQUESTS_AT_ONCE = 16 };

static void answer(void *router, const bench_job *job)
{
    void *buffer = make_buffer(job->size);
    uint64_t sum = 0, number = 0;
    int ended = 0;
    zmq_msg_t peer, message;
    zmq_msg_init(&peer);
    zmq_msg_init(&message);
    while (ended < job->peers) {
        check(zmq_msg_recv(&peer, router, 0), "receive");
        check(zmq_msg_recv(&message, router, 0), "receive");
        uint8_t kind = *(uint8_t *)zmq_msg_data(&message);
        sum += bench_sum(zmq_msg_data(&message), zmq_msg_size(&message));
        if (kind == BENCH_END) {
            ended++;
            continue;
        }
        check(zmq_msg_send(&peer, router, ZMQ_SNDMORE), "send");
        send_filled(router, buffer, job->size, sum + number, kind);
        number++;
    }
    zmq_msg_close(&peer);
    zmq_msg_close(&message);
    free(buffer);
}

static void *answer_beside(void *argument)
{
    const bench_job *job = argument;
    void *router = make_bound_socket(ZMQ_ROUTER, job);
    bench_tell(job->bound_end);
    answer(router, job);
    zmq_close(router);
    return NULL;
}

typedef struct {
    const bench_job *job;
    pthread_t thread;
    uint64_t answers;
    uint64_t sum;
    uint64_t start;
    uint64_t end;
} dealer;

static void *ask_for_a_time(void *argument)
{
    dealer *self = argument;
    const bench_job *job = self->job;
    void *socket = make_connected_socket(ZMQ_DEALER, job->endpoint);
    void *buffer = make_buffer(job->size);
    zmq_msg_t message;
    zmq_msg_init(&message);
    self->start = self->end = bench_now();
    uint64_t deadline = self->start + (uint64_t)(job->seconds * 1e9);
    while (self->end < deadline) {
        for (int i = 0; i < REQUESTS_AT_ONCE; i++)
            send_filled(socket, buffer, job->size, self->answers, BENCH_DATA);
        for (int i = 0; i < REQUESTS_AT_ONCE; i++) {
            check(zmq_msg_recv(&message, socket, 0), "receive");
            self->sum += bench_sum(zmq_msg_data(&message), zmq_msg_size(&message));
            self->answers++;
        }
        self->end = bench_now();
    }
    send_filled(socket, buffer, job->size, 0, BENCH_END);
    zmq_msg_close(&message);
    free(buffer);
    zmq_close(socket);
    return NULL;
}

static void ask_from_all(const bench_job *job, bench_report *report)
{
    size_t count = (size_t)job->peers;
    dealer *dealers = calloc(count, sizeof *dealers);
    for (size_t i = 0; i < count; i++) {
        dealers[i].job = job;
        start_thread(&dealers[i].thread, ask_for_a_time, &dealers[i]);
    }
    uint64_t start = UINT64_MAX, end = 0;
    for (size_t i = 0; i < count; i++) {
        pthread_join(dealers[i].thread, NULL);
        report->messages += dealers[i].answers;
        report->checksum += dealers[i].sum;
        start = dealers[i].start < start ? dealers[i].start : start;
        end = dealers[i].end > end ? dealers[i].end : end;
    }
    report->bytes = report->messages * job->size;
    report->seconds = (double)(end - start) / 1e9;
    free(dealers);
}

void route(const bench_job *job)
{
    bench_report report = {.connections = job->peers};
    double cpu = bench_cpu_seconds();
    if (job->role == BENCH_RECEIVES) {
        void *router = make_bound_socket(ZMQ_ROUTER, job);
        answer(router, job);
        zmq_close(router);
    } else {
        pthread_t answering;
        if (job->role == BENCH_BOTH) {
            start_thread(&answering, answer_beside, (void *)job);
            bench_told(job->connected_end, -1);
        }
        ask_from_all(job, &report);
        if (job->role == BENCH_BOTH)
            pthread_join(answering, NULL);
    }
    end_context();
    report.cpu_seconds = bench_cpu_seconds() - cpu;
    print_report(&report);
}
