#define _GNU_SOURCE
#include "CBench.h"
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static double cpu_seconds(int of)
{
    struct rusage usage;
    getrusage(of, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double bench_cpu_seconds(void)
{
    return cpu_seconds(RUSAGE_SELF);
}

double bench_family_cpu_seconds(void)
{
    return cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN);
}

long bench_status_kib(const char *field)
{
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL)
        return 0;
    char line[256];
    size_t length = strlen(field);
    long result = 0;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, length) == 0 && line[length] == ':')
            sscanf(line + length + 1, "%ld", &result);
    fclose(file);
    return result;
}

int bench_open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return 0;
    int count = 0;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    // Not ".", "..", and the folder itself.
    return count - 3;
}

int bench_raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_max > 1 << 30 ? 1 << 30 : (int)limit.rlim_max;
}

void bench_wait_until_quiet(void)
{
    int quiet = 0;
    for (int i = 0; i < 150 && quiet < 3; i++) {
        double before = bench_cpu_seconds();
        bench_sleep_microseconds(100000);
        quiet = bench_cpu_seconds() - before < 0.002 ? quiet + 1 : 0;
    }
}

bool bench_pin(const int *processors, int count, int node)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int i = 0; i < count; i++)
        CPU_SET((size_t)processors[i], &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        return false;
    // MPOL_BIND of <numaif.h>, which is a package of its own; children inherit it.
    enum { bind = 2 };
    unsigned long nodes = 1ul << node;
    return syscall(SYS_set_mempolicy, bind, &nodes, sizeof nodes * 8) == 0;
}
