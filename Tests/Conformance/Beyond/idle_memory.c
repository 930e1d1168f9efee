// Peers that have gone leave nothing behind, also where the program does not use the socket meanwhile.
//
// libzmq's I/O threads put all news of a peer (it has come, has subscribed, has gone) into a mailbox that
// only the application's next call empties: a socket without calls grows by some 10 KiB with each peer.
#include "beyond.h"

enum { first = 100, more = 300, limit_kib = 1024 };

static long resident_kib(void) {
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    REQUIRE(statm != NULL);
    REQUIRE(fscanf(statm, "%*s %ld", &pages) == 1);
    fclose(statm);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void come_and_go(int count, const char *type) {
    for (int number = 0; number < count; number++) {
        int peer = raw_connect("idle");
        raw_handshake(peer, type);
        if (strcmp(type, "SUB") == 0) raw_write(peer, "\0\6\1topic", 8); // Subscribes to "topic".
        close(peer);
    }
    sleep_ms(200);
}

static void stays_small(int type, const char *peers) {
    void *context = zmq_ctx_new();
    void *socket = new_socket(context, type);
    REQUIRE(zmq_bind(socket, "ipc://idle") == 0);
    come_and_go(first, peers);
    long before = resident_kib();
    come_and_go(more, peers);
    long grown = resident_kib() - before;
    if (grown > limit_kib) FAIL("%d peers came and went and left %ld KiB behind", more, grown);
    REQUIRE(zmq_close(socket) == 0);
    REQUIRE(zmq_ctx_term(context) == 0);
}

static void idle_publisher(void) { stays_small(ZMQ_PUB, "SUB"); }
static void idle_router(void) { stays_small(ZMQ_ROUTER, "DEALER"); }
static void idle_pull(void) { stays_small(ZMQ_PULL, "PUSH"); }

int main(void) {
    RUN(idle_publisher);
    RUN(idle_router);
    RUN(idle_pull);
    return all_cases();
}
