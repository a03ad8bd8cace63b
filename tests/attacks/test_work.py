"""Work out of proportion to the stream is refused before it is done; real data of the same kind is not."""

import decimal
import pickle
import subprocess
import sys
import uuid
from collections.abc import Callable

import pytest

import perdure

M = 2**61 - 1  # every multiple has the same hash
N = 20_000


def long(number: int) -> bytes:
    digits = pickle.encode_long(number)
    return b"\x8a" + bytes([len(digits)]) + digits


def tuples_of_one_hash(count: int) -> list[bytes]:
    return [long(i * M) + b"K\x01\x86" for i in range(1, count)]


LONGS = [long(i * M) for i in range(1, N)]
FLOODS = {
    "a dict at once": b"}(" + b"".join(key + b"N" for key in LONGS) + b"u",
    "a dict, key by key": b"}" + b"".join(key + b"Ns" for key in LONGS),
    "a dict, by its mark": b"(" + b"".join(key + b"N" for key in LONGS) + b"d",
    "a set": b"\x8f(" + b"".join(LONGS) + b"\x90",
    "a frozenset": b"(" + b"".join(LONGS) + b"\x91",
    "a set of protocol 2": b"cbuiltins\nset\n](" + b"".join(LONGS) + b"e\x85R",
    "an OrderedDict": b"ccollections\nOrderedDict\n)R(" + b"".join(key + b"N" for key in LONGS) + b"u",
    "a defaultdict": b"ccollections\ndefaultdict\n)R(" + b"".join(key + b"N" for key in LONGS) + b"u",
    "tuples": b"}(" + b"".join(key + b"N" for key in tuples_of_one_hash(N)) + b"u",
    "decimals": b"}(cdecimal\nDecimal\nq\x000"
    + b"".join(b"h\x00V" + str(i * M).encode() + b"\n\x85RN" for i in range(1, N)) + b"u",
    "UUIDs": b"}(cuuid\nUUID\nq\x000"
    + b"".join(b"h\x00)\x81}V" + b"int\n" + long(i * M) + b"sbN" for i in range(1, N)) + b"u",
    "two dicts in turns": b"}q\x00}q\x01(" + b"".join(
        b"h" + bytes([i & 1]) + b"(" + f"I{i}\nI{i}\n".encode() + b"\x86Nu" for i in range(4 * N)) + b"\x91",
    "a tuple of tuples, each twice": b"}I1\n\x85" + b"2\x86" * 60 + b"Ns",
    "a tuple too deep": b"}N" + b"\x85" * 100_000 + b"Ns",
}  # fmt: skip


@pytest.mark.parametrize("stream", FLOODS.values(), ids=FLOODS)
def test_keys(stream: bytes) -> None:
    with pytest.raises(perdure.LimitError) as caught:
        perdure.loads(b"\x80\x04" + stream + b".")
    assert caught.value.limit in ("hashing", "depth")


VALUES: dict[str, Callable[[], object]] = {
    "large ints": lambda: {2**70 + i * 7919: i for i in range(N)},
    "powers of two": lambda: {1 << k: k for k in range(3000)},
    "pairs": lambda: {(i, j): 0 for i in range(150) for j in range(150)},
    "nested pairs": lambda: {((i, j), (j, i)): 0 for i in range(100) for j in range(100)},
    "named pairs": lambda: {("key", i) for i in range(N)},
    "decimals": lambda: {decimal.Decimal(i) / 8 for i in range(N)},
    "floats": lambda: {i * 2.0**k for i in range(400) for k in range(60)},
    "UUIDs": lambda: {uuid.UUID(int=i * 2**64 + i): i for i in range(N)},
    "numbers of one low half": lambda: {i << 40: i for i in range(N)},
    "numbers of one low third": lambda: {i << 20 for i in range(N)},
    "numbers of many digits": lambda: {10**50 + i * 10**30 for i in range(N)},
    "numbers of sixty bits": lambda: {i * 0x9E3779B97F4A7C15 & (1 << 60) - 1: i for i in range(N)},
    "large text": lambda: {str(i) * 5000: i for i in range(100)},
    "the same large text": lambda: [dict.fromkeys(("a" * 3000, "b" * 5000), i) for i in range(2000)],
    "large tuples": lambda: {tuple(range(i, i + 3000)) for i in range(50)},
    "frozensets": lambda: {frozenset((i, i + 1)) for i in range(N)},
    "many dicts of the same keys": lambda: [{(j, j + 1): 0 for j in range(100)} for _ in range(300)],
    "many sets of the same items": lambda: [{(j, j + 1) for j in range(100)} for _ in range(300)],
}


@pytest.mark.parametrize("make", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("protocol", [2, 5])
def test_real_keys(make: Callable[[], object], protocol: int) -> None:
    value = make()
    assert perdure.loads(pickle.dumps(value, protocol)) == value


COPIES = {
    "bytearray": b"cbuiltins\nbytearray\n",
    "deque": b"ccollections\ndeque\n",
    "Counter": b"ccollections\nCounter\n",
}


@pytest.mark.parametrize("name", COPIES)
def test_copies(name: str) -> None:
    large = {
        "bytearray": b"B" + (1 << 20).to_bytes(4, "little") + bytes(1 << 20),
        "deque": b"](" + b"K\x01" * (1 << 17) + b"e",
        "Counter": b"}(" + b"".join(f"V{i}\n".encode() + b"K\x01" for i in range(1 << 14)) + b"u",
    }[name]
    stream = b"\x80\x04(" + COPIES[name] + b"q\x000" + large + b"q\x010" + b"h\x00h\x01\x85R" * 4000 + b"l."
    with pytest.raises(perdure.LimitError) as caught:
        perdure.loads(stream)
    assert caught.value.limit == "memory"


CHAINS = {
    "deques": b"h\x00)Rh\x01a",
    "defaultdicts": b"h\x00)RK\x01h\x01s",
    "slices": b"h\x00h\x01NN\x87R",
}
NAMES = {"deques": b"ccollections\ndeque\n", "defaultdicts": b"ccollections\ndefaultdict\n", "slices": b"cbuiltins\nslice\n"}


@pytest.mark.parametrize("name", CHAINS)
def test_chains_that_recurse_when_they_are_freed(name: str) -> None:
    """In a process of its own: what should be refused would end it."""
    program = (
        "import perdure, sys\n"
        f"stream = b'\\x80\\x04(' + {NAMES[name]!r} + b'q\\x00Nq\\x01' + ({CHAINS[name]!r} + b'q\\x01') * 300_000 + b'l.'\n"
        "try:\n    perdure.loads(stream)\nexcept perdure.LimitError as error:\n    print(error.limit)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "depth"


def test_a_state_from_the_memo_is_copied_only_so_often() -> None:
    """BUILD copies a dict into the instance's; an array its bytes."""
    names = "}(" + "".join(f"Va{i}\nK\x01" for i in range(20_000)) + "u"
    attributes = b"ctypes\nSimpleNamespace\nq\x000" + names.encode() + b"q\x010(" + b"h\x00)Rh\x01b" * 2000 + b"t."
    with pytest.raises(perdure.LimitError):
        perdure.loads(b"\x80\x04" + attributes)
    numpy = pytest.importorskip("numpy", reason="numpy's arrays are not here")
    head = pickle.dumps(numpy.zeros(1 << 20, "u1"), 2)
    start, end = head.index(b"cnumpy"), head.index(b"b.")
    assert perdure.loads(b"\x80\x02" + head[start:end] + b"b.").size == 1 << 20
    raw = b"B" + (1 << 20).to_bytes(4, "little") + bytes(1 << 20) + b"q\x640"
    one = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR"
        b"(K\x01J\x00\x00\x10\x00\x85cnumpy\ndtype\n(X\x02\x00\x00\x00u1I0\nI1\ntR\x89hdtb"
    )
    assert perdure.loads(b"\x80\x04" + raw + one + b".").size == 1 << 20
    with pytest.raises(perdure.LimitError):
        perdure.loads(b"\x80\x04" + raw + b"(" + one * 1000 + b"t.")


class Numbers(tuple[int, ...]):
    pass


def test_a_tuple_of_ones_own_is_copied_only_so_often() -> None:
    large = b"(" + b"K\x01" * 100_000 + b"t\x85q\x010"
    stream = f"(c{__name__}\nNumbers\nq\x000".encode() + large + b"h\x00h\x01\x81" * 5000 + b"t."
    with pytest.raises(perdure.LimitError):
        perdure.loads(stream, trusted=[Numbers])
