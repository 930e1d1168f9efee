#include "CBench.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void bench_announce(const char *endpoint)
{
    printf("%s\n", endpoint);
    fflush(stdout);
}

void bench_tell(int own_end)
{
    if (send(own_end, "!", 1, MSG_NOSIGNAL) != 1)
        bench_fail("telling the other worker", strerror(errno));
}

bool bench_told(int own_end, int milliseconds)
{
    struct pollfd waiting = {.fd = own_end, .events = POLLIN};
    int ready = poll(&waiting, 1, milliseconds);
    if (ready < 0 && errno != EINTR)
        bench_fail("poll", strerror(errno));
    if (ready <= 0)
        return false;
    char byte;
    if (read(own_end, &byte, 1) != 1)
        bench_fail("waiting for the other worker", "it has ended");
    return true;
}
