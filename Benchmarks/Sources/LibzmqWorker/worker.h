// The worker on libzmq. Each loop has its counterpart of the same shape in OursWorker.
#ifndef LIBZMQ_WORKER_H
#define LIBZMQ_WORKER_H

#include "CBench.h"
#include <pthread.h>
#include <stdlib.h>
#include <zmq.h>

void throughput(const bench_job *job);
void roundtrip(const bench_job *job);
void publish(const bench_job *job);
void route(const bench_job *job);
void connect_rate(const bench_job *job);
void idle(const bench_job *job);
void burst(const bench_job *job);

/// Ends the process with libzmq's reason when a call failed.
static inline void check(int result, const char *what)
{
    if (__builtin_expect(result < 0, 0))
        bench_fail(what, zmq_strerror(zmq_errno()));
}

extern void *context;

void *make_socket(int type);
void *make_bound_socket(int type, const bench_job *job);
void *make_connected_socket(int type, const char *endpoint);
void *make_buffer(size_t size);
void set_option(void *socket, int option, int value);
/// Ends the process when libzmq's functions are of another library than the one that it is to measure.
void check_library(void);
void start_thread(pthread_t *thread, void *(*body)(void *), void *argument);

/// Waits until all that was sent has left. All sockets must be closed.
void end_context(void);
void print_report(const bench_report *report);

/// A message of the worker's own making: from the buffer, or filled in place if it is large.
static inline void send_filled(void *socket, void *buffer, size_t size, uint64_t number,
                               uint8_t kind)
{
    if (size < BENCH_LARGE_BYTES) {
        bench_fill(buffer, size, number, kind);
        check(zmq_send(socket, buffer, size, 0), "send");
    } else {
        zmq_msg_t message;
        check(zmq_msg_init_size(&message, size), "message");
        bench_fill(zmq_msg_data(&message), size, number, kind);
        check(zmq_msg_send(&message, socket, 0), "send");
    }
}

static inline void send_end(void *socket, void *buffer, size_t size, uint64_t count)
{
    bench_write_end(buffer, size, count);
    check(zmq_send(socket, buffer, size, 0), "send");
}

#endif
