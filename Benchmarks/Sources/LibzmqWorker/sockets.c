#define _GNU_SOURCE
#include "worker.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

void *context;

void *make_socket(int type)
{
    void *socket = zmq_socket(context, type);
    if (socket == NULL)
        bench_fail("socket", zmq_strerror(zmq_errno()));
    return socket;
}

void *make_bound_socket(int type, const bench_job *job)
{
    void *socket = make_socket(type);
    char endpoint[256];
    size_t length = sizeof endpoint;
    check(zmq_bind(socket, job->endpoint), "bind");
    check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &length), "endpoint");
    if (job->role != BENCH_BOTH)
        bench_announce(endpoint);
    return socket;
}

void *make_connected_socket(int type, const char *endpoint)
{
    void *socket = make_socket(type);
    check(zmq_connect(socket, endpoint), "connect");
    return socket;
}

void *make_buffer(size_t size)
{
    void *buffer = malloc(size);
    if (buffer == NULL)
        bench_fail("buffer", "no memory");
    return buffer;
}

void set_option(void *socket, int option, int value)
{
    check(zmq_setsockopt(socket, option, &value, sizeof value), "option");
}

void check_library(void)
{
    const char *wanted = getenv("BENCH_LIBRARY");
    Dl_info found;
    if (wanted == NULL)
        return;
    if (dladdr(dlsym(RTLD_DEFAULT, "zmq_version"), &found) == 0 ||
        strncmp(found.dli_fname, wanted, strlen(wanted)) != 0)
        bench_fail("another library than the one in", wanted);
}

void start_thread(pthread_t *thread, void *(*body)(void *), void *argument)
{
    if (pthread_create(thread, NULL, body, argument) != 0)
        bench_fail("thread", "cannot be started");
}

void end_context(void)
{
    while (zmq_ctx_term(context) != 0 && zmq_errno() == EINTR) {
    }
}

void print_report(const bench_report *report)
{
    char library[32];
    int major, minor, patch;
    zmq_version(&major, &minor, &patch);
    snprintf(library, sizeof library, "libzmq %d.%d.%d", major, minor, patch);
    bench_report_print(report, library);
}
