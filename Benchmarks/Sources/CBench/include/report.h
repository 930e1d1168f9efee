#ifndef CBENCH_REPORT_H
#define CBENCH_REPORT_H

#include "meter.h"
#include "samples.h"
#include <stdint.h>

/// What a worker measured. What it did not is 0.
typedef struct {
    uint64_t messages;
    uint64_t bytes;
    double seconds;
    double cpu_seconds;
    /// Resident while it was idle.
    long resident_kib;
    double p50_microseconds;
    double p99_microseconds;
    double p999_microseconds;
    int connections;
    /// Of what was read, so that no compiler can leave the reading out.
    uint64_t checksum;
} bench_report;

/// What the meter saw behind its first message, at which its time begins.
void bench_report_meter(bench_report *report, const bench_meter *meter);

/// Sorts the samples.
void bench_report_samples(bench_report *report, bench_samples *samples);

/// Prints the report, with the peak of memory, as one line of JSON.
void bench_report_print(const bench_report *report, const char *library);

#endif
