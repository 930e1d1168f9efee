"""The wire by hand (RFC 37, and RFC 23 for ZMTP 3.0): what libzmq would not send, or not show."""

import socket
import struct

MORE, LONG, COMMAND = 1, 2, 4


class Wire:
    def __init__(self, connection):
        self.connection = connection
        connection.settimeout(5)

    def read(self, count):
        data = b""
        while len(data) < count:
            part = self.connection.recv(count - len(data))
            if not part:
                raise EOFError(f"end after {len(data)} of {count} bytes")
            data += part
        return data

    def write(self, data):
        self.connection.sendall(data)

    def shake_hands(self, minor, kind, identity=b""):
        """Greets as version 3.`minor`; returns the peer's minor version and its READY."""
        self.write(
            b"\xff" + bytes(8) + b"\x7f" + bytes([3, minor]) + b"NULL".ljust(20, b"\0") + bytes(32)
        )
        greeting = self.read(64)
        assert greeting[0] == 0xFF and greeting[9] == 0x7F and greeting[10] == 3, greeting.hex()
        assert greeting[12:32] == b"NULL".ljust(20, b"\0"), greeting.hex()
        ready = b"\x05READY" + metadata("Socket-Type", kind.encode())
        if identity:
            ready += metadata("Identity", identity)
        self.send(COMMAND, ready)
        flags, body = self.receive()
        assert flags == COMMAND and body.startswith(b"\x05READY"), (flags, body)
        return greeting[11], body[6:]

    def send(self, flags, body):
        if len(body) > 255:
            self.write(bytes([flags | LONG]) + struct.pack(">Q", len(body)) + body)
        else:
            self.write(bytes([flags, len(body)]) + body)

    def receive(self):
        flags = self.read(1)[0]
        size = struct.unpack(">Q", self.read(8))[0] if flags & LONG else self.read(1)[0]
        return flags & ~LONG, self.read(size)


def metadata(name, value):
    return bytes([len(name)]) + name.encode() + struct.pack(">I", len(value)) + value


def dial(endpoint):
    """Connects to tcp://host:port or ipc://path."""
    scheme, address = endpoint.split("://")
    if scheme == "ipc":
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(address)
        return Wire(connection)
    host, port = address.rsplit(":", 1)
    return Wire(socket.create_connection((host, int(port)), 5))


def listen():
    return socket.create_server(("127.0.0.1", 0))
