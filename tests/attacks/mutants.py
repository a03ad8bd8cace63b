"""Benign pickles of the built-in profile's types with something wrong: the same mutant for the same number, always."""

import functools
import random

from tests.fuzz import mutation, profile

__all__ = ["mutant"]

NUMBERS = (0, 1, 2, 3, 7, 8, 15, 16, 63, 64, 127, 128, 255, 256, 624, 625, 1000, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)


@functools.cache
def seeds() -> list[bytes]:
    return [stream for stream in profile.streams() if len(stream) < 20_000]


def mutant(number: int) -> bytes:
    rng = random.Random(number)
    stream = rng.choice(seeds())
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        stream = rng.choice(WAYS)(rng, stream)
    return stream


def flip(rng: random.Random, stream: bytes) -> bytes:
    changed = bytearray(stream)
    for _ in range(rng.choice((1, 1, 2, 8))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut(rng: random.Random, stream: bytes) -> bytes:
    end = rng.randrange(1, len(stream) + 1)
    return stream[:end] + (b"" if rng.random() < 0.5 else b".")


def other_opcode(rng: random.Random, stream: bytes) -> bytes:
    pieces = mutation.tokens(stream)
    place = rng.randrange(len(pieces))
    pieces[place] = rng.choice(mutation.CODES) + pieces[place][1:]
    return b"".join(pieces)


def other_number(rng: random.Random, stream: bytes) -> bytes:
    """Another number for one that an opcode pushes, or says."""
    pieces = mutation.tokens(stream)
    numbers = [place for place, piece in enumerate(pieces) if piece[:1] in (b"K", b"M", b"J") or len(piece) == 2]
    if not numbers:
        return flip(rng, stream)
    place = rng.choice(numbers)
    number = rng.choice(NUMBERS) * rng.choice((1, 1, -1))
    pieces[place] = b"J" + (number % 2**32).to_bytes(4, "little") if pieces[place][:1] in (b"K", b"M", b"J") else (
        pieces[place][:1] + bytes([number % 256]))  # fmt: skip
    return b"".join(pieces)


def spliced(rng: random.Random, stream: bytes) -> bytes:
    """The beginning of one, and something out of another."""
    first, second = mutation.tokens(stream), mutation.tokens(rng.choice(seeds()))
    start, end = sorted((rng.randrange(len(second)), rng.randrange(len(second) + 1)))
    place = rng.randrange(len(first) + 1)
    rest = first[place:] if rng.random() < 0.7 else [b"."]
    return b"".join((*first[:place], *second[start:end], *rest))


def tokens(rng: random.Random, stream: bytes) -> bytes:
    pieces = mutation.mutate(rng, mutation.tokens(stream), mutation.tokens(rng.choice(seeds())))
    return b"".join(pieces) or b"."


WAYS = (flip, cut, other_opcode, other_opcode, other_number, other_number, spliced, spliced, tokens, tokens)
