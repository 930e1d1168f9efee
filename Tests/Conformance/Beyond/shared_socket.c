// Threads can share a socket, without a lock of the program's, and one can close it under the others.
//
// libzmq's sockets are for one thread at a time: two that send at once corrupt its queues, and one that
// waits for a message never learns that there is no socket any more.
#include "beyond.h"

#include <pthread.h>

enum { threads = 4, messages = 20000, rounds = 20 };

static void *shared;

static void *send_some(void *thread) {
    for (int number = 0; number < messages; number++) {
        int body[2] = {*(int *)thread, number};
        if (zmq_send(shared, body, sizeof body, 0) != sizeof body)
            FAIL("cannot send: %s", zmq_strerror(errno));
    }
    return NULL;
}

static void send_from_all(void *receiver) {
    pthread_t all[threads];
    int names[threads], next[threads] = {0};
    for (int thread = 0; thread < threads; thread++) {
        names[thread] = thread;
        REQUIRE(pthread_create(&all[thread], NULL, send_some, &names[thread]) == 0);
    }
    for (int received = 0; received < threads * messages; received++) {
        int body[2];
        if (zmq_recv(receiver, body, sizeof body, 0) != sizeof body)
            FAIL("%d of %d messages are lost", threads * messages - received, threads * messages);
        if (body[0] < 0 || body[0] >= threads || body[1] != next[body[0]]++)
            FAIL("a message comes that was not sent, or not yet");
    }
    for (int thread = 0; thread < threads; thread++) pthread_join(all[thread], NULL);
}

static void threads_send_at_once(void) {
    void *context = zmq_ctx_new();
    void *receiver = new_socket(context, ZMQ_PULL);
    char endpoint[64];
    shared = new_socket(context, ZMQ_PUSH);
    set_option(shared, ZMQ_SNDHWM, 0);
    set_option(receiver, ZMQ_RCVTIMEO, 1000);
    bind_tcp(receiver, endpoint);
    REQUIRE(zmq_connect(shared, endpoint) == 0);
    for (int round = 0; round < rounds; round++) send_from_all(receiver);
    REQUIRE(zmq_close(shared) == 0 && zmq_close(receiver) == 0 && zmq_ctx_term(context) == 0);
}

static void *receive_one(void *answer) {
    char body[8];
    *(int *)answer = zmq_recv(shared, body, sizeof body, 0);
    return NULL;
}

static void close_wakes_who_waits(void) {
    void *context = zmq_ctx_new();
    char endpoint[64];
    shared = new_socket(context, ZMQ_PULL);
    bind_tcp(shared, endpoint);
    pthread_t waiting;
    int answer = 0;
    REQUIRE(pthread_create(&waiting, NULL, receive_one, &answer) == 0);
    sleep_ms(300);
    REQUIRE(zmq_close(shared) == 0);
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 2;
    if (pthread_timedjoin_np(waiting, NULL, &limit) != 0)
        FAIL("a receiver still waits two seconds after its socket was closed");
    if (answer != -1) FAIL("a receiver on a closed socket is answered %d", answer);
    REQUIRE(zmq_ctx_term(context) == 0);
}

int main(void) {
    RUN(close_wakes_who_waits);
    RUN(threads_send_at_once);
    return all_cases();
}
