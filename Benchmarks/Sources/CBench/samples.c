#include "CBench.h"
#include <stdlib.h>

bench_samples bench_samples_make(void)
{
    // Untouched pages cost nothing; four million round trips are more than any run has.
    bench_samples samples = {.count = 0, .capacity = 4u << 20};
    samples.nanoseconds = malloc(samples.capacity * sizeof(uint32_t));
    if (samples.nanoseconds == NULL)
        bench_fail("samples", "no memory");
    return samples;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void bench_samples_sort(bench_samples *samples)
{
    qsort(samples->nanoseconds, samples->count, sizeof(uint32_t), compare);
}

double bench_samples_microseconds(const bench_samples *samples, double part)
{
    if (samples->count == 0)
        return 0;
    double rank = part * (double)samples->count;
    size_t index = (size_t)rank;
    if ((double)index < rank)
        index++;
    return samples->nanoseconds[index > 0 ? index - 1 : 0] / 1e3;
}
