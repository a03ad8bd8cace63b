"""From each format to each, without building anything; what can't be is told."""

import datetime
import itertools
import marshal
import pickle
from pathlib import Path
from typing import Any

import pytest

import perdure
import perdure.json
import perdure.xml

SUFFIXES = [".pkl", ".sav", ".sav.gz", ".json", ".xml", ".marshal"]
PLAIN: dict[Any, Any] = {"a": [1, 2.5, None, True], (1, "x"): b"\x00\xff", "s": {1, 2}, "f": frozenset("ab"), "c": 1j, "long": "x" * 1000}
RICH: dict[str, Any] = PLAIN | {"when": datetime.datetime(2001, 2, 3, tzinfo=datetime.UTC), "shared": [[]] * 2}


def read(path: Path, **options: Any) -> Any:
    if path.suffix == ".json":
        return perdure.json.load(path, **options)
    if path.suffix == ".xml":
        return perdure.xml.load(path, **options)
    return marshal.loads(path.read_bytes()) if path.suffix == ".marshal" else perdure.load(path, **options)


@pytest.mark.parametrize(("first", "second"), [*itertools.product(SUFFIXES, SUFFIXES)])
def test_there_and_back(first: str, second: str, tmp_path: Path) -> None:
    value = PLAIN if ".marshal" in (first, second) else RICH
    start, middle, end = (tmp_path / f"{name}{suffix}" for name, suffix in (("a", first), ("b", second), ("c", first)))
    (tmp_path / "value.pkl").write_bytes(pickle.dumps(value))
    perdure.convert(tmp_path / "value.pkl", start)
    perdure.convert(start, middle)
    perdure.convert(middle, end)
    there, back = read(middle), read(end)
    assert there == back == value
    if "shared" in value:
        assert back["shared"][0] is back["shared"][1]


def test_nothing_is_imported_and_nothing_called(tmp_path: Path) -> None:
    (tmp_path / "evil.pkl").write_bytes(b"cnowhere_at_all\nfunction\n(S'x'\ntR.")
    perdure.convert(tmp_path / "evil.pkl", tmp_path / "evil.json", indent=1)
    assert "nowhere_at_all:function" in (tmp_path / "evil.json").read_text()
    with pytest.raises(perdure.UntrustedError):
        perdure.json.load(tmp_path / "evil.json")
    perdure.convert(tmp_path / "evil.json", tmp_path / "evil.xml")
    with pytest.raises(perdure.UntrustedError):
        perdure.xml.load(tmp_path / "evil.xml")


def test_a_converted_file_is_sealed_by_nobody_unless_one_vouches_for_it(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"a": 1}')
    perdure.convert(tmp_path / "x.json", tmp_path / "x.sav")
    assert perdure.verify(tmp_path / "x.sav").by == "nobody"
    perdure.convert(tmp_path / "x.json", tmp_path / "x.sav", key=True)
    assert perdure.verify(tmp_path / "x.sav").by == "own"


def test_bytes_and_results() -> None:
    assert pickle.loads(perdure.convert(b'[1, "a"]', from_="json", to="pickle") or b"") == [1, "a"]
    assert perdure.convert(pickle.dumps([1], 2), from_="pickle", to="pickle") == pickle.dumps([1], 2)
    assert perdure.convert(perdure.dumps([1], key=b"k" * 32), from_="perdure", to="json") == b"[1]"
    assert perdure.convert(marshal.dumps((1, 2)), from_="marshal", to="json") == b'{"$perdure":1,"value":{"$tuple":[1,2]}}'


def test_marshal_says_what_is_in_its_way() -> None:
    stream = pickle.dumps({"users": [datetime.date(2001, 2, 3)]})
    with pytest.raises(perdure.PicklingError, match=r"datetime:date \(at root\['users'\]\[0\]"):
        perdure.convert(stream, from_="pickle", to="marshal")


def test_what_it_is_not_told_it_asks_for(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="from_= has to say"):
        perdure.convert(b"", to="json")
    with pytest.raises(ValueError, match="to= has to say"):
        perdure.convert(b"", tmp_path / "x.unknown", from_="json")
    with pytest.raises(ValueError, match="is one of"):
        perdure.convert(b"", from_="yaml", to="json")
    with pytest.raises(ValueError, match="indent="):
        perdure.convert(b"1", from_="json", to="pickle", indent=1)
    with pytest.raises(ValueError, match="key="):
        perdure.convert(b"1", from_="json", to="pickle", key=True)
    with pytest.raises(ValueError, match="written to a path"):
        perdure.convert(b"1", from_="json", to="perdure")
    with pytest.raises(FileNotFoundError):
        perdure.convert(tmp_path / "nothing.json", tmp_path / "x.pkl")


def test_a_source_that_is_not_sound_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "old.pkl").write_bytes(b"old")
    for broken, name in ((b"[1", "json"), (b"<x/>", "xml"), (b"(\xff\xff", "marshal"), (b"K", "pickle")):
        with pytest.raises(perdure.CorruptError):
            perdure.convert(broken, tmp_path / "old.pkl", from_=name)
    assert (tmp_path / "old.pkl").read_bytes() == b"old"
