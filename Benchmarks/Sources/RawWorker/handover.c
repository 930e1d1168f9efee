#include "worker.h"
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// Within one process there is no socket to compare with: two threads hand a buffer to each other, and
// who waits sleeps in the kernel. What a round trip costs at least when nobody spins.

/// One way: a buffer that is full or empty. The two ways stand on cache lines of their own.
typedef struct {
    _Alignas(128) _Atomic(uint32_t) is_full;
    void *bytes;
} slot;

typedef struct {
    slot question;
    slot answer;
    const bench_job *job;
} pair;

static long futex(_Atomic(uint32_t) *word, int operation, uint32_t value)
{
    return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void put(slot *to, uint64_t number, uint8_t kind, size_t size)
{
    bench_fill(to->bytes, size, number, kind);
    atomic_store_explicit(&to->is_full, 1, memory_order_release);
    futex(&to->is_full, FUTEX_WAKE, 1);
}

static void await(slot *from)
{
    while (atomic_load_explicit(&from->is_full, memory_order_acquire) == 0)
        futex(&from->is_full, FUTEX_WAIT, 0);
    atomic_store_explicit(&from->is_full, 0, memory_order_relaxed);
}

static void *answer_beside(void *argument)
{
    pair *both = argument;
    size_t size = both->job->size;
    uint64_t number = 0;
    uint8_t kind = BENCH_DATA;
    while (kind != BENCH_END) {
        await(&both->question);
        kind = *(uint8_t *)both->question.bytes;
        uint64_t sum = bench_sum(both->question.bytes, size);
        put(&both->answer, sum + number++, kind, size);
    }
    return NULL;
}

uint64_t ask_thread(void *with, size_t size, uint64_t number, uint8_t kind)
{
    pair *both = with;
    put(&both->question, number, kind, size);
    await(&both->answer);
    return bench_sum(both->answer.bytes, size);
}

void roundtrip_between_threads(const bench_job *job)
{
    bench_report report = {.connections = 1};
    double cpu = bench_cpu_seconds();
    pair both = {.job = job};
    both.question.bytes = make_buffer(job->size);
    both.answer.bytes = make_buffer(job->size);
    pthread_t answering;
    check(-pthread_create(&answering, NULL, answer_beside, &both), "pthread_create");
    ask_for_a_time(ask_thread, &both, job, &report);
    pthread_join(answering, NULL);
    free(both.question.bytes);
    free(both.answer.bytes);
    report.cpu_seconds = bench_cpu_seconds() - cpu;
    bench_report_print(&report, "two threads and a futex");
}
