#ifndef CBENCH_TELLING_H
#define CBENCH_TELLING_H

#include <stdbool.h>

// Workers tell each other when they may go on: a byte through a socket, which each of two processes
// has as its descriptor 3. One process with both roles makes a pair of its own.

/// The first line of a worker that is bound: where.
void bench_announce(const char *endpoint);

void bench_tell(int own_end);

/// Whether the other one told something (which is taken), within so many milliseconds; -1 waits.
/// Ends the process where the other one has ended.
bool bench_told(int own_end, int milliseconds);

#endif
