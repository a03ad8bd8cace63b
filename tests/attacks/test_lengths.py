"""A stream of a few bytes that claims to be enormous costs a few bytes.

Memory is counted by tracemalloc, which sees every allocation that the engine makes
through Python; the test ends at all only if no time is spent on what is not there.
"""

import io
import struct
import sysconfig
import tracemalloc

import pytest

from tests.subject import subject

FROM_BYTES = 20_000  # at the peak, the error included
FROM_FILE = 2 << 20  # one chunk of what might be there is asked for before more


def claims(code: bytes, size: int) -> list[bytes]:
    most = 2 ** (8 * size)
    return [code + (number % most).to_bytes(size, "little") for number in (most - 1, most // 2, most // 2 - 1, most // 4, 10**8)]


LENGTHS = [
    *claims(b"B", 4), *claims(b"\x8e", 8), *claims(b"X", 4), *claims(b"\x8d", 8), *claims(b"\x96", 8), *claims(b"T", 4),
    *claims(b"\x8b", 4), *claims(b"\x95", 8), *claims(b"\x80\x04\x95", 8),
]
MEMO = [
    *(b"]" + put + b"." for put in (*claims(b"r", 4), b"p4294967295\n", b"p9223372036854775807\n", b"p99999999999999999999\n")),
    *(get + b"." for get in (*claims(b"j", 4), b"g9223372036854775807\n")),
    b"(" + b"".join(b"Nr" + struct.pack("<I", 2**32 - 1 - 7919 * i) for i in range(100)) + b"t.",
]
DEEP = [b"(" * 10_000, b"]" * 10_000, b"(" * 10_000 + b"t" * 10_000 + b".", b"N" + b"\x85" * 10_000 + b"."]


class Plain:
    """A file with the two methods that it must have."""

    def __init__(self, data):
        self.file = io.BytesIO(data)
        self.readline = self.file.readline

    def read(self, count):
        return self.file.read(min(count, 2**31 - 1))


READS = {
    "loads": subject.loads,
    "BytesIO": lambda data: subject.load(io.BytesIO(data)),
    "file": lambda data: subject.load(Plain(data)),
    "buffered": lambda data: subject.load(io.BufferedReader(io.BytesIO(data))),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize("stream", [*LENGTHS, *MEMO], ids=lambda s: repr(s[:14]))
def test_claims_cost_nothing(stream, read):
    tried(read, stream)  # what is made once, modules and names, is made here
    tracemalloc.start()
    try:
        tried(read, stream)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < (FROM_BYTES if read is subject.loads else FROM_FILE)


def tried(read, stream):
    try:
        read(stream)
    except (subject.UnpicklingError, EOFError, OverflowError):
        pass


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize("stream", LENGTHS, ids=lambda s: repr(s[:14]))
def test_what_is_not_there_is_an_error(stream, read):
    with pytest.raises((subject.UnpicklingError, EOFError, OverflowError)):
        read(stream + b"a few bytes")


PER_BYTE = 300 if sysconfig.get_config_var("Py_GIL_DISABLED") else 200  # objects are larger there


@pytest.mark.parametrize("stream", DEEP, ids=lambda s: repr(s[:4]))
def test_nesting_costs_its_own_bytes(stream):
    tracemalloc.start()
    try:
        try:
            subject.loads(stream)
        except (subject.UnpicklingError, EOFError):
            pass
        assert tracemalloc.get_traced_memory()[1] < PER_BYTE * len(stream)
    finally:
        tracemalloc.stop()
