#ifndef CBENCH_SAMPLES_H
#define CBENCH_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Times of single events. What does not fit any more is not kept.
typedef struct {
    uint32_t *nanoseconds;
    size_t count;
    size_t capacity;
} bench_samples;

bench_samples bench_samples_make(void);

static inline void bench_samples_add(bench_samples *samples, uint64_t nanoseconds)
{
    if (samples->count == samples->capacity)
        return;
    samples->nanoseconds[samples->count++] =
        nanoseconds < UINT32_MAX ? (uint32_t)nanoseconds : UINT32_MAX;
}

/// Ascending, for `bench_samples_microseconds`.
void bench_samples_sort(bench_samples *samples);

/// The smallest sample that at least the given part of all does not exceed; 0 where there is none.
double bench_samples_microseconds(const bench_samples *samples, double part);

#endif
