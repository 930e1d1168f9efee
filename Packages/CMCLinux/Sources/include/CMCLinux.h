// The few system calls and C-only facilities that Swift's Glibc module does not show.
//
// Every wrapper is a plain function that returns the kernel's result, or a negative errno: errno
// itself never crosses into Swift, where a retain or a release could change it in between.
#ifndef CMC_LINUX_H
#define CMC_LINUX_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

// MARK: - Clock

/// Nanoseconds of CLOCK_MONOTONIC.
uint64_t cmc_now_ns(void);

// MARK: - Futex (private to the process)

/// Sleeps while *word == expected. timeout_ns < 0 waits for ever.
/// 0 when woken (or the word differs), -ETIMEDOUT when the time is over, -EINTR when a signal came. A
/// handler that restarts system calls (SA_RESTART) goes unnoticed where there is no timeout.
int cmc_futex_wait(uint32_t *word, uint32_t expected, int64_t timeout_ns);
void cmc_futex_wake(uint32_t *word, int count);

// MARK: - epoll, eventfd

#define CMC_POLL_IN 0x001u
#define CMC_POLL_OUT 0x004u
#define CMC_POLL_ERR 0x008u
#define CMC_POLL_HUP 0x010u
#define CMC_POLL_RDHUP 0x2000u
#define CMC_POLL_ONESHOT (1u << 30)
#define CMC_POLL_EDGE (1u << 31)

typedef struct cmc_event {
    uint32_t events;
    uint32_t reserved;
    uint64_t token;
} cmc_event;

int cmc_epoll_create(void);
int cmc_epoll_add(int epoll, int fd, uint32_t events, uint64_t token);
int cmc_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token);
int cmc_epoll_remove(int epoll, int fd);
/// Waits for events; timeout_ns < 0 waits for ever. Number of events, or -errno (-EINTR included).
int cmc_epoll_wait(int epoll, cmc_event *events, int capacity, int64_t timeout_ns);

int cmc_eventfd(void);
/// 0, or -errno: the descriptor is none of ours any more.
int cmc_eventfd_signal(int fd);
void cmc_eventfd_clear(int fd);

// MARK: - Sockets (non-blocking, close-on-exec)

/// Bytes read, 0 at the end of the stream, or -errno. EINTR is retried.
int64_t cmc_read(int fd, void *into, size_t count);
/// Bytes written, or -errno. EINTR is retried; SIGPIPE is never raised.
int64_t cmc_write_vectors(int fd, const struct iovec *vectors, int count);
int cmc_accept(int fd);
void cmc_close(int fd);
/// Bytes that were written and are not with the peer: of a TCP connection, those that its kernel has
/// not acknowledged; of a unix socket, those that it has not read (tcp(7) and unix(7), SIOCOUTQ).
int cmc_unacknowledged(int fd);
int cmc_shutdown_write(int fd);
int cmc_shutdown_both(int fd);

/// poll(2), with nanoseconds: ready entries, or -errno (-EINTR included). timeout_ns < 0 waits for ever.
int cmc_poll(struct pollfd *entries, int count, int64_t timeout_ns);
/// Waits until one descriptor is ready for `events` (poll's bits). 1, 0 (timeout) or -errno.
int cmc_poll_one(int fd, uint32_t events, int64_t timeout_ns);

// MARK: - Threads

/// Names the calling thread and asks for timers as precise as the kernel has them.
void cmc_thread_setup(const char *name);
/// Keeps the calling thread to these processors, if the system lets it.
void cmc_thread_confine(const int32_t *processors, int count);
/// The calling thread's policy (-1 as it is) and priority (-1 as it is); what is refused stays.
void cmc_thread_schedule(int policy, int priority);
/// Starts a detached thread of the given stack size with every signal blocked. 0, or -errno.
int cmc_thread_start(void *(*body)(void *), void *argument, size_t stack_bytes);

/// Tells threads apart, in one instruction; never 0.
static inline uintptr_t cmc_thread_id(void) {
#if defined(__x86_64__)
    uintptr_t id;
    __asm__("movq %%fs:0, %0" : "=r"(id));
    return id;
#else
    return (uintptr_t)__builtin_thread_pointer();
#endif
}

/// Gives the processor to another thread that is ready for it.
void cmc_yield(void);

/// Keeps the compiler, and not the processor, from moving reads and writes over it.
static inline void cmc_compiler_fence(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

/// Not 0 where the kernel has membarrier(2) for this process. Set before main, and never changed.
extern int cmc_membarrier_state;
static inline int cmc_has_membarrier(void) { return cmc_membarrier_state; }
/// A full memory barrier on every thread of the process that runs at this moment (membarrier(2)).
/// Does not return when it fails, which it cannot once it was announced.
void cmc_membarrier(void);

/// The two halves of a fence between a thread that passes often and one that passes rarely: with
/// membarrier(2) the first pays nothing, without it both pay a full fence.
static inline void cmc_fence_light(void) {
    if (__builtin_expect(cmc_membarrier_state != 0, 1)) {
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
    } else {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
}
static inline void cmc_fence_heavy(void) {
    if (cmc_membarrier_state) {
        cmc_membarrier();
    } else {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
}

/// Processors that the calling thread may run on.
int cmc_processor_count(void);

// In the part of the thread's memory that is there from the beginning: reading it is no call, even
// in position-independent code. One word, for which glibc has room in libraries that come later.
extern __thread void *cmc_thread_heap_slot __attribute__((tls_model("initial-exec")));

/// The calling thread's block heap (see MCMemory), null until set.
static inline void *cmc_thread_heap(void) { return cmc_thread_heap_slot; }

/// Sets the calling thread's heap; `retired` is called with it when the thread ends.
void cmc_thread_heap_set(void *heap, void (*retired)(void *));

/// Tells the processor that the thread spins.
static inline void cmc_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Asks for a cache line that this thread will write, and another one has read, before it is needed.
static inline void cmc_prefetch_to_write(const void *address) {
#if defined(__x86_64__)
    // The builtin would ask for a copy to read unless all processors of the target knew this one.
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)address));
#else
    __builtin_prefetch(address, 1);
#endif
}

// MARK: - Copies

/// Makes the eight words of a small frame: up to 56 bytes of payload from a buffer that is readable
/// for 56, and the last word. In stores of 16 bytes, because a frame is moved in loads of 16: the
/// processor makes a load wait whose bytes two stores have just written.
static inline void cmc_make_frame(void *to, const void *from, size_t count, uint64_t last) {
    typedef uint64_t pair __attribute__((vector_size(16)));
    char *t = (char *)to;
    const char *f = (const char *)from;
    pair end = {0, last};
    __builtin_memcpy(t, f, 16);
    if (count > 16) {
        __builtin_memcpy(t + 16, f + 16, 16);
        __builtin_memcpy(t + 32, f + 32, 16);
        uint64_t word;
        __builtin_memcpy(&word, f + 48, 8);
        end[0] = word;
    }
    __builtin_memcpy(t + 48, &end, 16);
}

/// memcpy, without a call for what is small: two moves of a fixed size that may overlap.
static inline void cmc_copy_exact(void *to, const void *from, size_t count) {
    char *t = (char *)to;
    const char *f = (const char *)from;
    if (count > 64) {
        __builtin_memcpy(to, from, count);
    } else if (count > 32) {
        __builtin_memcpy(t, f, 32);
        __builtin_memcpy(t + count - 32, f + count - 32, 32);
    } else if (count > 16) {
        __builtin_memcpy(t, f, 16);
        __builtin_memcpy(t + count - 16, f + count - 16, 16);
    } else if (count >= 8) {
        __builtin_memcpy(t, f, 8);
        __builtin_memcpy(t + count - 8, f + count - 8, 8);
    } else if (count >= 4) {
        __builtin_memcpy(t, f, 4);
        __builtin_memcpy(t + count - 4, f + count - 4, 4);
    } else {
        for (size_t i = 0; i < count; i++) t[i] = f[i];
    }
}

#ifdef __cplusplus
}
#endif
#endif
