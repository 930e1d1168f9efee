// The worker on the kernel's blocking stream sockets, or on two threads that wake each other: what any
// library could reach at best.
#ifndef RAW_WORKER_H
#define RAW_WORKER_H

#include "CBench.h"

void throughput(const bench_job *job);
void roundtrip(const bench_job *job);
void roundtrip_between_threads(const bench_job *job);

/// One round trip with whoever answers; what was read of the answer.
typedef uint64_t (*round_trip)(void *with, size_t size, uint64_t number, uint8_t kind);

/// Asks for as long as the job says, and reports.
void ask_for_a_time(round_trip ask, void *with, const bench_job *job, bench_report *report);

/// The first connection to the job's endpoint, which is announced.
int accept_connection(const bench_job *job);
int connect_to(const bench_job *job);

/// Ends the process with the system's reason when a call failed.
void check(long result, const char *what);

void send_all(int descriptor, const void *bytes, size_t size);
void receive_all(int descriptor, void *bytes, size_t size);

void *make_buffer(size_t size);

#endif
