#include "worker.h"

// libzmq's sockets are not thread-safe: each thread has one of its own.
static void *send_for_a_time(void *argument)
{
    const bench_job *job = argument;
    void *push = make_socket(ZMQ_PUSH);
    for (int i = 0; i < job->connections; i++)
        check(zmq_connect(push, job->endpoint), "connect");
    void *buffer = make_buffer(job->size);
    bench_pace pace = bench_pace_make(job->seconds, job->size);
    while (bench_pace_goes_on(&pace)) {
        send_filled(push, buffer, job->size, pace.sent, BENCH_DATA);
        pace.sent++;
    }
    send_end(push, buffer, job->size, pace.sent);
    // Not before everything has arrived: libzmq's receiver loses what the kernel still has when an
    // ipc peer goes while its queue is full.
    bench_told(job->connected_end, -1);
    free(buffer);
    zmq_close(push);
    return NULL;
}

static void send_from_threads(const bench_job *job)
{
    pthread_t *threads = calloc((size_t)job->threads, sizeof *threads);
    for (int i = 0; i < job->threads; i++)
        start_thread(&threads[i], send_for_a_time, (void *)job);
    for (int i = 0; i < job->threads; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}

static void *send_beside(void *argument)
{
    send_from_threads(argument);
    return NULL;
}

static bench_meter receive_all(void *pull, const bench_job *job)
{
    bench_meter meter = bench_meter_make((uint64_t)job->threads);
    bool ended = false;
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (!ended) {
        check(zmq_msg_recv(&message, pull, 0), "receive");
        ended = bench_meter_take(&meter, zmq_msg_data(&message), zmq_msg_size(&message));
    }
    zmq_msg_close(&message);
    return meter;
}

void throughput(const bench_job *job)
{
    bench_report report = {.connections = job->connections};
    double cpu = bench_cpu_seconds();
    if (!bench_is(job->style, "polling"))
        bench_fail(job->style, "libzmq has no such way to receive");
    if (job->role == BENCH_SENDS) {
        send_from_threads(job);
    } else {
        void *pull = make_bound_socket(ZMQ_PULL, job);
        pthread_t sender;
        if (job->role == BENCH_BOTH)
            start_thread(&sender, send_beside, (void *)job);
        bench_meter meter = receive_all(pull, job);
        bench_report_meter(&report, &meter);
        for (int i = 0; i < job->threads; i++)
            bench_tell(job->bound_end);
        if (job->role == BENCH_BOTH)
            pthread_join(sender, NULL);
        zmq_close(pull);
    }
    end_context();
    report.cpu_seconds = bench_cpu_seconds() - cpu;
    print_report(&report);
}
