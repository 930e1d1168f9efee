#ifndef CBENCH_MACHINE_H
#define CBENCH_MACHINE_H

#include <stdbool.h>

/// Processor seconds of all threads of this process so far.
double bench_cpu_seconds(void);

/// Of this process and of the children that it has waited for.
double bench_family_cpu_seconds(void);

/// Of /proc/self/status in KiB: "VmHWM" is the peak, "VmRSS" what is resident now. (getrusage's peak
/// includes what the process was before it executed this program.)
long bench_status_kib(const char *field);

int bench_open_descriptors(void);

/// Raises the soft limit of open descriptors to the hard one; returns it.
int bench_raise_descriptor_limit(void);

/// Waits until this process has used next to no processor for 300 ms, at most 15 s.
void bench_wait_until_quiet(void);

/// Restricts this process and those that it starts to processors and the memory of one NUMA node;
/// false where the system does not allow it.
bool bench_pin(const int *processors, int count, int node);

#endif
