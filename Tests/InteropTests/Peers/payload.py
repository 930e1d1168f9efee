"""Frames as both ends of a test write them down: one word each.

    =text       the bytes of the text
    x0aff       hexadecimal
    1000:7      1000 bytes that count up from 7, modulo 251
"""

import functools

COUNTING = bytes(i % 251 for i in range(64 * 251))


def generated(size, seed):
    return (COUNTING * (size // len(COUNTING) + 2))[seed : seed + size]


@functools.lru_cache(maxsize=4)
def cached(size, seed):
    return generated(size, seed)


def frame(word):
    if word.startswith("="):
        return word[1:].encode()
    if word.startswith("x"):
        return bytes.fromhex(word[1:])
    size, seed = word.split(":")
    return cached(int(size), int(seed))


def word(data):
    """Says what came: short frames whole, long ones by what generates them."""
    data = memoryview(data)
    if len(data) <= 100:
        return "x" + bytes(data).hex()
    same = data == cached(len(data), data[0])
    return f"{len(data)}:{data[0]}" if same else f"{len(data)}:damaged"
