// A sender that waits for its messages (LINGER -1) and ends properly has sent them, over ipc too.
//
// libzmq's receiver, once it is at its high-water mark, takes the sender's hang-up for the end of the
// connection: what the kernel still holds for it is thrown away.
#include "beyond.h"

enum { messages = 200, size = 100 }; // More than a read of libzmq's (8 KiB), less than the kernel holds.

static void send_all_and_exit(void) {
    char body[size] = "";
    alarm(seconds_in_all);
    void *context = zmq_ctx_new();
    void *sender = new_socket(context, ZMQ_PUSH);
    set_option(sender, ZMQ_SNDHWM, 0);
    REQUIRE(zmq_connect(sender, "ipc://exit") == 0);
    for (int number = 0; number < messages; number++) {
        memcpy(body, &number, sizeof number);
        REQUIRE(zmq_send(sender, body, size, 0) == size);
    }
    REQUIRE(zmq_close(sender) == 0);
    REQUIRE(zmq_ctx_term(context) == 0);
    _exit(0);
}

static void slow_receiver_gets_all(void) {
    pid_t child = fork();
    if (child == 0) send_all_and_exit();
    void *context = zmq_ctx_new();
    void *receiver = new_socket(context, ZMQ_PULL);
    set_option(receiver, ZMQ_RCVHWM, 10);
    set_option(receiver, ZMQ_RCVTIMEO, 1000);
    REQUIRE(zmq_bind(receiver, "ipc://exit") == 0);
    int status = 0, received = 0;
    sleep_ms(1500); // So that a sender that does not wait until all is read has ended.
    char body[size];
    for (; received < messages && zmq_recv(receiver, body, size, 0) == size; received++) {
        int number;
        memcpy(&number, body, sizeof number);
        if (number != received) FAIL("message %d came in place of %d", number, received);
    }
    if (received < messages)
        FAIL("%d of %d messages are lost, though the sender waited for them", messages - received, messages);
    REQUIRE(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    REQUIRE(zmq_close(receiver) == 0);
    REQUIRE(zmq_ctx_term(context) == 0);
}

int main(void) {
    RUN(slow_receiver_gets_all);
    return all_cases();
}
