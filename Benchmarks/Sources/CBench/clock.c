#include "CBench.h"
#include <errno.h>

void bench_sleep_microseconds(uint64_t microseconds)
{
    struct timespec left = {
        .tv_sec = (time_t)(microseconds / 1000000),
        .tv_nsec = (long)(microseconds % 1000000) * 1000,
    };
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}
