// A subscription goes to a publisher as soon as there is one, whatever the subscriber's program does.
//
// libzmq tells a SUB socket of a new or renewed connection by its mailbox, which is only emptied by the
// application's next call: until then the publisher knows of no subscription, and sends nothing.
#include "beyond.h"

static void expect_subscription(void *publisher, const char *when) {
    char body[8];
    set_option(publisher, ZMQ_RCVTIMEO, 1500);
    int size = zmq_recv(publisher, body, sizeof body, 0);
    if (size < 0) FAIL("no subscription %s: %s", when, zmq_strerror(errno));
    if (size != 2 || memcmp(body, "\1a", 2) != 0) FAIL("no subscription %s, but %d bytes", when, size);
}

static void end(void *context, void *one, void *other) {
    REQUIRE(zmq_close(one) == 0 && zmq_close(other) == 0 && zmq_ctx_term(context) == 0);
}

static void when_the_publisher_connects(void) {
    void *context = zmq_ctx_new();
    void *subscriber = new_socket(context, ZMQ_SUB), *publisher = new_socket(context, ZMQ_XPUB);
    char endpoint[64];
    REQUIRE(zmq_setsockopt(subscriber, ZMQ_SUBSCRIBE, "a", 1) == 0);
    bind_tcp(subscriber, endpoint);
    REQUIRE(zmq_connect(publisher, endpoint) == 0);
    expect_subscription(publisher, "comes to a publisher that connects");
    end(context, publisher, subscriber);
}

static void when_the_publisher_returns(void) {
    void *context = zmq_ctx_new();
    void *subscriber = new_socket(context, ZMQ_SUB), *publisher = new_socket(context, ZMQ_XPUB);
    REQUIRE(zmq_setsockopt(subscriber, ZMQ_SUBSCRIBE, "a", 1) == 0);
    REQUIRE(zmq_bind(publisher, "ipc://publisher") == 0);
    REQUIRE(zmq_connect(subscriber, "ipc://publisher") == 0);
    expect_subscription(publisher, "comes to a publisher that is bound");
    REQUIRE(zmq_close(publisher) == 0);
    publisher = new_socket(context, ZMQ_XPUB);
    // The address comes free when the close is done, by another thread.
    int64_t limit = now_ms() + 2000;
    while (zmq_bind(publisher, "ipc://publisher") != 0) {
        REQUIRE(errno == EADDRINUSE && now_ms() < limit);
        sleep_ms(10);
    }
    expect_subscription(publisher, "comes to a publisher that returns");
    end(context, publisher, subscriber);
}

int main(void) {
    RUN(when_the_publisher_connects);
    RUN(when_the_publisher_returns);
    return all_cases();
}
