// The counters, for the functions that count.
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdint.h>

typedef enum {
    ALLOCATIONS,
    SENDS,
    RECEIVES,
    WAITS,
    FUTEXES,
    EVENTFDS,
    OTHERS,
    COUNTER_KINDS,
} counter_kind;

/// A cache line each: two threads that count different things do not slow each other down.
typedef struct {
    _Alignas(64) uint64_t count;
} counter;

extern counter counters[COUNTER_KINDS];

static inline void count_call(counter_kind kind)
{
    __atomic_fetch_add(&counters[kind].count, 1, __ATOMIC_RELAXED);
}

#endif
