// A socket that is closed is gone, also when it was connected to a name that nobody is bound to.
//
// libzmq keeps such a socket until somebody binds the name, and counts it: after 1,023 of them, its
// default limit, the context makes no socket any more.
#include "beyond.h"

static void closed_sockets_are_gone(void) {
    void *context = zmq_ctx_new();
    for (int number = 0; number < 1100; number++) {
        // A close is finished by another thread: give it time.
        int64_t limit = now_ms() + 1000;
        void *socket;
        while (!(socket = zmq_socket(context, ZMQ_DEALER)) && errno == EMFILE && now_ms() < limit)
            sleep_ms(10);
        if (!socket) FAIL("no socket after %d that are closed: %s", number, zmq_strerror(errno));
        set_option(socket, ZMQ_LINGER, 0);
        REQUIRE(zmq_connect(socket, "inproc://nobody") == 0);
        REQUIRE(zmq_close(socket) == 0);
    }
    REQUIRE(zmq_ctx_term(context) == 0);
}

int main(void) {
    RUN(closed_sockets_are_gone);
    return all_cases();
}
