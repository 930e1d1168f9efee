// An address is free when zmq_close or zmq_unbind has returned.
//
// libzmq frees it some time later, in another thread: a socket that binds it at once is refused now and
// then.
#include "beyond.h"

enum { rounds = 500 };

static void bind_again_and_again(int unbinds) {
    void *context = zmq_ctx_new();
    void *holder = new_socket(context, ZMQ_PULL);
    char endpoint[64];
    bind_tcp(holder, endpoint);
    for (int round = 1; round <= rounds; round++) {
        if (unbinds) {
            REQUIRE(zmq_unbind(holder, endpoint) == 0);
        } else {
            REQUIRE(zmq_close(holder) == 0);
            holder = new_socket(context, ZMQ_PULL);
        }
        if (zmq_bind(holder, endpoint) != 0)
            FAIL("cannot be bound again, at try %d: %s", round, zmq_strerror(errno));
    }
    REQUIRE(zmq_close(holder) == 0);
    REQUIRE(zmq_ctx_term(context) == 0);
}

static void after_close(void) { bind_again_and_again(0); }
static void after_unbind(void) { bind_again_and_again(1); }

int main(void) {
    RUN(after_close);
    RUN(after_unbind);
    return all_cases();
}
