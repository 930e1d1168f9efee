#include "worker.h"

int main(int argc, char **argv)
{
    bench_job job = bench_job_parse(argc, argv);
    if (job.role == BENCH_BOTH)
        bench_fail(job.endpoint, "a kernel's socket has two processes here");
    if (bench_is(job.work, "throughput"))
        throughput(&job);
    else if (bench_is(job.work, "roundtrip"))
        roundtrip(&job);
    else
        bench_fail(job.work, "no such work for raw sockets");
    return 0;
}
