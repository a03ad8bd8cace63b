"""Turns streams into other streams, an opcode at a time, so that most reach deep into the machine.

A stream is a list of tokens, one an opcode with its argument; a token may also be
anything, since bytes change too. All randomness comes from one generator.
"""

import pickletools
import random
from collections.abc import Callable

Tokens = list[bytes]

MOST = 120  # tokens of a stream: what matters shows in short ones, and more run in a second

LENGTHS = [0, 1, 2, 3, 15, 16, 17, 127, 128, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1]
NUMBERS = [b"0", b"1", b"-1", b"00", b"01", b"7", b"255", b"2147483648", b"-9223372036854775809", b"4294967296", b"1_0", b"0x10", b"", b"nan", b"1e400"]
TEXTS = [b"", b"a", b"\xff", b"\xc3\xa9", b"\xed\xa0\x80", b"'q'", b'"', b"\\x41", b"\\u00", b"\\ud800", b"a.b", b"__class__", b"__dict__",
         b"__setstate__", b"tag", b"a" * 16, b"b" * 300]
NAMES = [b"builtins\nlist\n", b"builtins\nset\n", b"builtins\nint\n", b"builtins\ndict\n", b"__builtin__\nobject\n", b"collections\nOrderedDict\n",
         b"collections\ndeque\n", b"datetime\ndatetime\n", b"decimal\nDecimal\n", b"uuid\nUUID\n", b"tests.property.kinds\nPlain\n",
         b"tests.property.kinds\nSlotData\n", b"tests.property.kinds\nPair\n", b"tests.property.kinds\nFrozenSlotData\n",
         b"tests.property.kinds\nColour\n", b"copy_reg\n_reconstructor\n", b"copyreg\n__newobj__\n", b"no\nsuch\n", b"os\nsystem\n"]
CODES = [op.code.encode("latin-1") for op in pickletools.opcodes]
ARGUMENT = {op.code.encode("latin-1"): op.arg.name if op.arg else None for op in pickletools.opcodes}
LENGTH_BYTES = {"string1": 1, "bytes1": 1, "unicodestring1": 1, "long1": 1, "string4": 4, "bytes4": 4, "unicodestring4": 4, "long4": 4,
                "bytes8": 8, "unicodestring8": 8, "bytearray8": 8, "uint1": 1, "uint2": 2, "int4": 4, "uint4": 4, "uint8": 8, "float8": 8}
COUNTED = {"string1", "bytes1", "unicodestring1", "long1", "string4", "bytes4", "unicodestring4", "long4", "bytes8", "unicodestring8", "bytearray8"}


def tokens(stream: bytes) -> Tokens:
    """The stream's opcodes; what follows the first opcode that cannot be read is one token."""
    starts = []
    try:
        for _, _, position in pickletools.genops(stream):
            starts.append(position)
    except Exception:
        pass
    if not starts:
        return [stream]
    return [stream[start:end] for start, end in zip(starts, [*starts[1:], len(stream)], strict=True)]


def token(rng: random.Random) -> bytes:
    """An opcode with an argument that fits it, mostly."""
    code = rng.choice(CODES)
    kind = ARGUMENT[code]
    if kind is None:
        return code
    if kind in COUNTED:
        text = rng.choice(TEXTS)
        length = len(text) if rng.random() < 0.8 else rng.choice(LENGTHS)
        size = LENGTH_BYTES[kind]
        return code + (length % 256**size).to_bytes(size, "little") + text
    if kind in LENGTH_BYTES:
        size = LENGTH_BYTES[kind]
        number = rng.randrange(6) if rng.random() < 0.7 else rng.choice(LENGTHS)
        return code + (number % 256**size).to_bytes(size, "little")
    if kind == "stringnl_noescape_pair":
        return code + rng.choice(NAMES)
    if kind in ("stringnl", "unicodestringnl", "stringnl_noescape"):
        return code + rng.choice(TEXTS) + b"\n"
    return code + rng.choice(NUMBERS) + b"\n"


def mutate(
    rng: random.Random, tokens_: Tokens, other: Tokens, token: Callable[[random.Random], bytes] = token
) -> Tokens:
    """One to four changes; `other` lends what is spliced in, and `token` makes new ones."""
    new = list(tokens_)
    for _ in range(1 + int(rng.expovariate(1.2))):
        at = rng.randrange(len(new) + 1)
        kind = rng.randrange(10)
        if kind == 0 and new:
            del new[at % len(new)]
        elif kind == 1:
            new.insert(at, token(rng))
        elif kind == 2 and new:
            new[at % len(new)] = token(rng)
        elif kind == 3 and new:
            new.insert(at, new[rng.randrange(len(new))])
        elif kind == 4 and len(new) > 1:
            a, b = at % len(new), rng.randrange(len(new))
            new[a], new[b] = new[b], new[a]
        elif kind == 5 and other:
            start = rng.randrange(len(other))
            new[at:at] = other[start:start + rng.randint(1, 8)]
        elif kind == 6 and new:
            start = at % len(new)
            run = new[start:start + rng.randint(1, 6)]
            new[start:start] = run * rng.choice((1, 1, 2, 20))
        elif kind == 7 and new:
            place = at % len(new)
            new[place] = damage(rng, new[place])
        elif kind == 8 and new:
            place = at % len(new)
            new[place] = new[place][:rng.randrange(len(new[place]) + 1)]
            if rng.random() < 0.3:
                del new[place + 1:]
        elif new:
            start = at % len(new)
            del new[start:start + rng.randint(1, 5)]
    return new[:MOST]


def damage(rng: random.Random, piece: bytes) -> bytes:
    if not piece:
        return bytes([rng.randrange(256)])
    changed = bytearray(piece)
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(changed))
        choice = rng.randrange(4)
        if choice == 0:
            changed[place] = rng.randrange(256)
        elif choice == 1:
            changed[place] ^= 1 << rng.randrange(8)
        elif choice == 2:
            changed[place] = rng.choice((0, 1, 127, 128, 255, 10, 46))
        else:
            changed.insert(place, rng.randrange(256))
    return bytes(changed)
