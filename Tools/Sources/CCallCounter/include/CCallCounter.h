// Counts what the whole program asks of the allocator and of the kernel.
//
// A program that links this has it in place of the C library's functions of the same names: ELF
// symbol interposition, which the glibc manual documents for malloc ("Replacing malloc"). It holds
// for the Swift runtime, too, whose objects come from malloc. Each function counts and passes on.
//
// Why so, and not by what the kernel knows: it needs no rights (tracepoints do), stops no thread
// (ptrace does, and streams batch differently then), and sees sockets (/proc/PID/io does not). It
// does not see what the C library does inside itself: a contended pthread mutex or condition, and
// the pages that malloc asks for. But the library's locks are its own, and all its system calls are
// CMCLinux's, through functions that are counted here.
#ifndef CCALLCOUNTER_H
#define CCALLCOUNTER_H

#include <stdint.h>

/// Calls since the program started, by all threads.
typedef struct {
    /// malloc, calloc, realloc, posix_memalign, aligned_alloc, memalign.
    uint64_t allocations;
    /// Writes to sockets: sendmsg, send, writev.
    uint64_t sends;
    /// Reads from sockets: recv, recvmsg, readv.
    uint64_t receives;
    /// epoll_wait, epoll_pwait2, poll, ppoll: whether they sleep or only look.
    uint64_t waits;
    /// futex, to sleep and to wake.
    uint64_t futexes;
    /// read and write, which the library uses for eventfds alone.
    uint64_t eventfds;
    /// Everything else: epoll_ctl, membarrier, sched_yield, ioctl.
    uint64_t others;
} calls_counts;

calls_counts calls_now(void);

#endif
