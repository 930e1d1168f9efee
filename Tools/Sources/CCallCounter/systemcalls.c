#define _GNU_SOURCE
#include "counters.h"
#include <dlfcn.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// The C library's own function of a name. Two threads may look it up at once; both find the same.
#define REAL(name)                                                                   \
    ({                                                                               \
        static __typeof__(&name) found;                                              \
        __typeof__(&name) real = __atomic_load_n(&found, __ATOMIC_RELAXED);          \
        if (!real) {                                                                 \
            real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                       \
            __atomic_store_n(&found, real, __ATOMIC_RELAXED);                        \
        }                                                                            \
        real;                                                                        \
    })

// MARK: - Sockets

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    count_call(SENDS);
    return REAL(sendmsg)(fd, message, flags);
}

ssize_t send(int fd, const void *bytes, size_t count, int flags)
{
    count_call(SENDS);
    return REAL(send)(fd, bytes, count, flags);
}

ssize_t writev(int fd, const struct iovec *vectors, int count)
{
    count_call(SENDS);
    return REAL(writev)(fd, vectors, count);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    count_call(RECEIVES);
    return REAL(recvmsg)(fd, message, flags);
}

ssize_t recv(int fd, void *bytes, size_t count, int flags)
{
    count_call(RECEIVES);
    return REAL(recv)(fd, bytes, count, flags);
}

ssize_t readv(int fd, const struct iovec *vectors, int count)
{
    count_call(RECEIVES);
    return REAL(readv)(fd, vectors, count);
}

// MARK: - Sleeping and waking

int epoll_wait(int epoll, struct epoll_event *events, int capacity, int milliseconds)
{
    count_call(WAITS);
    return REAL(epoll_wait)(epoll, events, capacity, milliseconds);
}

int poll(struct pollfd *descriptors, nfds_t count, int milliseconds)
{
    count_call(WAITS);
    return REAL(poll)(descriptors, count, milliseconds);
}

int ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *time,
          const sigset_t *signals)
{
    count_call(WAITS);
    return REAL(ppoll)(descriptors, count, time, signals);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    count_call(EVENTFDS);
    return REAL(write)(fd, bytes, count);
}

ssize_t read(int fd, void *bytes, size_t count)
{
    count_call(EVENTFDS);
    return REAL(read)(fd, bytes, count);
}

// MARK: - Others

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    count_call(OTHERS);
    return REAL(epoll_ctl)(epoll, operation, fd, event);
}

int sched_yield(void)
{
    count_call(OTHERS);
    return REAL(sched_yield)();
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    count_call(OTHERS);
    return REAL(ioctl)(fd, request, argument);
}

static counter_kind kind_of(long number)
{
    switch (number) {
    case SYS_futex: return FUTEXES;
    case SYS_epoll_pwait2: return WAITS;
    default: return OTHERS;
    }
}

// syscall(2) passes six words on, however many the caller gave, and so does this.
long syscall(long number, ...)
{
    long words[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        words[i] = va_arg(arguments, long);
    va_end(arguments);
    count_call(kind_of(number));
    return REAL(syscall)(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}
