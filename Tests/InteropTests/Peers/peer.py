"""The other end of a test: does with libzmq what it is told, one line at a time.

A line is an operation and its words; the answer is one line, `ok` and words, or `error` and why.
The process ends with its standard input, and in any case when its time is over.
"""

import select
import signal
import struct
import sys
import time
import urllib.request

import zmq

import zmtp
from payload import frame, word

context = zmq.Context()
sockets = {}
monitors = {}
wires = {}


def value(text):
    try:
        return int(text)
    except ValueError:
        return frame(text)


def retry(what, error, seconds=5):
    """Does `what` again as long as libzmq says `error`."""
    end = time.monotonic() + seconds
    while True:
        try:
            return what()
        except zmq.ZMQError as caught:
            if caught.errno != error or time.monotonic() > end:
                raise
            time.sleep(0.01)


def op_open(name, kind, *options):
    socket = sockets[name] = context.socket(getattr(zmq, kind))
    socket.linger = 0
    socket.sndtimeo = 5000
    op_set(name, *options)


def op_set(name, *options):
    for option in options:
        key, text = option.split("=", 1)
        sockets[name].setsockopt(getattr(zmq, key), value(text))


def op_bind(name, endpoint):
    # A process that was killed may still be on its way out.
    retry(lambda: sockets[name].bind(endpoint), zmq.EADDRINUSE)
    return sockets[name].get_string(zmq.LAST_ENDPOINT)


def op_connect(name, endpoint):
    sockets[name].connect(endpoint)


def op_disconnect(name, endpoint):
    sockets[name].disconnect(endpoint)


def op_close(name):
    sockets.pop(name).close()


def op_subscribe(name, prefix):
    sockets[name].subscribe(frame(prefix))


def op_unsubscribe(name, prefix):
    sockets[name].unsubscribe(frame(prefix))


def op_send(name, *words):
    """Sends a message; a ROUTER that knows nobody of that name yet waits for it."""
    frames = [frame(word) for word in words]
    retry(lambda: sockets[name].send_multipart(frames), zmq.EHOSTUNREACH)


def receive(name, timeout):
    if not sockets[name].poll(int(timeout)):
        return None
    return sockets[name].recv_multipart(copy=False)


def op_recv(name, timeout):
    frames = receive(name, timeout)
    return ["none"] if frames is None else [word(part.buffer) for part in frames]


def op_echo(name, count):
    """Sends what comes back to where it came from."""
    for _ in range(int(count)):
        frames = receive(name, 5000)
        if frames is None:
            raise TimeoutError("nothing to echo")
        sockets[name].send_multipart(frames)


def op_fetch(endpoint):
    """What an HTTP client gets there."""
    with urllib.request.urlopen(endpoint.replace("tcp:", "http:") + "/page", timeout=5) as page:
        return [page.status, page.headers["X-Path"], word(page.read())]


def op_gather(name, count):
    """Receives so many bytes of a STREAM's peers; who they are, and the bytes."""
    peers, gathered = set(), bytearray()
    while len(gathered) < int(count):
        frames = receive(name, 5000)
        if frames is None:
            raise TimeoutError(f"{len(gathered)} bytes of {count}")
        peers.add(word(frames[0].buffer))
        gathered += frames[1].buffer
    return [*peers, word(gathered)]


def op_sendcounted(name, first, count, size, *topic):
    """Sends numbered messages: a topic frame if there is one, and a number in `size` bytes."""
    topics = [frame(text) for text in topic]
    padding = bytes(int(size) - 8)
    for number in range(int(first), int(first) + int(count)):
        sockets[name].send_multipart(topics + [struct.pack("<Q", number) + padding])


def op_recvcounted(name, first, count, timeout):
    """Receives numbered messages; how many came, and whether the numbers were the right ones."""
    for received in range(int(count)):
        frames = receive(name, timeout)
        if frames is None:
            return [received, "missing"]
        number = struct.unpack_from("<Q", frames[-1].buffer)[0]
        if number != int(first) + received:
            return [received, f"got-{number}"]
    return [count, "right"]


def op_recvrising(name, timeout):
    """Receives numbered messages until there are no more; the numbers must rise."""
    count, last = 0, -1
    while (frames := receive(name, timeout)) is not None:
        number = struct.unpack_from("<Q", frames[-1].buffer)[0]
        if number <= last:
            return [count, last, f"got-{number}"]
        count, last = count + 1, number
    return [count, last, "rising"]


def op_fill(name, size, limit):
    """Sends numbered messages until libzmq takes no more for a while; how many it took."""
    body = bytes(int(size) - 8)
    sockets[name].sndtimeo = 300
    for number in range(int(limit)):
        try:
            sockets[name].send(struct.pack("<Q", number) + body)
        except zmq.Again:
            return number
    return limit


def op_monitor(name, *events):
    mask = 0
    for event in events:
        mask |= getattr(zmq, "EVENT_" + event)
    monitors[name] = sockets[name].get_monitor_socket(mask)


def op_event(name, timeout):
    """The next event of the monitor."""
    from zmq.utils.monitor import recv_monitor_message

    if not monitors[name].poll(int(timeout)):
        return "none"
    return zmq.Event(recv_monitor_message(monitors[name])["event"]).name


def op_sendarray(name, text, *shape):
    """The recipe `send_array` of pyzmq's documentation, with an array that counts up."""
    import numpy

    dtype = numpy.dtype(text)
    lengths = tuple(int(length) for length in shape)
    count = int(numpy.prod(lengths, dtype=numpy.int64))
    A = numpy.arange(count).astype(dtype).reshape(lengths)
    md = {"dtype": str(A.dtype), "shape": A.shape}
    sockets[name].send_json(md, zmq.SNDMORE)
    sockets[name].send(A, copy=False, track=False)
    return A.tobytes().hex()


def op_recvarray(name, page):
    """Reads a tensor with the function that the documentation shows."""
    import numpy as np

    header, payload = receive(name, 5000)
    with open(page, encoding="utf-8") as text:
        code = text.read().split("```python\n")[1].split("```")[0]
    names = {"np": np, "struct": struct, "header": bytes(header), "payload": bytes(payload)}
    exec(compile(code, page, "exec"), names)
    array = names["array"]
    return [array.dtype.str, "x".join(map(str, array.shape)) or "scalar", *array.ravel().tolist()]


def op_rawlisten(name):
    wires[name] = zmtp.listen()
    return "tcp://127.0.0.1:%d" % wires[name].getsockname()[1]


def op_rawaccept(listener, name):
    wires[listener].settimeout(5)
    wires[name] = zmtp.Wire(wires[listener].accept()[0])


def op_rawdial(name, endpoint):
    wires[name] = zmtp.dial(endpoint)


def op_rawhello(name, minor, kind, identity="="):
    theirs, ready = wires[name].shake_hands(int(minor), kind, frame(identity))
    return [theirs, ready.hex()]


def op_rawsend(name, flags, body):
    wires[name].send(int(flags), frame(body))


def op_rawrecv(name, timeout):
    """The next frame, or `end`, or `none`."""
    connection = wires[name].connection
    if not select.select([connection], [], [], int(timeout) / 1000)[0]:
        return "none"
    try:
        flags, body = wires[name].receive()
    except (EOFError, ConnectionResetError):
        return "end"
    return [flags, word(body)]


def main():
    signal.alarm(120)
    print("ok ready", flush=True)
    for line in sys.stdin:
        name, *words = line.split()
        try:
            answer = globals()["op_" + name](*words)
            if answer is None:
                answer = []
            elif not isinstance(answer, list):
                answer = [answer]
            print("ok", *answer, flush=True)
        except Exception as error:
            print("error", f"{name}: {error!r}".replace("\n", " "), flush=True)
    context.destroy(linger=0)


main()
