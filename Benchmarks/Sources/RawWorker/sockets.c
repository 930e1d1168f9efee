#include "worker.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/// The address of `ipc://PATH` or `tcp://127.0.0.1:PORT`, where PORT may be `*`.
typedef struct {
    union {
        struct sockaddr any;
        struct sockaddr_in tcp;
        struct sockaddr_un ipc;
    } name;
    socklen_t length;
} address;

void check(long result, const char *what)
{
    if (result < 0)
        bench_fail(what, strerror(errno));
}

static address parse(const char *endpoint)
{
    address result;
    memset(&result, 0, sizeof result);
    if (strncmp(endpoint, "ipc://", 6) == 0) {
        result.name.ipc.sun_family = AF_UNIX;
        strncpy(result.name.ipc.sun_path, endpoint + 6, sizeof result.name.ipc.sun_path - 1);
        result.length = sizeof result.name.ipc;
    } else if (strncmp(endpoint, "tcp://127.0.0.1:", 16) == 0) {
        result.name.tcp.sin_family = AF_INET;
        result.name.tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        // "*" is no number: 0, the kernel chooses.
        result.name.tcp.sin_port = htons((uint16_t)atoi(endpoint + 16));
        result.length = sizeof result.name.tcp;
    } else {
        bench_fail(endpoint, "no endpoint for a raw socket");
    }
    return result;
}

static int make_socket(const address *name)
{
    int descriptor = socket(name->name.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(descriptor, "socket");
    return descriptor;
}

/// Small messages leave at once, as with both libraries.
static void set_no_delay(int descriptor, const address *name)
{
    int on = 1;
    if (name->name.any.sa_family == AF_INET)
        check(setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
}

int accept_connection(const bench_job *job)
{
    address name = parse(job->endpoint);
    int listener = make_socket(&name);
    check(bind(listener, &name.name.any, name.length), "bind");
    check(listen(listener, 1), "listen");
    if (name.name.any.sa_family == AF_INET) {
        char endpoint[64];
        check(getsockname(listener, &name.name.any, &name.length), "getsockname");
        snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", ntohs(name.name.tcp.sin_port));
        bench_announce(endpoint);
    } else {
        bench_announce(job->endpoint);
    }
    int descriptor = accept(listener, NULL, NULL);
    check(descriptor, "accept");
    close(listener);
    set_no_delay(descriptor, &name);
    return descriptor;
}

int connect_to(const bench_job *job)
{
    address name = parse(job->endpoint);
    int descriptor = make_socket(&name);
    check(connect(descriptor, &name.name.any, name.length), "connect");
    set_no_delay(descriptor, &name);
    return descriptor;
}

void send_all(int descriptor, const void *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = send(descriptor, bytes, size, MSG_NOSIGNAL);
        check(count, "send");
        bytes = (const char *)bytes + count;
        size -= (size_t)count;
    }
}

void receive_all(int descriptor, void *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = recv(descriptor, bytes, size, 0);
        check(count, "recv");
        if (count == 0)
            bench_fail("recv", "the other worker has ended");
        bytes = (char *)bytes + count;
        size -= (size_t)count;
    }
}

void *make_buffer(size_t size)
{
    void *buffer = malloc(size);
    if (buffer == NULL)
        bench_fail("buffer", "no memory");
    return buffer;
}
