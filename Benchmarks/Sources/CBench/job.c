#include "CBench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool bench_is(const char *word, const char *other)
{
    return strcmp(word, other) == 0;
}

_Noreturn void bench_fail(const char *what, const char *why)
{
    fprintf(stderr, "error: %s: %s\n", what, why);
    // Other threads may be in the middle of something: no exit handlers.
    _exit(1);
}

static _Noreturn void usage(const char *name, const char *wrong)
{
    fprintf(stderr, "error: '%s'\nusage: %s WORK send|receive|ask|answer|both ENDPOINT key=value…\n",
            wrong, name);
    exit(64);
}

static bench_role role_named(const char *program, const char *name)
{
    if (bench_is(name, "send") || bench_is(name, "ask"))
        return BENCH_SENDS;
    if (bench_is(name, "receive") || bench_is(name, "answer"))
        return BENCH_RECEIVES;
    if (bench_is(name, "both"))
        return BENCH_BOTH;
    usage(program, name);
}

static bool has_key(const char *argument, const char *key, const char **value)
{
    size_t length = strlen(key);
    if (strncmp(argument, key, length) != 0 || argument[length] != '=')
        return false;
    *value = argument + length + 1;
    return true;
}

static long number(const char *program, const char *argument, const char *value, long low)
{
    char *end;
    long result = strtol(value, &end, 10);
    if (*value == 0 || *end != 0 || result < low || result > 1 << 30)
        usage(program, argument);
    return result;
}

static void parse_option(bench_job *job, const char *program, const char *argument)
{
    const char *value;
    if (has_key(argument, "size", &value))
        job->size = (size_t)number(program, argument, value, 1);
    else if (has_key(argument, "milliseconds", &value))
        job->seconds = (double)number(program, argument, value, 1) / 1e3;
    else if (has_key(argument, "connections", &value))
        job->connections = (int)number(program, argument, value, 1);
    else if (has_key(argument, "threads", &value))
        job->threads = (int)number(program, argument, value, 1);
    else if (has_key(argument, "peers", &value))
        job->peers = (int)number(program, argument, value, 1);
    else if (has_key(argument, "prefixes", &value))
        job->prefixes = (int)number(program, argument, value, 1);
    else if (has_key(argument, "write", &value))
        job->write_size = (size_t)number(program, argument, value, 1);
    else if (has_key(argument, "pattern", &value))
        job->pattern = value;
    else if (has_key(argument, "style", &value))
        job->style = value;
    else if (has_key(argument, "spin", &value))
        job->spin = (int)number(program, argument, value, 0);
    else
        usage(program, argument);
}

bench_job bench_job_parse(int argc, char *const *argv)
{
    if (argc < 4)
        usage(argv[0], argc > 1 ? argv[argc - 1] : "");
    bench_job job = {
        .work = argv[1],
        .role = role_named(argv[0], argv[2]),
        .endpoint = argv[3],
        .size = 64,
        .seconds = 1,
        .connections = 1,
        .threads = 1,
        .peers = 1,
        .prefixes = 1,
        .pattern = "req",
        .style = "polling",
        .spin = -1,
        .write_size = 65536,
        .bound_end = 3,
        .connected_end = 3,
    };
    for (int i = 4; i < argc; i++)
        parse_option(&job, argv[0], argv[i]);
    if (job.role == BENCH_BOTH) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
            bench_fail("socketpair", "no descriptors");
        job.bound_end = ends[0];
        job.connected_end = ends[1];
    }
    return job;
}
