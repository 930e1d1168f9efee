#include "worker.h"

enum { BURST_MESSAGES = 100, QUIET_MICROSECONDS = 2000 };

/// Bursts with quiet between them; the last message of each says when it was sent.
static void *send_for_a_time(void *argument)
{
    const bench_job *job = argument;
    void *push = make_connected_socket(ZMQ_PUSH, job->endpoint);
    void *buffer = make_buffer(job->size);
    uint64_t sent = 0, deadline = bench_now() + (uint64_t)(job->seconds * 1e9);
    while (bench_now() < deadline) {
        for (int i = 0; i < BURST_MESSAGES - 1; i++) {
            send_filled(push, buffer, job->size, sent, BENCH_DATA);
            sent++;
        }
        bench_fill(buffer, job->size, sent, BENCH_SPECIAL);
        bench_write_stamp(buffer, bench_now());
        check(zmq_send(push, buffer, job->size, 0), "send");
        sent++;
        bench_sleep_microseconds(QUIET_MICROSECONDS);
    }
    send_end(push, buffer, job->size, sent);
    bench_told(job->connected_end, -1);
    free(buffer);
    zmq_close(push);
    return NULL;
}

static void receive_all(void *pull, bench_report *report)
{
    bench_meter meter = bench_meter_make(1);
    bench_samples samples = bench_samples_make();
    bool ended = false;
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (!ended) {
        check(zmq_msg_recv(&message, pull, 0), "receive");
        const void *bytes = zmq_msg_data(&message);
        if (*(const uint8_t *)bytes == BENCH_SPECIAL)
            bench_samples_add(&samples, bench_now() - bench_read_stamp(bytes));
        ended = bench_meter_take(&meter, bytes, zmq_msg_size(&message));
    }
    zmq_msg_close(&message);
    bench_report_meter(report, &meter);
    bench_report_samples(report, &samples);
    free(samples.nanoseconds);
}

void burst(const bench_job *job)
{
    bench_report report = {.connections = 1};
    double cpu = bench_cpu_seconds();
    if (job->role == BENCH_SENDS) {
        send_for_a_time((void *)job);
    } else {
        void *pull = make_bound_socket(ZMQ_PULL, job);
        pthread_t sender;
        if (job->role == BENCH_BOTH)
            start_thread(&sender, send_for_a_time, (void *)job);
        receive_all(pull, &report);
        bench_tell(job->bound_end);
        if (job->role == BENCH_BOTH)
            pthread_join(sender, NULL);
        zmq_close(pull);
    }
    end_context();
    report.cpu_seconds = bench_cpu_seconds() - cpu;
    print_report(&report);
}
