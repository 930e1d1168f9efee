// A socket type that the library does not offer is refused.
//
// libzmq without its draft API makes sockets of the draft types all the same, and aborts when two of
// them meet: they have no name to tell each other.
#include "beyond.h"

static void are_refused(void) {
    void *context = zmq_ctx_new();
    for (int type = ZMQ_STREAM + 1; type <= ZMQ_STREAM + 12; type++) {
        errno = 0;
        if (zmq_socket(context, type)) FAIL("type %d, which is not offered, is made", type);
        if (errno != EINVAL) FAIL("type %d is refused by error %d", type, errno);
    }
    REQUIRE(zmq_ctx_term(context) == 0);
}

static void do_not_end_the_process(void) {
    void *context = zmq_ctx_new();
    void *server = zmq_socket(context, 12), *client = zmq_socket(context, 13);
    if (server && client) {
        char endpoint[64];
        bind_tcp(server, endpoint);
        zmq_connect(client, endpoint);
        sleep_ms(500);
    }
    if (server) zmq_close(server);
    if (client) zmq_close(client);
    REQUIRE(zmq_ctx_term(context) == 0);
}

int main(void) {
    RUN(are_refused);
    RUN(do_not_end_the_process);
    return all_cases();
}
