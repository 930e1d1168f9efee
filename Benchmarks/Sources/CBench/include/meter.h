#ifndef CBENCH_METER_H
#define CBENCH_METER_H

#include "clock.h"
#include "payload.h"

/// Counts and reads what a receiver gets, from its first message until everything that the end
/// marks of its senders told of is there.
typedef struct {
    uint64_t senders;
    uint64_t marks;
    uint64_t expected;
    uint64_t received;
    uint64_t bytes;
    uint64_t sum;
    uint64_t start;
    uint64_t end;
} bench_meter;

static inline bench_meter bench_meter_make(uint64_t senders)
{
    bench_meter meter = {.senders = senders};
    return meter;
}

/// Takes one message of at least 8 bytes; true when it was the last one.
static inline bool bench_meter_take(bench_meter *meter, const void *bytes, size_t size)
{
    if (*(const uint8_t *)bytes == BENCH_END) {
        meter->expected += bench_read_end(bytes);
        meter->marks += 1;
    } else {
        meter->sum += bench_sum(bytes, size);
        meter->bytes += size;
        meter->received += 1;
        if (meter->received == 1)
            meter->start = bench_now();
    }
    // With several connections the mark may overtake messages on another one.
    if (meter->marks < meter->senders || meter->received < meter->expected)
        return false;
    meter->end = bench_now();
    return true;
}

/// As `bench_meter_take` where messages may be lost: the first mark ends it, and greetings of the
/// publisher do not count.
static inline bool bench_meter_take_lossy(bench_meter *meter, const void *bytes, size_t size)
{
    uint8_t kind = *(const uint8_t *)bytes;
    if (kind == BENCH_DATA) {
        meter->sum += bench_sum(bytes, size);
        meter->bytes += size;
        meter->received += 1;
        if (meter->received == 1)
            meter->start = bench_now();
        return false;
    }
    if (kind != BENCH_END)
        return false;
    meter->end = bench_now();
    return true;
}

#endif
