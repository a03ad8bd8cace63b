"""The draft of a pack: what it says of pickles and classes, and that what it prints works as far as it says."""

import datetime
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from perdure import CorruptError, UntrustedError
from perdure._engine.reader.unpickler import loads_policy
from perdure.policy import Policy
from perdure.policy.draft import draft, main, native, reasons, uses

LIBRARY = '''
import array

class Circle:
    def __init__(self, radius):
        self.radius = radius

class Track(array.array):
    def __new__(cls, numbers=()):
        return super().__new__(cls, "d", numbers)
    def __reduce_ex__(self, protocol):
        return Track, (list(self),), {"name": "x"}

class Slotted:
    __slots__ = ("a",)

class Keyed(dict):
    pass

def half(number):
    return number / 2

def make(number):
    return Circle(number)

class Made:
    def __reduce__(self):
        return make, (3,)
'''


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("library")
    (folder / "drafted_library.py").write_text(LIBRARY)
    sys.path.insert(0, str(folder))
    import drafted_library

    yield drafted_library
    sys.path.remove(str(folder))
    del sys.modules["drafted_library"]


def streams(library: ModuleType) -> list[bytes]:
    keyed = library.Keyed()
    keyed["one"] = library.half
    found = [library.Circle(1.5), library.Track([1.0]), keyed, library.Made()]
    return [pickle.dumps(found, protocol) for protocol in range(6)]


@pytest.mark.parametrize("protocol", range(6))
def test_what_a_stream_does_with_names(library: ModuleType, protocol: int) -> None:
    found = {name: use for (module, name), use in uses(streams(library)[protocol]).items() if module == library.__name__}
    assert set(found) == {"Circle", "Track", "Keyed", "half", "make"}
    assert found["Circle"].created == {"()"} and found["Circle"].states == {"radius": {"float"}}
    assert found["Track"].called == {"(list)"} and found["Track"].states == {"name": {"str"}}
    assert found["make"].called == {"(int)"}
    assert found["Keyed"].filled or protocol < 2  # which give the dict to a function
    assert not found["half"].called and not found["half"].created


def test_which_classes_hold_state_in_c(library: ModuleType) -> None:
    assert reasons(library.Circle) == []
    assert reasons(library.Slotted) == []
    assert reasons(library.Keyed) == [] and native(library.Keyed) is dict
    assert "array" in reasons(library.Track)[0]
    assert reasons(datetime.datetime)[0] == "datetime.datetime is a type in C"


def test_a_module_that_calls_c_by_ctypes_is_told_of(library: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    import ctypes

    monkeypatch.setattr(library, "ctypes", ctypes, raising=False)
    assert "by ctypes" in reasons(library.Circle)[0]


def test_what_is_printed_loads_plain_classes_and_refuses_the_rest(library: ModuleType) -> None:
    pack = ModuleType("drafted_pack")
    exec(draft(library.__name__, streams(library)), vars(pack))
    policy = Policy(packs={"drafted": pack})
    circle = loads_policy(pickle.dumps(library.Circle(1.5)), policy)
    assert type(circle) is library.Circle and circle.radius == 1.5
    assert loads_policy(pickle.dumps(library.half), policy) is library.half
    for refused in (library.Track([1.0]), library.Made()):
        with pytest.raises(CorruptError):
            loads_policy(pickle.dumps(refused), policy)
    with pytest.raises(UntrustedError):
        loads_policy(pickle.dumps(library.Slotted), policy)


def test_the_command(library: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "some.pkl").write_bytes(streams(library)[4])
    main([library.__name__, str(tmp_path / "some.pkl")])
    printed, told = capsys.readouterr()
    compile(printed, "draft", "exec")
    assert told.startswith("drafted_library.Track holds state in C: ")
    assert len(told.splitlines()) == 1  # Keyed is a kind of dict, whose state is its items


def test_names_of_other_libraries_are_told(library: ModuleType) -> None:
    text = draft(library.__name__, [b"cos\nsystem\n.", b"cdatetime\ndate\n.", b"c__builtin__\nunicode\n."])
    assert "#   os.system" in text and "date" not in text and "unicode" not in text
