#include "worker.h"

static void *publish_for_a_time(void *argument)
{
    const bench_job *job = argument;
    void *pub = make_bound_socket(ZMQ_PUB, job);
    void *buffer = make_buffer(job->size);
    // Greetings, until every subscriber has had one.
    do {
        send_filled(pub, buffer, job->size, 0, BENCH_SPECIAL);
    } while (!bench_told(job->bound_end, 1));
    bench_pace pace = bench_pace_make(job->seconds, job->size);
    while (bench_pace_goes_on(&pace)) {
        bench_fill(buffer, job->size, pace.sent, BENCH_DATA);
        bench_write_topic(buffer, (uint32_t)(pace.sent % (uint64_t)job->prefixes));
        check(zmq_send(pub, buffer, job->size, 0), "send");
        pace.sent++;
    }
    // A subscriber without room misses the mark: again, until every one has had it.
    do {
        send_end(pub, buffer, job->size, pace.sent);
    } while (!bench_told(job->bound_end, 1));
    free(buffer);
    // Left open, see below.
    return NULL;
}

typedef struct {
    const bench_job *job;
    pthread_t thread;
    bench_meter meter;
    pthread_barrier_t *all_greeted;
} subscriber;

static void subscribe(void *sub, int prefixes)
{
    uint8_t prefix[4];
    for (int i = 0; i < prefixes; i++) {
        bench_write_topic(prefix, (uint32_t)i);
        check(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, prefix, sizeof prefix), "subscribe");
    }
    prefix[0] = BENCH_END;
    check(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, prefix, 1), "subscribe");
    // The last one: who gets a greeting has all of its subscriptions at the publisher.
    prefix[0] = BENCH_SPECIAL;
    check(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, prefix, 1), "subscribe");
}

static void *receive_one(void *argument)
{
    subscriber *self = argument;
    void *sub = make_socket(ZMQ_SUB);
    // Subscriptions are messages, too: more than the default high-water mark would be dropped.
    set_option(sub, ZMQ_SNDHWM, 0);
    set_option(sub, ZMQ_LINGER, 0);
    subscribe(sub, self->job->prefixes);
    check(zmq_connect(sub, self->job->endpoint), "connect");
    zmq_msg_t message;
    zmq_msg_init(&message);
    check(zmq_msg_recv(&message, sub, 0), "receive");
    pthread_barrier_wait(self->all_greeted);
    self->meter = bench_meter_make(1);
    bool ended = false;
    while (!ended) {
        check(zmq_msg_recv(&message, sub, 0), "receive");
        ended = bench_meter_take_lossy(&self->meter, zmq_msg_data(&message),
                                       zmq_msg_size(&message));
    }
    zmq_msg_close(&message);
    zmq_close(sub);
    return NULL;
}

static void receive_all(const bench_job *job, bench_report *report)
{
    size_t count = (size_t)job->peers;
    subscriber *subscribers = calloc(count, sizeof *subscribers);
    pthread_barrier_t all_greeted;
    pthread_barrier_init(&all_greeted, NULL, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++) {
        subscribers[i].job = job;
        subscribers[i].all_greeted = &all_greeted;
        start_thread(&subscribers[i].thread, receive_one, &subscribers[i]);
    }
    pthread_barrier_wait(&all_greeted);
    bench_tell(job->connected_end);
    double seconds = 0;
    for (size_t i = 0; i < count; i++) {
        pthread_join(subscribers[i].thread, NULL);
        bench_report_meter(report, &subscribers[i].meter);
        seconds = report->seconds > seconds ? report->seconds : seconds;
    }
    report->seconds = seconds;
    bench_tell(job->connected_end);
    free(subscribers);
}

void publish(const bench_job *job)
{
    bench_report report = {.connections = job->peers};
    double cpu = bench_cpu_seconds();
    if (job->role == BENCH_SENDS) {
        publish_for_a_time((void *)job);
    } else {
        pthread_t publisher;
        if (job->role == BENCH_BOTH)
            start_thread(&publisher, publish_for_a_time, (void *)job);
        receive_all(job, &report);
        if (job->role == BENCH_BOTH)
            pthread_join(publisher, NULL);
    }
    // Everything that counts has arrived. A publisher whose subscribers go at the same time now and
    // then waits for ever in zmq_ctx_term (4.3.4, also with LINGER 0): its process just ends.
    if (job->role == BENCH_RECEIVES)
        end_context();
    report.cpu_seconds = bench_cpu_seconds() - cpu;
    print_report(&report);
}
