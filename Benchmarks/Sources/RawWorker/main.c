#include "worker.h"

int main(int argc, char **argv)
{
    bench_job job = bench_job_parse(argc, argv);
    bool is_roundtrip = bench_is(job.work, "roundtrip");
    if (is_roundtrip && job.role == BENCH_BOTH)
        roundtrip_between_threads(&job);
    else if (is_roundtrip)
        roundtrip(&job);
    else if (job.role == BENCH_BOTH)
        bench_fail(job.endpoint, "a kernel's socket has two processes here");
    else if (bench_is(job.work, "throughput"))
        throughput(&job);
    else
        bench_fail(job.work, "no such work for raw sockets");
    return 0;
}
