#define _GNU_SOURCE
#include "CMCLinux.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

_Static_assert(CMC_POLL_IN == EPOLLIN && CMC_POLL_OUT == EPOLLOUT && CMC_POLL_ERR == EPOLLERR
                   && CMC_POLL_HUP == EPOLLHUP && CMC_POLL_RDHUP == EPOLLRDHUP
                   && CMC_POLL_ONESHOT == EPOLLONESHOT && CMC_POLL_EDGE == EPOLLET,
               "the poll bits are the kernel's");
_Static_assert(CMC_POLL_IN == POLLIN && CMC_POLL_OUT == POLLOUT, "poll and epoll agree");

// MARK: - Clock

uint64_t cmc_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct timespec timespec_of(int64_t ns) {
    struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    return t;
}

// MARK: - Futex

int cmc_futex_wait(uint32_t *word, uint32_t expected, int64_t timeout_ns) {
    struct timespec t = timespec_of(timeout_ns < 0 ? 0 : timeout_ns);
    long r = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected,
                     timeout_ns < 0 ? NULL : &t, NULL, 0);
    return r < 0 && (errno == ETIMEDOUT || errno == EINTR) ? -errno : 0;
}

void cmc_futex_wake(uint32_t *word, int count) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

// MARK: - epoll, eventfd

int cmc_epoll_create(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int control(int epoll, int op, int fd, uint32_t events, uint64_t token) {
    struct epoll_event e = {.events = events, .data.u64 = token};
    return epoll_ctl(epoll, op, fd, &e) < 0 ? -errno : 0;
}

int cmc_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
    return control(epoll, EPOLL_CTL_ADD, fd, events, token);
}

int cmc_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token) {
    return control(epoll, EPOLL_CTL_MOD, fd, events, token);
}

int cmc_epoll_remove(int epoll, int fd) { return control(epoll, EPOLL_CTL_DEL, fd, 0, 0); }

#define MAX_EVENTS 128

// What a thread writes before it adds a descriptor, another reads that is told of it. The kernel
// orders the two; ThreadSanitizer knows so of the C library's functions, not of bare system calls.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WATCHED_BY_TSAN 1
#endif
#endif

int cmc_epoll_wait(int epoll, cmc_event *events, int capacity, int64_t timeout_ns) {
    struct epoll_event ready[MAX_EVENTS];
    if (capacity > MAX_EVENTS) capacity = MAX_EVENTS;
    int n;
    if (timeout_ns <= 0) {
        n = epoll_wait(epoll, ready, capacity, timeout_ns < 0 ? -1 : 0);
    } else {
        // epoll_pwait2 (Linux 5.11) has nanoseconds; poll on the epoll descriptor, which is itself
        // pollable, is the same thing on older kernels and under stricter seccomp filters.
        struct timespec t = timespec_of(timeout_ns);
#if WATCHED_BY_TSAN
        n = -1;
        errno = ENOSYS;
#else
        n = (int)syscall(SYS_epoll_pwait2, epoll, ready, capacity, &t, NULL, (size_t)0);
#endif
        if (n < 0 && (errno == ENOSYS || errno == EPERM)) {
            struct pollfd p = {.fd = epoll, .events = POLLIN};
            n = ppoll(&p, 1, &t, NULL);
            if (n > 0) n = epoll_wait(epoll, ready, capacity, 0);
        }
    }
    if (n < 0) return -errno;
    for (int i = 0; i < n; i++) {
        events[i].events = ready[i].events;
        events[i].reserved = 0;
        events[i].token = ready[i].data.u64;
    }
    return n;
}

int cmc_eventfd(void) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int cmc_eventfd_signal(int fd) {
    uint64_t one = 1;
    while (write(fd, &one, sizeof one) < 0) {
        // A count that is full is set already.
        if (errno == EAGAIN) break;
        if (errno != EINTR) return -errno;
    }
    return 0;
}

void cmc_eventfd_clear(int fd) {
    uint64_t count;
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR) {}
}

// MARK: - Sockets

int64_t cmc_read(int fd, void *into, size_t count) {
    for (;;) {
        ssize_t n = recv(fd, into, count, MSG_DONTWAIT);
        if (n >= 0) return n;
        if (errno != EINTR) return -errno;
    }
}

int64_t cmc_write_vectors(int fd, const struct iovec *vectors, int count) {
    struct msghdr message = {.msg_iov = (struct iovec *)vectors, .msg_iovlen = (size_t)count};
    for (;;) {
        ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) return n;
        if (errno != EINTR) return -errno;
    }
}

int cmc_accept(int fd) {
    for (;;) {
        int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) return accepted;
        if (errno != EINTR) return -errno;
    }
}

void cmc_close(int fd) { close(fd); }

int cmc_unacknowledged(int fd) {
    int bytes = 0;
    return ioctl(fd, SIOCOUTQ, &bytes) < 0 ? 0 : bytes;
}

int cmc_shutdown_write(int fd) { return shutdown(fd, SHUT_WR) < 0 ? -errno : 0; }

int cmc_shutdown_both(int fd) { return shutdown(fd, SHUT_RDWR) < 0 ? -errno : 0; }

int cmc_poll(struct pollfd *entries, int count, int64_t timeout_ns) {
    struct timespec t = timespec_of(timeout_ns < 0 ? 0 : timeout_ns);
    int n = ppoll(entries, (nfds_t)count, timeout_ns < 0 ? NULL : &t, NULL);
    return n < 0 ? -errno : n;
}

int cmc_poll_one(int fd, uint32_t events, int64_t timeout_ns) {
    struct pollfd p = {.fd = fd, .events = (short)events};
    return cmc_poll(&p, 1, timeout_ns);
}

// MARK: - Threads

void cmc_thread_setup(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
    // The default slack of 50 us would be longer than the flusher's tick.
    prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
}

void cmc_thread_confine(const int32_t *processors, int count) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int i = 0; i < count; i++) {
        if (processors[i] >= 0 && processors[i] < CPU_SETSIZE) CPU_SET(processors[i], &set);
    }
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

void cmc_thread_schedule(int policy, int priority) {
    int current;
    struct sched_param parameters;
    if (pthread_getschedparam(pthread_self(), &current, &parameters) != 0) return;
    if (policy < 0) policy = current;
    if (policy == SCHED_FIFO || policy == SCHED_RR) {
        if (priority >= 0) parameters.sched_priority = priority;
    } else {
        parameters.sched_priority = 0;
    }
    pthread_setschedparam(pthread_self(), policy, &parameters);
    if (parameters.sched_priority == 0 && priority > 0) {
        setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), -priority);
    }
}

int cmc_thread_start(void *(*body)(void *), void *argument, size_t stack_bytes) {
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, old;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, stack_bytes);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int error = pthread_create(&thread, &attributes, body, argument);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attributes);
    return -error;
}

void cmc_yield(void) { sched_yield(); }

static int membarrier(int command) {
    return syscall(SYS_membarrier, command, 0, 0) < 0 ? -errno : 0;
}

int cmc_membarrier_state;

/// Before main, while there is one thread: the answer must not change between the two halves of a
/// fence, and the kernel does not have to wait for the other threads.
__attribute__((constructor)) static void register_membarrier(void) {
    cmc_membarrier_state = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

int cmc_processor_count(void) {
    cpu_set_t set;
    // Fails where there are more processors than the set has room for.
    if (sched_getaffinity(0, sizeof set, &set) < 0) return CPU_SETSIZE;
    return CPU_COUNT(&set);
}

void cmc_membarrier(void) {
    if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) < 0) abort();
}

__thread void *cmc_thread_heap_slot;
static pthread_key_t heap_key;
static pthread_once_t heap_once = PTHREAD_ONCE_INIT;
static void (*heap_retired)(void *);

static void heap_destructor(void *heap) {
    cmc_thread_heap_slot = NULL;
    __atomic_load_n(&heap_retired, __ATOMIC_RELAXED)(heap);
}

static void heap_key_create(void) { pthread_key_create(&heap_key, heap_destructor); }

void cmc_thread_heap_set(void *heap, void (*retired)(void *)) {
    // Always the same function, but set by every thread.
    __atomic_store_n(&heap_retired, retired, __ATOMIC_RELAXED);
    pthread_once(&heap_once, heap_key_create);
    pthread_setspecific(heap_key, heap);
    cmc_thread_heap_slot = heap;
}
