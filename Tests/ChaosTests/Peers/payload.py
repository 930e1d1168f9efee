"""The messages of the run where nothing may get lost: what a number says, and nothing else.

A message is known by its stream and its place in it; both ends make it, or check it, from these two.
`Tests/MCChaos/Lossless/Payload.swift` does the same.
"""

import struct

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
MAGIC = 0x2153434D
HEADER = struct.Struct("<IIII")
POOL_BYTES = 1 << 20


def mix(value):
    """SplitMix64's output for a state."""
    value = (value + GOLDEN) & MASK
    value = ((value ^ value >> 30) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ value >> 27) * 0x94D049BB133111EB) & MASK
    return value ^ value >> 31


POOL = b"".join(struct.pack("<Q", mix(place)) for place in range(POOL_BYTES // 8))


def parts(stream, number, limit):
    """The frames without the header, which is in front of the first."""
    state = stream << 32 | number
    first = mix(state)
    frames = []
    for index in range(1 + (first >> 8) % 5 if first % 8 == 0 else 1):
        drawn = mix(state ^ (index + 1) << 24)
        kind = drawn % 100
        most = 100 if kind < 70 else 2000 if kind < 95 else 20000 if kind < 99 else limit
        size = (drawn >> 8 & 0xFFFFFF) % (min(most, limit) + 1)
        start = (drawn >> 32) % (POOL_BYTES - limit)
        frames.append(POOL[start : start + size])
    return frames


def message(stream, number, limit):
    frames = parts(stream, number, limit)
    frames[0] = HEADER.pack(MAGIC, stream, number, limit) + frames[0]
    return frames


# What subscribers subscribe to.
PREFIXES = [b"a", b"b", b"b1", b"c", b"c0", b"c2", b"d"]


def topic(stream, number):
    drawn = mix(stream << 32 | number ^ 0x55AA)
    return b"%c%d" % (97 + drawn % 4, drawn // 4 % 3)


def read(frames):
    """The envelope in front, the stream and the number of a message; None where it is none of ours.

    One that is ours and is not as it was sent is an error.
    """
    for place, frame in enumerate(frames):
        if len(frame) < HEADER.size or not frame.startswith(b"MCS!"):
            continue
        _, stream, number, limit = HEADER.unpack_from(frame)
        if frames[place:] != message(stream, number, limit):
            raise AssertionError(f"message {number} of stream {stream} is not as it was sent")
        return frames[:place], stream, number
    return None
