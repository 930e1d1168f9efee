// A message that was half written when its connection broke is sent again on the next.
//
// libzmq takes a message out of its queue to write it: this one dies with the connection, though the
// sender is there, the receiver returns, and the messages behind it arrive.
#include "beyond.h"

enum { messages = 3, size = 1 << 20 }; // More than the kernel takes of the first.

static void message_is_sent_again(void) {
    static char body[size];
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "worker"};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    REQUIRE(listen(listener, 1) == 0);

    void *context = zmq_ctx_new();
    void *sender = new_socket(context, ZMQ_PUSH), *worker = new_socket(context, ZMQ_PULL);
    REQUIRE(zmq_connect(sender, "ipc://worker") == 0);
    int dying = accept(listener, NULL, NULL);
    raw_handshake(dying, "PULL");
    for (int number = 0; number < messages; number++) {
        memcpy(body, &number, sizeof number);
        REQUIRE(zmq_send(sender, body, size, 0) == size);
    }
    uint8_t header[9];
    raw_read(dying, header, sizeof header);
    REQUIRE(unlink("worker") == 0);
    close(listener);
    close(dying);

    set_option(worker, ZMQ_RCVTIMEO, 2000);
    REQUIRE(zmq_bind(worker, "ipc://worker") == 0);
    for (int expected = 0; expected < messages; expected++) {
        int number;
        if (zmq_recv(worker, body, size, 0) < 0) FAIL("message %d does not come", expected);
        memcpy(&number, body, sizeof number);
        if (number != expected) FAIL("message %d comes in place of %d", number, expected);
    }
    REQUIRE(zmq_close(sender) == 0 && zmq_close(worker) == 0 && zmq_ctx_term(context) == 0);
}

int main(void) {
    RUN(message_is_sent_again);
    return all_cases();
}
