"""trusted=: what each kind of item lets through, and what it does not."""

import collections
import dataclasses
import enum
import io
import pickle
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import perdure


@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    x: int
    label: str


class Slots:
    __slots__ = ("__weakref__", "a", "b")

    def __init__(self) -> None:
        self.a, self.b = 1, [2]

    def __eq__(self, other: object) -> bool:
        return type(other) is Slots and (self.a, self.b) == (other.a, other.b)


class Row(NamedTuple):
    id: int
    name: str


class Colour(enum.Enum):
    RED = "r"


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Stateful:
    def __init__(self, value: int) -> None:
        self.value = value

    def __getstate__(self) -> tuple[str, int]:
        return "state", self.value

    def __setstate__(self, state: tuple[str, int]) -> None:
        assert state[0] == "state"
        self.value = state[1]

    def __eq__(self, other: object) -> bool:
        return type(other) is Stateful and self.value == other.value


class Reduced:
    def __init__(self, value: int) -> None:
        self.value = value

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return Reduced, (self.value,)

    def __eq__(self, other: object) -> bool:
        return type(other) is Reduced and self.value == other.value


class WithArguments:
    def __new__(cls, *, value: int = 0) -> "WithArguments":
        made = super().__new__(cls)
        made.value = value
        return made

    value: int

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, int]]:
        return (), {"value": self.value}

    def __eq__(self, other: object) -> bool:
        return type(other) is WithArguments and self.value == other.value


class Child(Stateful):
    """Its base is not trusted by itself, and need not be."""

    def __eq__(self, other: object) -> bool:
        return type(other) is Child and self.value == other.value


class Names(list[str]):
    pass


class Table(dict[str, int]):
    def __setitem__(self, key: str, value: int) -> None:
        super().__setitem__(key.lower(), value)


class Outer:
    class Inner:
        def __eq__(self, other: object) -> bool:
            return type(other) is Outer.Inner


class Refused(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

    def __eq__(self, other: object) -> bool:
        return type(other) is Refused and vars(self) == vars(other)


def made_by(value: int) -> Point:
    return Point(value)


class ByFunction(Point):
    def __reduce__(self) -> tuple[Callable[[int], Point], tuple[int]]:  # type: ignore[override]
        return made_by, (self.x,)


class WithProperty:
    def __init__(self) -> None:
        self.seen: list[object] = []

    @property
    def watched(self) -> object:
        return 1

    @watched.setter
    def watched(self, value: object) -> None:
        pytest.fail("a property was set")


VALUES: list[tuple[Any, list[Any]]] = [
    (Point(1, 2.0), [Point]), ([Point(i) for i in range(3)], [Point]), (Frozen(1, "a"), [Frozen]), (Slots(), [Slots]),
    (Row(1, "a"), [Row]), (Colour.RED, [Colour]), (Access.READ | Access.WRITE, [Access]), (Stateful(3), [Stateful]),
    (Reduced(4), [Reduced]), (WithArguments(value=5), [WithArguments]), (Child(6), [Child]), (Names("ab"), [Names]),
    (Table(a=1), [Table]), (Outer.Inner(), [Outer.Inner]), (Refused(7), [Refused]),
    ({"cls": Point}, [Point]), (collections.defaultdict(Names, a=Names("x")), [Names]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "trusted"), VALUES, ids=lambda value: repr(value)[:40])
@pytest.mark.parametrize("protocol", range(6))
def test_classes_of_ones_own(value: Any, trusted: list[Any], protocol: int) -> None:
    try:
        streams = [pickle.dumps(value, protocol), perdure.dumps(value, protocol)]
    except (TypeError, ValueError, pickle.PicklingError) as error:
        pytest.skip(f"protocol {protocol} does not hold it: {error}")
    names = [f"{cls.__module__}.{cls.__qualname__}" for cls in trusted]
    for stream in streams:
        for given in (trusted, names):
            assert perdure.loads(stream, trusted=given) == value
        with pytest.raises(perdure.UntrustedError) as caught:
            perdure.loads(stream)
        (name,) = caught.value.names
        assert name == names[0] or (protocol < 4 and names[0].startswith(f"{name}."))  # the way to a nested class
        assert name in str(caught.value)


def test_a_function_is_trusted_by_itself_alone() -> None:
    stream = pickle.dumps(ByFunction(3))
    for trusted in ([ByFunction], [Point], [f"{__name__}.*"]):
        with pytest.raises(perdure.UntrustedError) as caught:
            perdure.loads(stream, trusted=trusted)
        assert caught.value.names == (f"{__name__}.made_by",)
    for given in (made_by, f"{__name__}.made_by"):
        assert perdure.loads(stream, trusted=[given]) == Point(3)


def test_trust_holds_for_every_later_load(monkeypatch: pytest.MonkeyPatch) -> None:
    from perdure.policy import trusting

    for name in ("_trusted_by_all", "_built_in", "_recent"):
        monkeypatch.setattr(trusting, name, getattr(trusting, name))
    stream = pickle.dumps([Point(1), Row(2, "b")])
    with pytest.raises(perdure.UntrustedError):
        perdure.loads(stream, trusted=[Row])
    perdure.trust(Point)
    assert perdure.loads(stream, trusted=[Row]) == [Point(1), Row(2, "b")]
    assert perdure.loads(pickle.dumps(Point(1))) == Point(1)


# ---- packages ------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "perdure_sample"
    (folder / "sub").mkdir(parents=True)
    (folder / "__init__.py").write_text("from subprocess import Popen\nfrom .sub.shapes import Shape as Alias\n")
    (folder / "sub" / "__init__.py").write_text("")
    (folder / "sub" / "shapes.py").write_text(
        "import os\n"
        "class Meta(type):\n    pass\n"
        "class Shape:\n    class Part:\n        pass\n    def method(self): pass\n"
        "def function(*args): raise SystemExit\n"
        "def __getattr__(name):\n    if not name.startswith('__'): raise SystemExit\n"
    )
    (folder / "__main__.py").write_text("raise SystemExit\n")
    (folder / "other.py").write_text("class Lonely:\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "perdure_sample"]:
        del sys.modules[name]


def named(module: str, name: str, rest: bytes = b")\x81") -> bytes:
    """A stream that creates an instance of a name."""
    parts = [b"\x8c" + bytes([len(part)]) + part for part in (module.encode(), name.encode())]
    return b"\x80\x04" + b"".join(parts) + b"\x93" + rest + b"."


SHAPES = "perdure_sample.sub.shapes"


@pytest.mark.parametrize("name", ["Shape", "Shape.Part"])
@pytest.mark.parametrize("trusted", ["perdure_sample.*", "perdure_sample.sub.*", "perdure_sample.sub.shapes.*"])
def test_a_package_s_classes(package: Path, name: str, trusted: str) -> None:
    assert type(perdure.loads(named(SHAPES, name), trusted=[trusted])).__qualname__ == name


@pytest.mark.parametrize(("module", "name", "refused"), [
    (SHAPES, "function", f"{SHAPES}.function"), (SHAPES, "Meta", f"{SHAPES}.Meta"), (SHAPES, "os", f"{SHAPES}.os"),
    (SHAPES, "os.system", f"{SHAPES}.os.system"), (SHAPES, "Shape.method", f"{SHAPES}.Shape.method"),
    (SHAPES, "Shape.__init__.__globals__", f"{SHAPES}.Shape.__init__.__globals__"),
    (SHAPES, "Shape.__class__", f"{SHAPES}.Shape.__class__"), (SHAPES, "anything", f"{SHAPES}.anything"),
    ("perdure_sample", "Popen", "subprocess.Popen"), ("perdure_sample", "sub", "perdure_sample.sub"),
    ("perdure_sample", "sub.shapes.Shape", "perdure_sample.sub.shapes.Shape"),
    ("perdure_sample.__main__", "X", "perdure_sample.__main__.X"), ("perdure_samples", "X", "perdure_samples.X"),
    ("os", "system", "os.system"), ("perdure_sample.", "X", "perdure_sample..X"), ("", "X", ".X"),
], ids=str)  # fmt: skip
def test_what_a_package_does_not_hand_out(package: Path, module: str, name: str, refused: str) -> None:
    for rest in (b")R", b")\x81", b"", b"N)b"):
        with pytest.raises(perdure.UntrustedError) as caught:
            perdure.loads(named(module, name, rest), trusted=["perdure_sample.*"])
        assert caught.value.names[0] in (refused, f"builtins.{name.split('.')[-1]}", f"{SHAPES}.function")


def test_a_refused_name_is_not_imported(package: Path) -> None:
    for trusted in (None, [f"{SHAPES}.Shape"], ["perdure_sample.sub.*"], [Point]):
        with pytest.raises(perdure.UntrustedError):
            perdure.loads(named("perdure_sample.other", "Lonely"), trusted=trusted)
        assert "perdure_sample" not in sys.modules
    perdure.loads(named(SHAPES, "Shape"), trusted=[f"{SHAPES}.Shape"])
    assert "perdure_sample.other" not in sys.modules


# ---- state ---------------------------------------------------------------------------------


def build(cls: type, state: Any) -> bytes:
    """NEWOBJ of a class and BUILD with a state."""
    return f"c{cls.__module__}\n{cls.__qualname__}\n)".encode() + b"\x81" + pickle.dumps(state, 2)[2:-1] + b"b."


@pytest.mark.parametrize("state", [
    {"__class__": dict}, {"__dict__": {}}, {1: 2}, (None, {"__class__": dict}),
    (None, {"watched": 1}), [1], "x", (1, 2), (None, [1]),
], ids=repr)  # fmt: skip
def test_state_that_is_none(state: Any) -> None:
    with pytest.raises(perdure.CorruptError):
        perdure.loads(build(WithProperty, state), trusted=[WithProperty])


def test_state_goes_into_the_instance_alone() -> None:
    made = perdure.loads(build(WithProperty, {"watched": 7, "__len__": 3}), trusted=[WithProperty])
    assert vars(made) == {"watched": 7, "__len__": 3}
    assert made.watched == 1


def test_a_planted_setstate_is_not_called() -> None:
    stream = build(Point, {"__setstate__": Point, "extend": Point, "x": 1})[:-1] + b"}b."
    assert vars(perdure.loads(stream, trusted=[Point])) == {"__setstate__": Point, "extend": Point, "x": 1}


@pytest.mark.parametrize("target", [b"cbuiltins\nint\n", b"cbuiltins\nEllipsis\n", b"ctests.unit.test_trust\nPoint\n", b"N", b"K\x01"])
@pytest.mark.parametrize("change", [b"}b", b"}X\x01\x00\x00\x00aNsb", b"N}X\x01\x00\x00\x00aNs\x86b", b"K\x01a", b"(K\x01e", b"K\x01Ns", b"(K\x01\x90"])
def test_only_what_the_load_made_is_filled_in(target: bytes, change: bytes) -> None:
    stream = target.replace(b"tests.unit.test_trust", __name__.encode()) + change + b"."
    with pytest.raises(perdure.UntrustedError):
        perdure.loads(stream, trusted=[Point])


class Singleton:
    def __reduce__(self) -> str:
        return "SINGLETON"


SINGLETON = Singleton()


def test_a_constant_is_not_filled_in() -> None:
    trusted = [f"{__name__}.SINGLETON", Singleton]
    stream = pickle.dumps(SINGLETON)
    assert perdure.loads(stream, trusted=trusted) is SINGLETON
    with pytest.raises(perdure.UntrustedError, match="did not make"):
        perdure.loads(stream[:-1] + b"}X\x01\x00\x00\x00aNsb.", trusted=trusted)
    assert vars(SINGLETON) == {}


# ---- what hooks give -----------------------------------------------------------------------


class Registered:
    """Tells others of itself, and is still the load's own."""

    known: list["Registered"] = []

    def __init__(self) -> None:
        self.known.append(self)


class OneForAll:
    only: Any = None

    def __new__(cls) -> "OneForAll":
        cls.only = cls.only or super().__new__(cls)
        return cls.only  # type: ignore[no-any-return]


class OneDict:
    shared: dict[str, Any] = {}

    def __init__(self) -> None:
        self.__dict__ = self.shared


def made_and_filled(cls: type, in_place: bool) -> bytes:
    state = b"}(V_role\nK\x01u" if in_place else b"}V_role\nK\x01sq\x07"
    return b"\x80\x04" + f"c{__name__}\n{cls.__name__}\n)R".encode() + state + b"b."


@pytest.mark.parametrize("in_place", [True, False])
def test_an_instance_that_others_know(in_place: bool) -> None:
    assert perdure.loads(made_and_filled(Registered, in_place), trusted=[Registered])._role == 1
    OneForAll()
    with pytest.raises(perdure.UntrustedError, match="did not make"):
        perdure.loads(made_and_filled(OneForAll, in_place), trusted=[OneForAll])
    with pytest.raises(perdure.CorruptError, match="not its own"):
        perdure.loads(made_and_filled(OneDict, in_place), trusted=[OneDict])
    assert not vars(OneForAll()) and not OneDict.shared


class Choosy:
    def __setstate__(self, state: Any) -> None:
        raise KeyError(state)


def test_an_error_does_not_show_what_it_was_raised_with() -> None:
    bomb = b"]" + b"\x85" + b"2\x86" * 60
    with pytest.raises(perdure.CorruptError, match="^KeyError"):
        perdure.loads(b"\x80\x04" + f"c{__name__}\nChoosy\n".encode() + b")\x81" + bomb + b"b.", trusted=[Choosy])


def test_the_marker_of_new_can_do_nothing() -> None:
    stream = f"cbuiltins\ngetattr\nc{__name__}\nPoint\nV__new__\n".encode() + b"\x86R."
    marker = perdure.loads(b"\x80\x04" + stream, trusted=[Point])
    assert [getattr(marker, slot) for slot in type(marker).__slots__] == [Point]


class Asking(perdure.Unpickler):
    def persistent_load(self, pid: object) -> object:
        return [LIST, print, Point][pid]  # type: ignore[call-overload]


LIST: list[int] = []


@pytest.mark.parametrize("stream", [b"K\x00QK\x01a.", b"K\x00Q(K\x01e.", b"K\x01Q)R.", b"K\x02Q)R.", b"K\x02Q)\x81."])
def test_what_persistent_load_gave_is_a_value(stream: bytes) -> None:
    with pytest.raises(perdure.UntrustedError):
        Asking(io.BytesIO(stream), trusted=[Point]).load()
    assert LIST == []


class Finding(perdure.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if name == "forbidden":
            raise pickle.UnpicklingError("not with me")
        return {"Point": Point, "function": made_by, "OrderedDict": collections.OrderedDict}.get(
            name
        ) or super().find_class(module, name)


def test_a_find_class_of_ones_own() -> None:
    def load(stream: bytes, **options: Any) -> Any:
        return Finding(io.BytesIO(stream), **options).load()

    assert load(pickle.dumps(Point(1))) == Point(1)
    assert load(pickle.dumps([collections.OrderedDict(a=1), {2}], 2)) == [collections.OrderedDict(a=1), {2}]
    with pytest.raises(pickle.UnpicklingError, match="not with me") as caught:
        load(named("x", "forbidden"))
    assert type(caught.value) is pickle.UnpicklingError
    with pytest.raises(perdure.UntrustedError):
        load(named("os", "system"))
    with pytest.raises(perdure.UntrustedError):
        load(b"cx\nfunction\n(K\x01tR.")  # a bare function is a value
    assert load(b"cx\nfunction\n.") is made_by
    assert load(b"cx\nfunction\n(K\x01tR.", trusted=[made_by]) == Point(1)


def test_find_class_of_another_trusts_nothing_here() -> None:
    Finding(io.BytesIO(pickle.dumps(Point(1)))).load()
    with pytest.raises(perdure.UntrustedError):
        perdure.loads(pickle.dumps(Point(1)))


def test_a_named_tuple_as_a_key_too_deep() -> None:
    stream = f"}}c{__name__}\nRow\nq\x000".encode() + b"h\x00" * 1000 + b"N" + b"N\x86\x81" * 1000 + b"Ns."
    with pytest.raises(perdure.LimitError):
        perdure.loads(stream, trusted=[Row])


def test_modules_that_are_none() -> None:
    sys.modules["perdure_odd"] = types.SimpleNamespace(Point=Point)  # type: ignore[assignment]
    try:
        with pytest.raises(perdure.UntrustedError):
            perdure.loads(named("perdure_odd", "Point"), trusted=["perdure_odd.Point"])
    finally:
        del sys.modules["perdure_odd"]
