"""Files of all kinds: the same values as from bytes, and the file left where the pickle ends."""

import io
import pickle
import sysconfig

import pytest

from perdure._engine.collector import pause_collector
from perdure._engine.reader.unpickler import Unpickler, load, loads

VALUES = [
    None, [1, 2, 3], {"a": [1.5, "x" * 300, b"y" * 300]}, list(range(70_000)), b"z" * 3_000_000, bytearray(b"z" * 200_000),
    ["\u20ac" * 50_000, ("a",) * 10], [str(i) for i in range(5_000)],
]


class Minimal:
    """read and readline, no more; counts what it gave."""

    def __init__(self, data: bytes) -> None:
        self.file = io.BytesIO(data)
        self.read = self.file.read
        self.readline = self.file.readline


class Sub(io.BytesIO):
    pass


class Fickle(io.BytesIO):
    """A peek() that gives little, or refuses."""

    peeks = 0

    def peek(self, n: int) -> bytes:
        self.peeks += 1
        if self.peeks % 3 == 0:
            raise NotImplementedError
        position = self.tell()
        data = self.read(self.peeks % 7)
        self.seek(position)
        return data


class Views(io.BytesIO):
    """read() gives memoryviews."""

    def read(self, n: int = -1) -> memoryview:
        return memoryview(super().read(n))


def buffered(size: int):
    return lambda data: io.BufferedReader(io.BytesIO(data), size)


KINDS = {
    "BytesIO": io.BytesIO, "subclass": Sub, "minimal": Minimal, "buffered": buffered(8192), "small buffer": buffered(3),
    "fickle": Fickle, "views": Views,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("protocol", range(6))
def test_several_pickles_one_after_another(kind: str, protocol: int) -> None:
    values = VALUES if protocol > 2 else VALUES[:4]
    file = KINDS[kind](b"".join(pickle.dumps(value, protocol) for value in values) + b"rest")
    for value in values:
        assert load(file) == value
    assert bytes(file.read(10)) == b"rest"


@pytest.mark.parametrize("kind", KINDS)
def test_one_unpickler_for_all(kind: str) -> None:
    file = KINDS[kind](b"".join(pickle.dumps(value, 5) for value in VALUES))
    unpickler = Unpickler(file)
    assert [unpickler.load() for _ in VALUES] == VALUES
    with pytest.raises(EOFError):
        unpickler.load()


@pytest.mark.parametrize("kind", KINDS)
def test_a_memo_over_several_pickles(kind: str) -> None:
    out = io.BytesIO()
    pickler = pickle.Pickler(out, 4)
    shared = ["shared"]
    for value in (shared, [shared], {"again": shared}):
        pickler.dump(value)
    unpickler = Unpickler(KINDS[kind](out.getvalue()))
    one, two, three = unpickler.load(), unpickler.load(), unpickler.load()
    assert two[0] is one
    assert three["again"] is one


@pytest.mark.parametrize("kind", KINDS)
def test_truncated_at_every_byte(kind: str) -> None:
    for protocol in (0, 2, 5):
        stream = pickle.dumps([{"a": [1, 2.5, "text"], "b": (None, True, b"bytes")}, 2**70, "\u20ac"], protocol)
        for size in range(len(stream)):
            with pytest.raises((EOFError, pickle.UnpicklingError)):
                load(KINDS[kind](stream[:size]))
            with pytest.raises((EOFError, pickle.UnpicklingError)):
                loads(stream[:size])


def test_a_claim_costs_nothing() -> None:
    """9 bytes that say 2**62 follow: no memory is taken for them."""
    for opcode in b"\x8d\x8e\x96\x95":
        stream = bytes([opcode]) + (2**62).to_bytes(8, "little") + b"few."
        for kind in KINDS.values():
            with pytest.raises(pickle.UnpicklingError, match="truncated"):
                load(kind(stream))


def test_persistent_load_may_read_the_same_file() -> None:
    file = io.BytesIO(b"\x80\x02(U\x01xQpayloadU\x01yQpayload" + b"t." + b"after")

    class Reading(Unpickler):
        def persistent_load(self, pid: str) -> tuple[str, bytes]:
            return pid, file.read(7)

    assert Reading(file).load() == (("x", b"payload"), ("y", b"payload"))
    assert file.read() == b"after"


class Asking(Unpickler):
    """Does something to its file whenever a persistent id comes."""

    def __init__(self, file: io.BytesIO, action) -> None:
        super().__init__(file)
        self.file, self.action = file, action

    def persistent_load(self, pid: str) -> str:
        self.action(self.file)
        return pid


TWICE = b"\x80\x02(U\x01xQU\x01yQt."


def test_a_bytesio_that_a_hook_writes_to() -> None:
    """At its end, so that it grows; and over what is still to be read."""
    def append(file: io.BytesIO) -> None:
        position = file.seek(0, 1), file.seek(0, 2)
        file.write(b"more" * 1000)
        file.seek(position[0])

    file = io.BytesIO(TWICE)
    assert Asking(file, append).load() == ("x", "y")
    assert file.read() == b"more" * 2000

    def overwrite(file: io.BytesIO) -> None:
        file.getbuffer()[9:10] = b"z"

    assert Asking(io.BytesIO(TWICE), overwrite).load() == ("x", "z")


def test_a_bytesio_with_a_view_on_it() -> None:
    file = io.BytesIO(b"before" + TWICE + b"N.")
    view = file.getbuffer()
    file.seek(6)
    unpickler = Asking(file, lambda file: None)
    assert unpickler.load() == ("x", "y")
    assert unpickler.load() is None
    view[-2:] = b"K\x01"
    view.release()
    file.write(b".")
    file.seek(-3, 2)
    assert unpickler.load() == 1


def test_a_bytesio_that_a_hook_closes_or_cuts_off() -> None:
    with pytest.raises(ValueError, match="closed file"):
        Asking(io.BytesIO(TWICE), io.BytesIO.close).load()
    with pytest.raises(EOFError):
        Asking(io.BytesIO(TWICE), lambda file: file.truncate(3)).load()
    closed = io.BytesIO(TWICE)
    closed.close()
    with pytest.raises(ValueError, match="closed file"):
        load(closed)


def test_where_a_bytesio_is_left() -> None:
    file = io.BytesIO(b"N.")
    file.seek(10)
    with pytest.raises(EOFError):
        load(file)
    assert file.tell() == 10
    file = io.BytesIO(b"K\x01\xffN.")
    with pytest.raises(pickle.UnpicklingError):
        load(file)
    assert file.tell() in (2, 3)
    file = io.BytesIO(pickle.dumps("x" * 100, 4)[:-20])
    with pytest.raises(pickle.UnpicklingError):
        load(file)
    assert file.getvalue() == pickle.dumps("x" * 100, 4)[:-20]


def test_a_persistent_load_of_the_instance_hides_the_class_s() -> None:
    class Own(Unpickler):
        def persistent_load(self, pid: object) -> object:
            return "class", pid

    for kind in (Unpickler, Own):
        unpickler = kind(io.BytesIO(b"\x80\x04NQ." * 2))
        before = unpickler.persistent_load
        unpickler.persistent_load = replacement = lambda pid: ("instance", pid)
        assert unpickler.persistent_load is replacement
        assert unpickler.load() == ("instance", None)
        del unpickler.persistent_load
        assert unpickler.persistent_load == before


def test_what_a_file_may_raise() -> None:
    class Broken(io.BytesIO):
        def read(self, n: int = -1) -> bytes:
            raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        load(Broken(b"N."))
    with pytest.raises(TypeError, match="must have 'read' and 'readline' attributes"):
        Unpickler(object())

    class Text:
        read = staticmethod(lambda n: "N.")
        readline = staticmethod(lambda: "N.")

    with pytest.raises(TypeError, match="bytes-like"):
        load(Text())


def test_uninitialised_and_busy() -> None:
    class Lazy(Unpickler):
        def __init__(self) -> None:
            pass

    with pytest.raises(pickle.UnpicklingError, match=r"Unpickler.__init__\(\) was not called by .*Lazy.__init__\(\)"):
        Lazy().load()

    class Nested(Unpickler):
        def find_class(self, module: str, name: str) -> object:
            with pytest.raises(RuntimeError, match="already used"):
                self.load()
            with pytest.raises(RuntimeError, match="already used"):
                self.__init__(io.BytesIO())
            return name

    assert Nested(io.BytesIO(b"cmath\nlog\n.")).load() == "log"


@pytest.mark.skipif(bool(sysconfig.get_config_var("Py_GIL_DISABLED")), reason="never paused there")
def test_the_collector_is_back_on_however_a_load_ends() -> None:
    import gc

    class Probe:
        def __reduce__(self) -> tuple[object, tuple[()]]:
            return gc.isenabled, ()

    big = pickle.dumps([Probe(), "x" * 20_000])
    assert gc.isenabled()
    assert loads(big)[0] is False
    assert gc.isenabled()
    with pytest.raises(pickle.UnpicklingError):
        loads(big[:-1])
    assert gc.isenabled()
    old = pause_collector(False)
    try:
        assert old is True
        assert loads(big)[0] is True
    finally:
        pause_collector(True)
    gc.disable()
    try:
        loads(big)
        assert not gc.isenabled()
    finally:
        gc.enable()
