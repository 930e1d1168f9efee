#include "worker.h"

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(const bench_job *);
    } works[] = {
        {"throughput", throughput}, {"roundtrip", roundtrip},  {"publish", publish},
        {"route", route},           {"connect", connect_rate}, {"idle", idle},
        {"burst", burst},
    };
    bench_job job = bench_job_parse(argc, argv);
    check_library();
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        if (bench_is(job.work, works[i].name)) {
            context = zmq_ctx_new();
            works[i].run(&job);
            return 0;
        }
    }
    bench_fail(job.work, "no such work");
}
