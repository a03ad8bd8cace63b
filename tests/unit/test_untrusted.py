"""Which names a stream would need: found without building, whatever way the stream pushes them."""

import collections
import datetime
import gzip
import operator
import pickle
import pickletools
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import perdure
import perdure.opcodes
from perdure import graph
from perdure._engine.reader.listing import names_in


class Point:
    pass


VALUES: list[Any] = [
    1, [Point(), Point()], {"a": collections.OrderedDict(b=Point())}, [Decimal(1), datetime.date(2020, 1, 1), Point()],
    [operator.attrgetter("a"), operator.itemgetter(1), Point], {f"key {i}": (i, Point()) for i in range(3000)}, {Point: 1},
    [b"x" * 100_000, Point(), "y" * 70_000, Decimal(2)],
]  # fmt: skip


def by_pickletools(stream: bytes) -> set[tuple[str, str]]:
    """What find_class is asked, by the standard machine."""
    asked = set()

    class Asking(pickle._Unpickler):  # type: ignore[misc, name-defined]
        def find_class(self, module: str, name: str) -> Any:
            import _compat_pickle as compat

            if self.proto < 3:
                module, name = compat.NAME_MAPPING.get((module, name), (compat.IMPORT_MAPPING.get(module, module), name))
            asked.add((module, name))
            return super().find_class(module, name)

    import io

    Asking(io.BytesIO(stream)).load()
    return asked


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:30])
@pytest.mark.parametrize("protocol", range(6))
def test_names_are_those_that_a_load_asks_for(value: Any, protocol: int) -> None:
    for stream in (pickle.dumps(value, protocol), perdure.dumps(value, protocol)):
        found = names_in(stream)
        assert set(found) == by_pickletools(stream)
        assert len(found) == len(set(found))
        expected = tuple(f"{module}.{name}" for module, name in found if module in (__name__, "operator"))
        assert perdure.untrusted(stream) == expected
        assert perdure.untrusted(stream, trusted=[Point, "operator.attrgetter", "operator.itemgetter"]) == ()
        assert perdure.untrusted(stream, trusted=perdure.TRUST_ALL) == ()


OS, SYSTEM = b"\x8c\x02os", b"\x8c\x06system"
TRICKS = {
    "something between, and dropped": OS + b"N0" + SYSTEM + b"\x93",
    "a mark between, and dropped": OS + b"(N1" + SYSTEM + b"\x93",
    "a pop of a mark": OS + b"(0" + SYSTEM + b"\x93",
    "from the memo": OS + b"\x94" + SYSTEM + b"\x9400h\x00h\x01\x93",
    "from the memo, put twice": b"\x8c\x01xq\x050" + OS + b"q\x050" + SYSTEM + b"r\x07\x00\x00\x000h\x05j\x07\x00\x00\x00\x93",
    "from the memo, put again later": OS + b"q\x010" + SYSTEM + b"q\x020h\x01h\x02\x93" + b"\x8c\x01xq\x01q\x020",
    "copied": OS + b"20" + SYSTEM + b"\x93",
    "copied from under": SYSTEM + OS + b"q\x010q\x020h\x01h\x02\x93",
    "memoized after a pop": OS + b"N0q\x010" + SYSTEM + b"q\x02h\x020h\x01h\x02\x93",
    "out of the memo's order": OS + b"q\x640" + SYSTEM + b"q\x630h\x64h\x63\x93",
    "protocol 0 texts": b"Vos\nVsystem\n\x93",
    "escaped": b"V\\u006fs\nVsystem\n\x93",
    "Python 2's texts": b"S'os'\nS'system'\n\x93",
    "Python 2's short texts": b"U\x02osU\x06system\x93",
    "put and got by lines": b"Vos\np1\n0Vsystem\np2\n0g1\ng2\n\x93",
    "four bytes of length": b"X\x02\x00\x00\x00osX\x06\x00\x00\x00system\x93",
    "by INST": b"(ios\nsystem\n",
    "by GLOBAL": b"cos\nsystem\n",
    "a frame between": OS + b"\x95\x0a\x00\x00\x00\x00\x00\x00\x00" + SYSTEM + b"\x930N",
}


@pytest.mark.parametrize("stream", TRICKS.values(), ids=TRICKS)
def test_names_that_are_hidden(stream: bytes) -> None:
    assert names_in(b"\x80\x04" + stream + b".") == [("os", "system")]
    assert perdure.untrusted(b"\x80\x04" + stream + b".") == ("os.system",)


def test_old_spellings() -> None:
    assert perdure.untrusted(b"c__builtin__\nset\n(]tRccommands\ngetoutput\n\x86.") == ("subprocess.getoutput",)
    assert names_in(b"ccommands\ngetoutput\n.", fix_imports=False) == [("commands", "getoutput")]


@pytest.mark.parametrize("stream", [b"", b"\x80", b"\x80\x04", b"\x8c\x05abc", b"cos\n", b"\x01.", b"N\x93.", b"\x8c\x01\xff\x8c\x01a\x93.", b"gx\n."])
def test_malformed(stream: bytes) -> None:
    with pytest.raises(perdure.CorruptError) as caught:
        perdure.untrusted(stream)
    assert isinstance(caught.value.offset, int)


def test_nothing_is_imported(tmp_path: Path) -> None:
    stream = b"cperdure_nowhere\nName\ncantigravity\nName\n\x86."
    path = tmp_path / "names.pkl"
    path.write_bytes(stream)
    for given in (stream, path, str(path), memoryview(stream)):
        assert perdure.untrusted(given) == ("perdure_nowhere.Name", "antigravity.Name")
    assert perdure.untrusted(stream, trusted=["antigravity.*"]) == ("perdure_nowhere.Name",)
    assert "antigravity" not in sys.modules
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(perdure.CorruptError):
        perdure.untrusted(tmp_path / "empty")


def test_a_refusal_names_all_of_them(tmp_path: Path) -> None:
    value = [Point(), operator.attrgetter("a"), Decimal(1), operator.itemgetter(1)]
    names = (f"{__name__}.Point", "operator.attrgetter", "operator.itemgetter")
    perdure.dump(value, tmp_path / "v.sav", key=False)
    for load in (lambda: perdure.loads(perdure.dumps(value)), lambda: perdure.load(tmp_path / "v.sav")):
        with pytest.raises(perdure.UntrustedError) as caught:
            load()
        assert caught.value.names == names
        assert f"trusted=[{', '.join(map(repr, names))}]" in str(caught.value)
    assert len(perdure.loads(perdure.dumps(value), trusted=names)) == 4


def test_a_refusal_says_where_and_by_what() -> None:
    for stream, op in ((perdure.dumps({"a": [1, Point()]}), "STACK_GLOBAL"), (pickle.dumps({"a": [1, Point()]}, 2), "GLOBAL")):
        with pytest.raises(perdure.UntrustedError) as caught:
            perdure.loads(stream)
        (note,) = caught.value.__notes__
        place, _, byte = note.rpartition(" (byte ")
        assert place == f"at root['a'][1], by {op}"
        assert stream[int(byte.rstrip(")"))] == getattr(perdure.opcodes, op)[0]
    with pytest.raises(perdure.UntrustedError) as caught:  # more names than one: the places are kept
        perdure.loads(perdure.dumps([Point(), operator.itemgetter(1)]))
    assert len(caught.value.names) == 2 and caught.value.__notes__[0].startswith("at root[0], by ")


def test_a_refusal_names_the_pack() -> None:
    names = (("sklearn.svm._classes", "SVC"), ("sklearn.base", "Other"), ("a.b", "C"), ("networkx.classes.graph", "Graph"))
    stream = b"(" + b"".join(f"c{module}\n{name}\n".encode() for module, name in names) + b"l."
    with pytest.raises(perdure.UntrustedError, match=r"trusted=\['sklearn', 'a\.b\.C', 'networkx'\]") as caught:
        perdure.loads(stream)
    assert caught.value.names == tuple(".".join(pair) for pair in names)
    with pytest.raises(perdure.UntrustedError, match=r"trusted=\['sklearn'\]"):
        perdure.loads(b"csklearn.nowhere\nSVC\n.")
    with pytest.raises(perdure.UntrustedError, match=r"trusted=\['sklearn.nowhere.SVC'\]"):  # which the pack has not
        perdure.loads(b"csklearn.nowhere\nSVC\n.", trusted=["sklearn"])


@pytest.mark.parametrize("value", VALUES[:5], ids=lambda value: repr(value)[:30])
def test_every_prefix_and_flip_is_a_list_or_an_error(value: Any) -> None:
    stream = pickle.dumps(value, 4)
    for i in range(len(stream)):
        for changed in (stream[:i], stream[:i] + bytes([stream[i] ^ 1 << i % 8]) + stream[i + 1 :]):
            try:
                names_in(changed)
            except perdure.CorruptError:
                pass
    assert pickletools.genops(stream)


def test_a_refusal_that_has_no_name_of_its_own():
    with pytest.raises(perdure.UntrustedError) as caught:  # 1 is no class, and a name that nobody knows follows
        perdure.loads(b"\x80\x02K\x01)\x81cnowhere\nNothing\n.")
    assert caught.value.names == ()


@pytest.mark.parametrize("key", [None, False])
def test_compressed_files_are_looked_into(key: Any, tmp_path: Path) -> None:
    perdure.dump([operator.attrgetter("real"), "x" * 1000], tmp_path / "x.sav.gz", key=key)
    assert perdure.untrusted(tmp_path / "x.sav.gz") == ("operator.attrgetter",)
    (tmp_path / "y.gz").write_bytes(gzip.compress(pickle.dumps(operator.attrgetter("real"))))
    assert perdure.untrusted(tmp_path / "y.gz") == ("operator.attrgetter",)


def test_what_expands_out_of_proportion_is_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"\x8e" + (80 << 20).to_bytes(8, "little") + bytes(80 << 20) + b"."))
    for look in (perdure.untrusted, graph.load):
        with pytest.raises(perdure.LimitError, match="more than"):
            look(tmp_path / "bomb.gz")
