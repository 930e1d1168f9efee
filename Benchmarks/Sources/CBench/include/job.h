#ifndef CBENCH_JOB_H
#define CBENCH_JOB_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    BENCH_SENDS,
    BENCH_RECEIVES,
    /// Both in one process that share a context: inproc.
    BENCH_BOTH,
} bench_role;

/// What a worker is asked to do: `worker WORK ROLE ENDPOINT key=value…`.
typedef struct {
    const char *work;
    /// "send" and "ask" are BENCH_SENDS, "receive" and "answer" BENCH_RECEIVES.
    bench_role role;
    const char *endpoint;
    /// Bytes of a message.
    size_t size;
    double seconds;
    /// Connections of the sending socket.
    int connections;
    /// Sending threads.
    int threads;
    /// Subscribers or dealers: sockets of one process.
    int peers;
    /// What each subscriber subscribes to.
    int prefixes;
    /// "req" or "pair".
    const char *pattern;
    /// How the receiver receives: "polling", and for ours "callback", "async", "await".
    const char *style;
    /// Microseconds that a waiting thread of ours looks on; -1 for its default.
    int spin;
    /// Bytes that a raw socket is given at once.
    size_t write_size;
    /// Ends of the channel to the other worker, of who binds and of who connects; see telling.h.
    int bound_end;
    int connected_end;
} bench_job;

/// Ends the process with status 64 where the arguments are wrong.
bench_job bench_job_parse(int argc, char *const *argv);

bool bench_is(const char *word, const char *other);

/// Prints why, and ends the process with status 1.
_Noreturn void bench_fail(const char *what, const char *why);

#endif
