// The worker on the kernel's blocking stream sockets: what any library could reach at best.
#ifndef RAW_WORKER_H
#define RAW_WORKER_H

#include "CBench.h"

void throughput(const bench_job *job);
void roundtrip(const bench_job *job);

/// The first connection to the job's endpoint, which is announced.
int accept_connection(const bench_job *job);
int connect_to(const bench_job *job);

/// Ends the process with the system's reason when a call failed.
void check(long result, const char *what);

void send_all(int descriptor, const void *bytes, size_t size);
void receive_all(int descriptor, void *bytes, size_t size);

void *make_buffer(size_t size);

#endif
