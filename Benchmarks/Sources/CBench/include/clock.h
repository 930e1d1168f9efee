#ifndef CBENCH_CLOCK_H
#define CBENCH_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/// Nanoseconds of CLOCK_MONOTONIC, the same in all processes of one machine.
static inline uint64_t bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void bench_sleep_microseconds(uint64_t microseconds);

/// How long a loop goes on: until its time is over, with a look at the clock every 64 messages,
/// or at each one that is so large that it takes longer than the look.
typedef struct {
    uint64_t deadline;
    uint64_t sent;
    uint64_t mask;
} bench_pace;

static inline bench_pace bench_pace_make(double seconds, size_t size)
{
    bench_pace pace = {
        .deadline = bench_now() + (uint64_t)(seconds * 1e9),
        .sent = 0,
        .mask = size >= 65536 ? 0 : 63,
    };
    return pace;
}

static inline bool bench_pace_goes_on(const bench_pace *pace)
{
    return (pace->sent & pace->mask) != 0 || bench_now() < pace->deadline;
}

#endif
