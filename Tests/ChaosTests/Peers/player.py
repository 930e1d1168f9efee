"""libzmq's part in the run where nothing may get lost: plays what it is told, one line at a time.

    start NAME key=value…   a socket, and a thread that plays a role with it
    look NAME               how far it is
    go NAME                 a publisher may begin, a sender go on
    stop NAME               ends it; what it has received, stream by stream

The answer to a line is one line, `ok` and words, or `error` and why. The sockets of all parts share a
context, which lives as long as the process. It ends with its standard input.
"""

import sys
import threading
import time

import zmq

import payload

context = zmq.Context()
parts = {}


class Part:
    """One socket at work. The keys are those of `Tests/MCChaos/Lossless/PartPlan.swift`."""

    def __init__(self, plan):
        self.plan = plan
        self.messages = 0
        self.tallies = {}
        self.is_synced = not self.list("topics")
        self.is_stopped = self.may_go = False
        self.state, self.failure = "running", ""
        self.socket = None
        self.thread = threading.Thread(target=self.play, daemon=True)

    def number(self, key, default=0):
        return int(self.plan.get(key, default))

    def list(self, key):
        return [word for word in self.plan.get(key, "").split(",") if word]

    # The socket

    def open(self):
        socket = context.socket(getattr(zmq, self.plan["type"]))
        socket.linger = -1
        socket.sndtimeo = socket.rcvtimeo = self.number("patience", 60000)
        for key, value in self.plan.items():
            if key.isupper():
                name = getattr(zmq, key)
                socket.setsockopt(name, value.encode() if key == "ROUTING_ID" else int(value))
        for prefix in self.list("topics"):
            socket.subscribe(prefix.encode())
        self.socket = socket
        self.join()

    def join(self):
        for endpoint in self.list("bind"):
            self.bind(endpoint)
        for endpoint in self.list("connect"):
            self.socket.connect(endpoint)

    def bind(self, endpoint):
        # What was bound there a moment ago may still be on its way out.
        for attempt in range(200):
            try:
                return self.socket.bind(endpoint)
            except zmq.ZMQError as error:
                if error.errno != zmq.EADDRINUSE or attempt == 199:
                    raise
            time.sleep(0.01)

    def churn(self, is_last):
        """Between two rounds the endpoints, or the socket, are left and taken again."""
        if self.plan.get("churn") == "fresh" or is_last:
            self.socket.close()
            self.socket = None
            if not is_last:
                self.open()
        elif self.plan.get("churn") == "redial":
            for endpoint in self.list("connect"):
                self.socket.disconnect(endpoint)
            for endpoint in self.list("bind"):
                self.socket.unbind(endpoint)
            self.join()

    def wait(self):
        while not self.is_stopped:
            time.sleep(0.005)

    # Roles

    def play(self):
        try:
            getattr(self, self.plan["role"])()
            self.state = "done"
        except Exception as error:
            self.state = "failed"
            self.failure = f"{type(error).__name__}: {error}".replace("\n", " ")
        if self.socket is not None:
            self.socket.close()

    def rounds(self):
        last = self.number("rounds", 1) - 1
        for place in range(last + 1):
            yield self.number("stream") + place
            self.churn(place == last)

    def send(self):
        for stream in self.rounds():
            for number in range(self.number("count")):
                self.say(stream, number)
                self.messages += 1
            self.settle(stream)

    def settle(self, stream):
        """Waits until all that was sent is there.

        libzmq loses what waits for a connection that is not there yet, or does not fit into the kernel's
        buffers, when the socket is closed (4.3.5).
        """
        if stream == self.number("stream") + self.number("rounds", 1) - 1:
            self.state = "done"
            self.wait()
        elif self.plan.get("churn"):
            self.state, self.may_go = "paused", False
            while not (self.may_go or self.is_stopped):
                time.sleep(0.002)
            self.state = "running"

    def say(self, stream, number, front=()):
        self.socket.send_multipart([*front, *payload.message(stream, number, self.number("limit"))])

    def ready(self):
        """Whether a message comes before it is time to look whether this is over."""
        return self.socket.poll(20) != 0

    def receive(self):
        while not self.is_stopped:
            if self.ready():
                self.take(self.socket.recv_multipart())

    def take(self, frames):
        """Counts a message; the streams' numbers must rise where the plan says so."""
        found = payload.read(frames)
        if found is None:
            raise AssertionError(f"a message of {len(frames)} frames that nobody sent")
        front, stream, number = found
        last, count, total = self.tallies.get(stream, (-1, 0, 0))
        if self.number("ordered") and number <= last:
            raise AssertionError(f"message {number} of stream {stream} comes after {last}")
        self.tallies[stream] = (number, count + 1, total + number)
        self.messages += 1
        return front, stream, number

    def echo(self):
        while not self.is_stopped:
            if not self.ready():
                continue
            frames = self.socket.recv_multipart()
            # A probe is an empty message behind routing ids.
            if payload.read(frames) is None and not frames[-1]:
                continue
            self.take(frames)
            self.socket.send_multipart(frames)

    def ask(self):
        """Sends and gets everything back, with up to `window` messages under way."""
        count = self.number("count")
        for stream in self.rounds():
            sent = back = 0
            while back < count:
                if sent < count and sent - back < self.number("window"):
                    self.say(stream, sent)
                    sent += 1
                    if not self.socket.poll(0):
                        continue
                if not self.socket.poll(self.number("patience", 60000)):
                    raise AssertionError(f"{back} answers for {sent} messages of stream {stream}")
                if self.take(self.socket.recv_multipart())[1] != stream:
                    raise AssertionError("an answer for another")
                back += 1

    def duplex(self):
        """Sends, and receives as much as the other end sends, as either is possible."""
        stream, count, sent = self.number("stream"), self.number("count"), 0
        end = time.monotonic() + self.number("patience", 60000) / 1000
        while sent < count or self.messages < self.number("expect"):
            ready = self.socket.poll(1000, zmq.POLLIN | (zmq.POLLOUT if sent < count else 0))
            if time.monotonic() > end:
                raise AssertionError(f"{sent} sent, {self.messages} received")
            if ready & zmq.POLLOUT:
                self.say(stream, sent)
                sent += 1
            if ready & zmq.POLLIN:
                self.take(self.socket.recv_multipart())
        # The other end may still be at it: it says when both are through.
        self.wait()

    def publish(self):
        # Each is heard by everybody whose subscription to this prefix is there.
        while not self.may_go:
            for prefix in payload.PREFIXES:
                self.socket.send(b"%s~%d" % (prefix, self.number("stream")))
            time.sleep(0.01)
        for stream in range(self.number("stream"), self.number("stream") + self.number("rounds", 1)):
            for number in range(self.number("count")):
                self.say(stream, number, [payload.topic(stream, number)])
                self.messages += 1
        # Who closes early takes the connections along; subscribers say when they have everything.
        self.wait()

    def subscribe(self):
        prefixes = tuple(prefix.encode() for prefix in self.list("topics"))
        heard = set()
        while not self.is_stopped:
            if not self.ready():
                continue
            frames = self.socket.recv_multipart()
            if b"~" in frames[0]:
                if frames[0].split(b"~")[0] in prefixes:
                    heard.add(frames[0])
                self.is_synced = len(heard) == len(prefixes) * self.number("publishers")
                continue
            front, stream, number = self.take(frames)
            if front != [payload.topic(stream, number)] or not front[0].startswith(prefixes):
                raise AssertionError(f"{front} is no topic of message {number}")


def op_start(name, *words):
    part = parts[name] = Part(dict(word.split("=", 1) for word in words))
    part.open()
    part.thread.start()


def op_look(name):
    part = parts[name]
    return [part.state, part.messages, int(part.is_synced), part.failure]


def op_go(name):
    parts[name].may_go = True


def op_stop(name):
    part = parts.pop(name)
    part.may_go = part.is_stopped = True
    part.thread.join(30)
    if part.thread.is_alive():
        raise AssertionError("the part does not stop")
    if part.failure:
        raise AssertionError(part.failure)
    return [f"{stream}:{count}:{total}" for stream, (_, count, total) in part.tallies.items()]


def main():
    print("ok", flush=True)
    for line in sys.stdin:
        name, *words = line.split()
        try:
            print("ok", *(globals()["op_" + name](*words) or []), flush=True)
        except Exception as error:
            print("error", f"{name}: {error!r}".replace("\n", " "), flush=True)


main()
