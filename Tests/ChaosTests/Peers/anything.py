"""libzmq's part in the run where anything goes: sockets of any type at given endpoints, used at random
until somebody kills it.

    anything.py SEED ENDPOINT…
"""

import os
import random
import resource
import select
import sys

import zmq

TYPES = [
    zmq.PAIR, zmq.PUB, zmq.SUB, zmq.REQ, zmq.REP, zmq.DEALER, zmq.ROUTER, zmq.PULL, zmq.PUSH, zmq.XPUB,
    zmq.XSUB, zmq.STREAM,
]


def open_socket(context):
    socket = context.socket(random.choice(TYPES))
    socket.linger = 0
    socket.sndtimeo = socket.rcvtimeo = random.choice([0, 1, 20])
    socket.reconnect_ivl = random.choice([1, 10, 100])
    socket.sndhwm = random.choice([0, 1, 1000])
    socket.rcvhwm = random.choice([0, 1, 1000])
    if random.random() < 0.2:
        socket.heartbeat_ivl = random.choice([1, 50])
    if socket.type == zmq.SUB:
        socket.subscribe(random.choice([b"", b"a", b"M"]))
    return socket


def size():
    return random.choice([random.randrange(100), random.randrange(2000), random.randrange(100000)])


def frames(socket, heard):
    parts = [random.randbytes(size()) for _ in range(random.choice([1, 1, 1, 4]))]
    if socket.type in (zmq.ROUTER, zmq.STREAM) and heard:
        return [heard[0], parts[0]]
    if socket.type == zmq.XSUB and random.random() < 0.3:
        return [random.choice([b"\1", b"\0"]) + random.choice([b"", b"a", b"M"])]
    # What comes from somebody goes to somebody else.
    return heard if heard and random.random() < 0.3 else parts


def step(context, sockets, endpoints, heard):
    dice = random.random()
    if len(sockets) < 4 or dice < 0.02:
        sockets.append(open_socket(context))
        return
    socket = random.choice(sockets)
    if dice < 0.03:
        sockets.remove(socket)
        socket.close()
    elif dice < 0.06:
        socket.bind(random.choice(endpoints))
    elif dice < 0.14:
        socket.connect(random.choice(endpoints))
    elif dice < 0.17:
        random.choice([socket.unbind, socket.disconnect])(random.choice(endpoints))
    elif dice < 0.6:
        socket.send_multipart(frames(socket, heard.get(socket)))
    else:
        heard[socket] = socket.recv_multipart()


def main():
    # libzmq aborts now and then, with what peers that speak no ZMTP say to it.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    random.seed(int(sys.argv[1]))
    context = zmq.Context()
    sockets, heard = [], {}
    # Ends with its standard input; in no way that waits for anything.
    while not select.select([0], [], [], 0)[0]:
        try:
            step(context, sockets, sys.argv[2:], heard)
        except (zmq.ZMQError, OSError):
            pass
        if len(heard) > 50:
            heard.clear()
    os._exit(0)


main()
