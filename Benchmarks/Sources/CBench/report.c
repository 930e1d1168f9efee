#include "CBench.h"
#include <inttypes.h>
#include <stdio.h>

void bench_report_meter(bench_report *report, const bench_meter *meter)
{
    uint64_t first = meter->received > 0 ? meter->bytes / meter->received : 0;
    report->messages += meter->received > 0 ? meter->received - 1 : 0;
    report->bytes += meter->bytes - first;
    report->seconds = (double)(meter->end - meter->start) / 1e9;
    report->checksum += meter->sum;
}

void bench_report_samples(bench_report *report, bench_samples *samples)
{
    bench_samples_sort(samples);
    report->p50_microseconds = bench_samples_microseconds(samples, 0.5);
    report->p99_microseconds = bench_samples_microseconds(samples, 0.99);
    report->p999_microseconds = bench_samples_microseconds(samples, 0.999);
}

void bench_report_print(const bench_report *report, const char *library)
{
    printf("{\"library\":\"%s\",\"messages\":%" PRIu64 ",\"bytes\":%" PRIu64
           ",\"seconds\":%.6f,\"cpuSeconds\":%.6f,\"peakKiB\":%ld,\"residentKiB\":%ld"
           ",\"p50Microseconds\":%.3f,\"p99Microseconds\":%.3f,\"p999Microseconds\":%.3f"
           ",\"connections\":%d,\"checksum\":\"%016" PRIx64 "\"}\n",
           library, report->messages, report->bytes, report->seconds, report->cpu_seconds,
           bench_status_kib("VmHWM"), report->resident_kib, report->p50_microseconds,
           report->p99_microseconds, report->p999_microseconds, report->connections,
           report->checksum);
    fflush(stdout);
}
