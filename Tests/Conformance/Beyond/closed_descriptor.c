// A program that closes a descriptor of the library's by mistake loses that connection, not its life.
//
// libzmq takes the kernel's "no such descriptor" for a broken invariant and aborts.
#include "beyond.h"

// The descriptor that an event of a monitored socket tells.
static int descriptor_of(void *monitor, int event) {
    for (;;) {
        uint8_t body[6];
        uint16_t number;
        int32_t value;
        char endpoint[256];
        REQUIRE(zmq_recv(monitor, body, sizeof body, 0) == sizeof body);
        REQUIRE(zmq_recv(monitor, endpoint, sizeof endpoint, 0) >= 0);
        memcpy(&number, body, sizeof number);
        memcpy(&value, body + 2, sizeof value);
        if (number == event) return value;
    }
}

static void *watch(void *context, void *socket, int events) {
    REQUIRE(zmq_socket_monitor(socket, "inproc://monitor", events) == 0);
    void *monitor = new_socket(context, ZMQ_PAIR);
    set_option(monitor, ZMQ_RCVTIMEO, 3000);
    REQUIRE(zmq_connect(monitor, "inproc://monitor") == 0);
    return monitor;
}

// Whether a message comes through, in a while: those under way when a connection is lost may be lost.
static void works(void *sender, void *receiver) {
    char body[8];
    set_option(sender, ZMQ_SNDTIMEO, 100);
    set_option(receiver, ZMQ_RCVTIMEO, 100);
    for (int64_t limit = now_ms() + 3000; now_ms() < limit;) {
        zmq_send(sender, "hello", 5, 0);
        if (zmq_recv(receiver, body, sizeof body, 0) == 5) return;
    }
    FAIL("no message comes through afterwards");
}

// A pair of sockets, of which one is watched while the other connects; then `event`'s descriptor is
// closed. What is left has to work, and to end.
static void survives(int event, int watch_receiver, int reconnects) {
    void *context = zmq_ctx_new();
    void *receiver = new_socket(context, ZMQ_PULL), *sender = new_socket(context, ZMQ_PUSH);
    void *others[2] = {new_socket(context, ZMQ_PULL), new_socket(context, ZMQ_PUSH)};
    void *monitor = watch(context, watch_receiver ? receiver : sender, event);
    char endpoint[64];
    bind_tcp(receiver, endpoint);
    REQUIRE(zmq_connect(sender, endpoint) == 0);
    works(sender, receiver);
    REQUIRE(close(descriptor_of(monitor, event)) == 0);
    sleep_ms(100);
    bind_tcp(others[0], endpoint);
    REQUIRE(zmq_connect(others[1], endpoint) == 0);
    works(others[1], others[0]);
    if (reconnects) works(sender, receiver);
    void *all[] = {receiver, sender, monitor, others[0], others[1]};
    for (int number = 0; number < 5; number++) {
        set_option(all[number], ZMQ_LINGER, 0);
        REQUIRE(zmq_close(all[number]) == 0);
    }
    REQUIRE(zmq_ctx_term(context) == 0);
}

static void accepted_connection(void) { survives(ZMQ_EVENT_ACCEPTED, 1, 1); }
static void dialled_connection(void) { survives(ZMQ_EVENT_CONNECTED, 0, 1); }
static void listener(void) { survives(ZMQ_EVENT_LISTENING, 1, 0); }

int main(void) {
    RUN(accepted_connection);
    RUN(dialled_connection);
    RUN(listener);
    return all_cases();
}
