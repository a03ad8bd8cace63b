"""perdure.marshal: the standard module's values from the standard module's bytes, and errors for all others."""

import gc
import io
import marshal as standard
import pickle
import sys
import types
import weakref

import pytest

import perdure
from perdure import marshal

VALUES = [
    None, True, False, ..., StopIteration, 0, 1, -1, 255, 256, 2**15, -(2**15), 2**30, 2**31 - 1, 2**31, -(2**31), 2**45, 2**60, -(2**60),
    2**63, 10**100, -(10**100), 0.0, -0.0, 1.5, float("inf"), 1e-320, 1j, -2.5 + 0.5j, "", "a", "é", "text", "x" * 16, "x" * 17, "x" * 255,
    "x" * 256, "é" * 300, "日本", "\U0001f600", "\ud800", "a\0b", b"", b"a", b"bytes" * 100, (), (1,), (1, "b", None), tuple(range(300)),
    [], [1, [2, [3]]], {}, {1: 2}, {"a": {"b": [1]}}, {(1, 2): 3, None: 4, 1.5: 5, b"": 6}, set(), {1, 2}, frozenset(), frozenset({(1, 2), "a"}),
    [{"id": i, "name": f"n{i}"} for i in range(100)], {i: str(i) for i in range(1000)}, {str(i) for i in range(1000)}, [(1, 2)] * 3,
]  # fmt: skip
VERSIONS = range(standard.version + 1)


def same(a: object, b: object) -> bool:
    return type(a) is type(b) and repr(a) == repr(b) and pickle.dumps(a, 2) == pickle.dumps(b, 2)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:30])
def test_what_the_standard_module_wrote(value: object, version: int) -> None:
    data = standard.dumps(value, version)
    expected = standard.loads(data)
    assert same(marshal.loads(data), expected)
    assert same(marshal.loads(bytearray(data) + b"more"), expected)
    file = io.BytesIO(data + b"more")
    assert same(marshal.load(file), expected)
    assert file.read() == b"more"
    if data != b"0":
        for end in range(min(len(data), 300)):
            with pytest.raises(EOFError) as caught:
                marshal.loads(data[:end])
            assert type(caught.value) is perdure.errors.TruncatedError
            with pytest.raises(EOFError):
                marshal.load(io.BytesIO(data[:end]))


def test_it_is_the_standard_module_but_for_reading() -> None:
    assert marshal.dumps is standard.dumps and marshal.dump is standard.dump and marshal.version == standard.version
    assert {name for name in dir(standard) if not name.startswith("_")} <= set(marshal.__all__)


# ---- what no version of today writes -------------------------------------------------------

@pytest.mark.parametrize(("data", "value"), [
    (b"I\xfe\xdc\xba\x98\x76\x54\x32\x10", 0x1032547698BADCFE), (b"I" + b"\xff" * 8, -1), (b"l\0\0\0\0", 0),
    (b"f\x031e3", 1000.0), (b"x\x011\x02-2", 1 - 2j), (b"a\x02\0\0\0\xe9z", "éz"), (b"z\x02\xe9z", "éz"), (b"Z\x01\xe9", "é"),
    (b"t\x02\0\0\0\xc3\xa9", "é"), (b"(\0\0\0\0", ()), (b")\0", ()), (b"\xce", None), (b":N\xe9\x01\0\0\0N", slice(None, 1, None)),
    (b"[\2\0\0\0:NNNr\0\0\0\0"[:-5] + b"i\1\0\0\0", [slice(None), 1]), (b"[\2\0\0\0\xbaNNNr\0\0\0\0", [slice(None)] * 2),
])  # fmt: skip
def test_what_is_read_besides(data: bytes, value: object) -> None:
    assert same(marshal.loads(data), value)


def test_interned() -> None:
    name = "a name that is interned for a test"
    here = sys.intern(name)
    for kind in (b"Z\x22", b"A\x22\0\0\0", b"t\x22\0\0\0"):
        assert marshal.loads(kind + name.encode()) is here
    assert marshal.loads(b"z\x22" + name.encode()) is not here


def test_shared_and_cyclic() -> None:
    row = [1]
    pair = ([], row, row)
    pair[0].append(pair)
    table: dict[str, object] = {"pair": pair}
    table["table"] = table
    inner = ([],)
    inner[0].append((inner,))
    for loaded in (marshal.loads(marshal.dumps([pair, table, inner])), marshal.load(io.BytesIO(marshal.dumps([pair, table, inner])))):
        assert loaded[0][1] is loaded[0][2] and loaded[0][0][0] is loaded[0]
        assert loaded[1]["table"] is loaded[1] and loaded[1]["pair"] is loaded[0]
        assert loaded[2][0][0][0] is loaded[2]


def test_large_dicts() -> None:
    """Their keys are put in many at a time."""
    table: dict[object, object] = {i: {str(j): j for j in range(i)} for i in (3, 600, 1500)} | {f"k{i}": i for i in range(3000)}
    table["itself"] = [table]
    for loaded in (marshal.loads(marshal.dumps(table)), marshal.load(io.BytesIO(marshal.dumps(table)))):
        assert loaded.pop("itself")[0] is loaded
        assert loaded == {key: value for key, value in table.items() if key != "itself"} and list(loaded) == list(table)[:-1]
    pairs = b"".join(b"i" + (i % 700).to_bytes(4, "little") + b"i" + i.to_bytes(4, "little") for i in range(5000))
    assert marshal.loads(b"{" + pairs + b"0") == {i % 700: i for i in range(5000)}
    with pytest.raises(TypeError, match="unhashable"):
        marshal.loads(b"{" + pairs + b"[\0\0\0\0N" + pairs + b"0")


def test_frozendict() -> None:
    data = b"\xfdz\1ai\1\0\0\0z\1bi\2\0\0\x000"
    if sys.version_info < (3, 15):
        with pytest.raises(perdure.CorruptError, match="unknown type"):
            marshal.loads(data)
    else:
        loaded = marshal.loads(b"[\2\0\0\0" + data + b"r\0\0\0\0")
        assert loaded[0] == {"a": 1, "b": 2} and type(loaded[0]).__name__ == "frozendict" and loaded[0] is loaded[1]


# ---- errors --------------------------------------------------------------------------------

@pytest.mark.parametrize("data", [
    b"0", b")\x010", b"[\1\0\0\x000", b"{N0", b"<\1\0\0\x000", b":NN0", b"{[\0\0\0\0N0", b"\xfbr\0\0\0\0N0", b"\xbc\1\0\0\0r\0\0\0\0",
])  # fmt: skip
def test_wrong_types(data: bytes) -> None:
    with pytest.raises(TypeError) as caught:
        marshal.loads(data)
    assert isinstance(caught.value, perdure.CorruptError) and isinstance(caught.value.offset, int)


@pytest.mark.parametrize("data", [
    b"?", b"\xff", b"l\2\0\0\0\0\0\0\0", b"l\1\0\0\0\0\x80", b"l\0\0\0\x80", b"f\1x", b"f\0", b"u\1\0\0\0\xff", b"u\2\0\0\0\xc3\xc3", b"s\xff\xff\xff\xff",
    b"(\xff\xff\xff\xff", b"r\0\0\0\0", b"r\xff\xff\xff\xff", b"[\2\0\0\0\xceN"[:-1] + b"r\0\0\0\0", b"\xbe\1\0\0\0r\0\0\0\0", b"\xbar\0\0\0\0NN",
    b"\xa9\1r\0\0\0\0", b"\xa9\1\xa9\1r\0\0\0\0", b"\xa9\1:r\0\0\0\0NN", b"\xa9\1{r\0\0\0\0N0", b"\xa9\1<\1\0\0\0r\0\0\0\0",
    b"\xa9\1{)\1r\0\0\0\0N0", b"\xa9\1>\1\0\0\0:r\0\0\0\0NN", b"\xa9\2[\1\0\0\0\xa9\1r\0\0\0\0r\1\0\0\0",
])  # fmt: skip
def test_malformed(data: bytes) -> None:
    for read in (marshal.loads, lambda data: marshal.load(io.BytesIO(data))):
        with pytest.raises(perdure.CorruptError) as caught:
            read(data)
        assert isinstance(caught.value, ValueError) and not isinstance(caught.value, EOFError)
    assert f"(at byte {caught.value.offset})" in str(caught.value) or "part of itself" in str(caught.value)


def test_what_is_no_buffer() -> None:
    with pytest.raises(TypeError):
        marshal.loads("text")
    with pytest.raises(TypeError):
        marshal.loads(b"N", trusted=["os.system"])
    with pytest.raises(ValueError, match="hashing"):
        marshal.loads(b"N", limits={"memory": 1})


def test_limits() -> None:
    data = marshal.dumps({(i, i): i for i in range(100)})
    assert len(marshal.loads(data)) == 100
    with pytest.raises(perdure.LimitError) as caught:
        marshal.loads(data, limits={"hashing": 100})
    assert caught.value.limit == "hashing" and isinstance(caught.value, ValueError)


def test_a_cycle_that_cannot_be_freed_is_not_made() -> None:
    """Whatever came of the load: the tuple that holds itself has let go of the rest."""
    for data in (
        b"\xa9\2[\1\0\0\0\xa9\1r\0\0\0\0r\1\0\0\0", b"\xa9\2[\1\0\0\0\xa9\1r\0\0\0\0?",
        b")\2\xa9\2[\1\0\0\0\xa9\1r\0\0\0\0r\1\0\0\0?", b"\xa9\2[\1\0\0\0\xbar\0\0\0\0NNr\1\0\0\0",
        b"\xa9\3[\1\0\0\0\xa9\1r\0\0\0\0\xa9\2[\1\0\0\0\xbar\2\0\0\0NNr\3\0\0\0r\3\0\0\0",  # found by way of a slice
    ):
        gc.collect()
        before = len(gc.get_objects())
        for _ in range(50):
            with pytest.raises(perdure.CorruptError):
                marshal.loads(data)
        gc.collect()
        assert len(gc.get_objects()) - before < 50


# ---- files ---------------------------------------------------------------------------------

class Slow(io.RawIOBase):
    """Counts what is asked of it."""

    def __init__(self, data: bytes) -> None:
        self.file = io.BytesIO(data)
        self.calls = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        self.calls += 1
        return self.file.readinto(buffer)


def test_a_file_is_asked_seldom() -> None:
    file = Slow(marshal.dumps([[i, str(i)] for i in range(3000)]) + b"rest")
    assert len(marshal.load(file)) == 3000
    assert file.calls < 300
    assert file.file.read() == b"rest"


def test_a_file_that_misbehaves() -> None:
    class TooMuch(io.BytesIO):
        def readinto(self, buffer) -> int:
            return super().readinto(buffer) + 10**6

    class Failing(io.BytesIO):
        def readinto(self, buffer) -> int:
            raise ZeroDivisionError

    class Keeping(io.BytesIO):
        def readinto(self, buffer) -> int:
            kept.append(memoryview(buffer))
            return super().readinto(buffer)

    kept: list[memoryview] = []
    data = marshal.dumps([1.5, "x" * 100, "y" * 100_000])
    with pytest.raises(ValueError, match="too much"):
        marshal.load(TooMuch(data))
    with pytest.raises(ZeroDivisionError):
        marshal.load(Failing(data))
    assert marshal.load(Keeping(data)) == standard.loads(data)
    for view in kept:
        view[-1] = 1  # in memory that is still there
    with pytest.raises(TypeError, match="not bytes"):
        marshal.load(io.StringIO("N"))
    with pytest.raises(AttributeError):
        marshal.load(object())


# ---- code ----------------------------------------------------------------------------------

SOURCE = """
def outer(a, /, b, *rest, c=1, **more):
    x = [z for z in rest if z in {1, 2, ("a", 1.5)}]
    return lambda: (x, a)
class Class:
    method = lambda self: __class__
"""
MODULE = compile(SOURCE, "source.py", "exec")


def test_code_is_data() -> None:
    data = marshal.dumps(MODULE)
    code = marshal.loads(data)
    assert type(code) is marshal.Code and not isinstance(code, types.CodeType)
    outer = next(part for part in code.co_consts if type(part) is marshal.Code)
    real = next(part for part in MODULE.co_consts if type(part) is types.CodeType)
    for name in dir(marshal.Code):
        if name.startswith("co_") and name not in ("co_localsplusnames", "co_localspluskinds", "co_consts"):
            assert getattr(outer, name) == getattr(real, name), name
    assert repr(outer) == "<perdure.marshal.Code outer at 'source.py':2>"
    again = marshal.loads(data)
    assert marshal.load(io.BytesIO(data)) == code
    file = io.BytesIO(code_stream() + b"rest")
    assert marshal.load(file) == marshal.loads(code_stream()) and file.read() == b"rest"
    assert code == again and hash(code) == hash(again) and code != outer and code != MODULE
    with pytest.raises(AttributeError):
        code.co_code = b""
    with pytest.raises(TypeError):
        marshal.Code()
    with pytest.raises(TypeError):
        eval(code)


def test_code_of_everyone() -> None:
    for data in (marshal.dumps(MODULE), marshal.dumps([MODULE, {MODULE: (MODULE,)}])):
        loaded = marshal.loads(data, trusted=perdure.TRUST_ALL)
        assert loaded == standard.loads(data)
        assert marshal.load(io.BytesIO(data), trusted=perdure.TRUST_ALL) == loaded
    assert marshal.loads(marshal.dumps({MODULE, 0})) == {0, marshal.loads(marshal.dumps(MODULE))}
    assert marshal.loads(marshal.dumps([1]), trusted=perdure.TRUST_ALL) == [1]
    assert eval(marshal.loads(marshal.dumps(compile("6 * 7", "", "eval")), trusted=perdure.TRUST_ALL)) == 42


def test_code_is_refused() -> None:
    for trusted in (None, perdure.TRUST_ALL):
        with pytest.raises(perdure.CorruptError, match="disallowed"):
            marshal.loads(marshal.dumps([MODULE]), trusted=trusted, allow_code=False)
        assert marshal.loads(marshal.dumps([1]), trusted=trusted, allow_code=False) == [1]


def code_stream(numbers=(0, 0, 0, 1, 0), line=1, **parts: bytes) -> bytes:
    """A code object's stream, with some of its parts replaced."""
    made = {
        "code": standard.dumps(compile("1", "", "eval").co_code, 2), "consts": b")\1N", "names": b")\0", "locals": b")\0", "kinds": b"s\0\0\0\0",
        "filename": b"z\1f", "name": b"z\1n", "qualname": b"z\1q", "linetable": b"s\0\0\0\0", "exceptions": b"s\0\0\0\0", **parts,
    }
    packed = [number.to_bytes(4, "little", signed=True) for number in (*numbers, line)]
    objects = list(made.values())
    return b"c" + b"".join(packed[:5]) + b"".join(objects[:8]) + packed[5] + b"".join(objects[8:])


MALFORMED_CODE = {
    "code is no bytes": code_stream(code=b"N"), "names are no tuple": code_stream(names=b"[\0\0\0\0"), "a name is no text": code_stream(names=b")\1N"),
    "locals are no tuple": code_stream(locals=b"N"), "consts are no tuple": code_stream(consts=b"N"), "filename is no text": code_stream(filename=b"N"),
    "kinds are fewer": code_stream(locals=b")\1z\1a"), "more arguments than variables": code_stream((1, 0, 0, 1, 0)), "a negative number": code_stream((0, 0, 0, -1, 0)),
    "no instruction": code_stream(code=b"s\0\0\0\0"), "half an instruction": code_stream(code=b"s\1\0\0\0d"), "an end in the middle": code_stream()[:-3],
    "names are unfinished": b"\xa9\1" + code_stream(names=b"r\0\0\0\0"), "consts are unfinished": b"\xa9\1" + code_stream(consts=b"r\0\0\0\0"),
    "its own constant": b"\xe3" + code_stream(consts=b")\1r\0\0\0\0")[1:],
}  # fmt: skip


@pytest.mark.parametrize("data", MALFORMED_CODE.values(), ids=MALFORMED_CODE)
def test_malformed_code(data: bytes) -> None:
    assert type(marshal.loads(code_stream())) is marshal.Code
    for trusted in (None, perdure.TRUST_ALL):
        with pytest.raises(perdure.CorruptError):
            marshal.loads(data, trusted=trusted)


@pytest.mark.parametrize("instructions", [b"\xfe\0", b"\xff\0", b"\0\0" * 3 + b"\xec\0"])
def test_instructions_that_crash_the_interpreter_while_it_makes_code(instructions: bytes) -> None:
    data = code_stream(code=standard.dumps(instructions))
    assert marshal.loads(data).co_code == instructions
    with pytest.raises(perdure.CorruptError, match="instruction"):
        marshal.loads(data, trusted=perdure.TRUST_ALL)


def test_a_cache_that_is_not_there() -> None:
    real = compile("a.b", "", "eval").co_code
    attribute = next(place for place in range(0, len(real), 2) if place + 4 < len(real) and real[place + 2:place + 6] == bytes(4))
    data = code_stream(code=standard.dumps(real[:attribute + 2]))
    with pytest.raises(perdure.CorruptError, match="cache"):
        marshal.loads(data, trusted=perdure.TRUST_ALL)


def test_constants_that_take_for_ever() -> None:
    """60 code objects, each with the one before as two constants: == would look at 2**60."""
    data = b"[" + (61).to_bytes(4, "little") + b"\xe3" + code_stream()[1:]
    for i in range(60):
        ref = b"r" + i.to_bytes(4, "little")
        data += b"\xe3" + code_stream(consts=b")\2" + ref * 2)[1:]
    for trusted in (None, perdure.TRUST_ALL):
        with pytest.raises(perdure.LimitError):
            marshal.loads(data, trusted=trusted)


def test_a_record_is_freed() -> None:
    holder: list[object] = []
    code = marshal.loads(b"[\1\0\0\0" + code_stream())[0]
    holder.append(code)
    counted = sys.getrefcount(code)
    for _ in range(100):
        assert marshal.loads(code_stream()) == code
    assert sys.getrefcount(code) == counted
    with pytest.raises(TypeError):
        weakref.ref(code)
