#ifndef CBENCH_PAYLOAD_H
#define CBENCH_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// What a message is, in its first byte.
enum {
    BENCH_DATA = 0,
    /// The sender sends nothing behind it; how many messages there were stands in bytes 1 to 7.
    BENCH_END = 1,
    /// From a publisher that waits for its subscribers; or the last one of a burst.
    BENCH_SPECIAL = 2,
};

/// From here on a message is filled in place instead of copied from a buffer.
enum { BENCH_LARGE_BYTES = 8192 };

/// Writes every byte of a payload; the value changes with the number of the message.
static inline void bench_fill(void *bytes, size_t size, uint64_t number, uint8_t kind)
{
    memset(bytes, (int)(uint8_t)number, size);
    *(uint8_t *)bytes = kind;
}

/// Reads every byte of a payload.
static inline uint64_t bench_sum(const void *bytes, size_t size)
{
    const uint8_t *next = (const uint8_t *)bytes;
    uint64_t sum = 0;
    for (; size >= 8; size -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        sum += word;
    }
    for (; size > 0; size--, next++)
        sum += *next;
    return sum;
}

/// An end mark of `size` >= 8 bytes, which says how many messages went before it.
static inline void bench_write_end(void *bytes, size_t size, uint64_t count)
{
    bench_fill(bytes, size, 0, BENCH_END);
    memcpy((uint8_t *)bytes + 1, &count, 7);
}

static inline uint64_t bench_read_end(const void *bytes)
{
    uint64_t count = 0;
    memcpy(&count, (const uint8_t *)bytes + 1, 7);
    return count;
}

/// The topic of a message is the four bytes of its number, most significant first: the first is
/// BENCH_DATA for up to 2^24 topics.
static inline void bench_write_topic(void *bytes, uint32_t topic)
{
    topic = __builtin_bswap32(topic);
    memcpy(bytes, &topic, 4);
}

/// A moment, in a message of at least 16 bytes.
static inline void bench_write_stamp(void *bytes, uint64_t nanoseconds)
{
    memcpy((uint8_t *)bytes + 8, &nanoseconds, 8);
}

static inline uint64_t bench_read_stamp(const void *bytes)
{
    uint64_t nanoseconds;
    memcpy(&nanoseconds, (const uint8_t *)bytes + 8, 8);
    return nanoseconds;
}

#endif
