// What the programs of this folder share: cases that run in processes of their own, a clock, and a peer
// that speaks just enough ZMTP to be one.
//
// A case that goes wrong says why in one line on stderr and ends its process, by FAIL or by what the
// library does; RUN makes of it the line that Tools/conformance reads: FILE:LINE:CASE:FAIL: why. A case
// that could not be set up proves nothing about any library: REQUIRE ends it as ignored, and the program
// as skipped, which no list expects.
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define FAIL(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), _exit(1))
#define REQUIRE(condition) ((condition) ? (void)0 : ignore(__FILE__, __LINE__, #condition))
#define RUN(name) run_case(#name, name, __FILE__, __LINE__)

// For all cases of a program together.
enum { seconds_in_all = 9 };

enum { skipped = 77 };

static int failed_cases, ignored_cases;

static inline const char *base_name(const char *file) {
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

static inline void ignore(const char *file, int line, const char *condition) {
    fprintf(stderr, "%s line %d, %s: %s\n", base_name(file), line, condition, zmq_strerror(errno));
    _exit(skipped);
}

static inline int64_t now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * (int64_t)1000 + time.tv_nsec / 1000000;
}

static inline void run_case(const char *name, void (*body)(void), const char *file, int line) {
    static int64_t begin;
    if (begin == 0) begin = now_ms();
    int64_t left = seconds_in_all - (now_ms() - begin) / 1000;
    unsigned seconds = left > 1 ? (unsigned)left : 1;
    char why[512] = "", last[512] = "";
    int status = 0;
    FILE *said = tmpfile();
    if (!said) {
        perror("tmpfile");
        exit(1);
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(fileno(said), STDERR_FILENO);
        alarm(seconds);
        body();
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        perror("fork");
        exit(1);
    }
    rewind(said);
    while (fgets(why, sizeof why, said)) {
        why[strcspn(why, "\n")] = 0;
        if (why[0]) memcpy(last, why, sizeof last);
    }
    fclose(said);
    printf("%s:%d:%s:", base_name(file), line, name);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        printf("PASS\n");
        return;
    }
    int is_ignored = WIFEXITED(status) && WEXITSTATUS(status) == skipped;
    *(is_ignored ? &ignored_cases : &failed_cases) += 1;
    printf(is_ignored ? "IGNORE: " : "FAIL: ");
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        printf("hangs; ended after %u s ", seconds);
    else if (WIFSIGNALED(status))
        printf("SIG%s ", sigabbrev_np(WTERMSIG(status)));
    printf("%s\n", last);
}

// What main returns.
static inline int all_cases(void) { return ignored_cases > 0 ? skipped : failed_cases > 0; }

static inline void sleep_ms(long milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&time, &time) != 0) continue;
}

static inline void *new_socket(void *context, int type) {
    void *socket = zmq_socket(context, type);
    REQUIRE(socket != NULL);
    return socket;
}

static inline void set_option(void *socket, int option, int value) {
    REQUIRE(zmq_setsockopt(socket, option, &value, sizeof value) == 0);
}

// Binds a socket to a free port of the loopback interface and says to which.
static inline void bind_tcp(void *socket, char endpoint[64]) {
    size_t size = 64;
    REQUIRE(zmq_bind(socket, "tcp://127.0.0.1:*") == 0);
    REQUIRE(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0);
}

// The peer: a plain stream socket.

static inline int raw_connect(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    int peer = socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(peer >= 0);
    REQUIRE(connect(peer, (struct sockaddr *)&address, sizeof address) == 0);
    return peer;
}

static inline void raw_write(int peer, const void *bytes, size_t size) {
    REQUIRE(send(peer, bytes, size, MSG_NOSIGNAL) == (ssize_t)size);
}

static inline void raw_read(int peer, void *bytes, size_t size) {
    REQUIRE(recv(peer, bytes, size, MSG_WAITALL) == (ssize_t)size);
}

// The greeting of ZMTP 3.0 and the NULL mechanism's READY, as a socket of `type`; returns when the other
// side has said the same, and so knows of this peer.
static inline void raw_handshake(int peer, const char *type) {
    uint8_t greeting[64] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0, 'N', 'U', 'L', 'L'};
    uint8_t ready[64] = "\4\0\5READY\13Socket-Type\0\0\0", header[2];
    size_t length = strlen(type), end = 24 + length;
    ready[1] = (uint8_t)(end - 2);
    ready[23] = (uint8_t)length;
    memcpy(ready + 24, type, length);
    raw_write(peer, greeting, sizeof greeting);
    raw_write(peer, ready, end);
    raw_read(peer, greeting, sizeof greeting);
    raw_read(peer, header, sizeof header);
    REQUIRE(header[0] == 4);
    uint8_t body[255];
    raw_read(peer, body, header[1]);
}
