"""Instances: each short cut comes to what the standard rules come to."""

import collections
import dataclasses
import datetime
import enum
import pickle
import typing
import uuid

import pytest

from perdure._engine.reader.unpickler import Unpickler, loads


class Plain:
    pass


@dataclasses.dataclass
class Point:
    x: int
    y: object = None


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: int


@dataclasses.dataclass(slots=True)
class Slots:
    x: int
    y: object = None


@dataclasses.dataclass(slots=True, frozen=True)
class FrozenSlots:
    x: int


class Both(Slots):
    """Slots and a dict."""


class Guarded:
    """A property by the name of an attribute: state goes to the dict, never through it."""

    def __init__(self) -> None:
        self.__dict__["x"] = 1

    @property
    def x(self) -> int:
        return -1

    @x.setter
    def x(self, value: int) -> None:
        raise AssertionError("a setter was called")


class Loud:
    def __setattr__(self, name: str, value: object) -> None:
        raise AssertionError("__setattr__ was called")


class Stateful:
    def __getstate__(self) -> object:
        return "the state"

    def __setstate__(self, state: object) -> None:
        self.seen = state


class Answers:
    """A class that has every attribute, __setstate__ too."""

    def __getattr__(self, name: str) -> object:
        return lambda *args: self.__dict__.update(answered=name, args=args)


class New:
    def __new__(cls, *args: object) -> "New":
        self = super().__new__(cls)
        self.args = args
        return self

    def __getnewargs__(self) -> tuple[int, int]:
        return 1, 2


class Pair(typing.NamedTuple):
    first: object
    second: object


class Tagged(Pair):
    """A named tuple with a dict."""


class Odd(collections.namedtuple("Odd", "a b")):
    def __new__(cls, a: object, b: object) -> "Odd":
        return super().__new__(cls, b, a)


class Colour(enum.Enum):
    RED = 1


def instances() -> list[object]:
    plain = Plain()
    plain.__dict__.update({"a": 1, "longer than sixteen characters": 2, "\xe9": 3})
    both = Both(1, 2)
    both.z = 3
    tagged = Tagged(1, 2)
    tagged.note = "x"
    loud = Loud()
    loud.__dict__["a"] = 1
    return [
        plain, Plain(), Point(1), Point(1, Point(2)), Frozen(1), Slots(1), Slots(1, Slots(2)), FrozenSlots(1), both, loud,
        Guarded(), Stateful(), New(), Pair(1, [2]), tagged, Odd(1, 2), Colour.RED, datetime.datetime(2001, 2, 3, 4, 5, 6, 7),
        datetime.datetime(2001, 2, 3, fold=1), datetime.datetime(1, 1, 1, tzinfo=datetime.UTC),
        datetime.date(9999, 12, 31), datetime.time(1, 2), datetime.timedelta(1), uuid.UUID(int=2**127 + 1),
        uuid.UUID(int=1, is_safe=uuid.SafeUUID.safe), collections.OrderedDict(a=1), collections.Counter("aab"),
        collections.defaultdict(list, a=[1]), collections.deque([1, 2], 5), ValueError("x"),
    ]


def look(value: object) -> object:
    """What can be compared of any of the instances."""
    slots = {
        name: look(getattr(value, name))
        for cls in type(value).__mro__
        for name in getattr(cls, "__slots__", ())
        if hasattr(value, name) and not name.startswith("__")
    }
    return type(value), repr(value) if "0x" not in repr(value) else None, slots, repr(getattr(value, "__dict__", None))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", instances(), ids=lambda value: type(value).__name__)
def test_as_the_standard_library_reads_them(value: object, protocol: int) -> None:
    try:
        streams = [pickle.dumps(value, protocol), pickle.dumps([value] * 3, protocol)]
    except TypeError:  # slots, before protocol 2
        return
    for stream in streams:
        expected, made = pickle.loads(stream), loads(stream)
        if isinstance(expected, list) and type(value) is not list:
            assert made[0] is made[1]
            expected, made = expected[0], made[0]
        assert look(made) == look(expected)


@pytest.mark.parametrize("value", instances(), ids=lambda value: type(value).__name__)
def test_many_of_them(value: object) -> None:
    """Beyond a few, C pickle's streams are looked through for what is memoized for nothing."""
    import copy

    values = [copy.copy(value) for _ in range(50)]
    for protocol in (2, 4, 5):
        stream = pickle.dumps([values, values], protocol)
        expected, made = pickle.loads(stream), loads(stream)
        assert made[0] is made[1]
        assert [look(one) for one in made[0]] == [look(one) for one in expected[0]]


class SlotsOfItsOwn:
    """Takes the state of its slots itself: the short cut looks, and leaves it."""

    __slots__ = ("x",)

    def __setstate__(self, state: tuple[None, dict[str, object]]) -> None:
        self.x = state[1]["x"]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_short_cut_that_is_not_taken_numbers_nothing(protocol: int) -> None:
    """So many that the stream is searched for what is got again; then each text is."""
    many = [SlotsOfItsOwn() for _ in range(300)]
    for number, each in enumerate(many):
        each.x = f"text {number}"
    found, *texts = loads(pickle.dumps([many, *(each.x for each in many)], protocol))
    assert [each.x for each in found] == texts == [f"text {number}" for number in range(300)]


def test_a_state_dict_that_is_wanted_again() -> None:
    values = []
    for i in range(40):
        one = Plain()
        one.number = i
        values += [one, one.__dict__]
    for protocol in (2, 4, 5):
        made = loads(pickle.dumps(values, protocol))
        assert [state["number"] for state in made[1::2]] == list(range(40))


def test_attributes_stay_inline_and_interned() -> None:
    made = loads(pickle.dumps([Point(1), Point(2)], 5))
    assert [(one.x, one.y) for one in made] == [(1, None), (2, None)]
    made[0].x = 5
    assert vars(made[0]) == {"x": 5, "y": None}


def test_a_class_that_changes_is_studied_again() -> None:
    class Changing:
        pass

    globals()["Changing"] = Changing
    Changing.__qualname__ = "Changing"
    one = Changing()
    one.x, one.y = 1, 2
    stream = pickle.dumps(one, 5)
    assert loads(stream).x == 1
    Changing.__setstate__ = lambda self, state: self.__dict__.update(seen=state)
    assert loads(stream).seen == {"x": 1, "y": 2}
    del Changing.__setstate__
    Changing.x = property(lambda self: -1)
    assert vars(loads(stream)) == {"x": 1, "y": 2}


def test_every_attribute_there_is() -> None:
    base = b"\x80\x04c" + __name__.encode() + b"\nAnswers\n)\x81}(\x8c\x01aK\x01\x8c\x01bK\x02ub."
    assert vars(loads(base)) == {"answered": "__setstate__", "args": ({"a": 1, "b": 2},)}


@pytest.mark.parametrize("state", [
    b"}(\x8c\x09__class__K\x01\x8c\x01aK\x02ub", b"}(K\x01K\x02ub", b"}(\x8c\x08__dict__K\x01ub", b"}(\x8c\x01aK\x01ub",
    b"N}(\x8c\x01aK\x01u\x86b", b"}}(\x8c\x01aK\x01u\x86b", b"}\x8c\x01aK\x01sb", b"}\x94\x8c\x01aK\x01sb",
    b"}\x94(\x8c\x01aK\x01ub", b"}(ub", b"}b", b"Nb", b"NN\x86b", b")b", b"K\x01b", b"}(\x8c\x01aK\x01\x8c\x01aK\x02ub",
    b"}(\x8c\x0c__setstate__cbuiltins\nint\nub", b"]}\x86b", b"}]\x86b", b"}(]Nub",
])
@pytest.mark.parametrize("cls", ["Plain", "Slots", "Guarded", "Loud", "Stateful"])
def test_states_of_all_kinds(cls: str, state: bytes) -> None:
    stream = b"\x80\x04c" + f"{__name__}\n{cls}\n".encode() + b")\x81" + state + b"."
    outcomes = []
    for load in (pickle.loads, loads):
        try:
            outcomes.append(look(load(stream)))
        except Exception as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("body", [
    b"\x07\xd1\x02\x03\x04\x05\x06\x00\x00\x07", b"\x07\xd1\x82\x03\x04\x05\x06\x00\x00\x07", b"\x07\xd1\x0d\x03\x04\x05\x06\0\0\0",
    b"\x07\xd1\x02\x1f\x04\x05\x06\0\0\0", b"\x07\xd1\x02\x03\x18\x05\x06\0\0\0", b"\0\0\x01\x01\0\0\0\0\0\0", b"\xff" * 10,
    b"\x07\xd1\x02\x03\x04\x05\x06\xff\xff\xff",
])
def test_datetimes_whatever_their_bytes(body: bytes) -> None:
    """Out of range, the class itself decides, as for the standard module."""
    stream = b"\x80\x04cdatetime\ndatetime\nC\x0a" + body + b"\x85R."
    outcomes = []
    for load in (pickle.loads, loads):
        try:
            made = load(stream)
            outcomes.append(made.__reduce__()[1])
        except Exception as error:
            outcomes.append((type(error), str(error)))
    assert outcomes[0] == outcomes[1]


def test_named_tuples_of_the_wrong_length() -> None:
    stream = b"\x80\x04c" + __name__.encode() + b"\nPair\nK\x01\x85\x81."
    with pytest.raises(TypeError, match="second"):
        loads(stream)


def test_arrays() -> None:
    np = pytest.importorskip("numpy")
    values = [
        np.arange(6), np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array(5), np.zeros((0, 3)),
        np.array(["a", "bc"]), np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), np.array(["2020"], "M8[D]"),
        np.array([1, None], dtype=object), np.arange(5, dtype=">i4"), np.arange(24).reshape(2, 3, 4)[::2], np.float64(3.5),
    ]
    frozen = np.arange(3)
    frozen.setflags(write=False)
    for protocol in (4, 5):
        for value in [*values, frozen, *([value] * 2 for value in values)]:
            stream = pickle.dumps(value, protocol)
            expected, made = pickle.loads(stream), loads(stream)
            if isinstance(value, list):
                expected, made = expected[1], made[1]
            assert (made.dtype, made.shape, made.strides, str(made.flags)) == (
                expected.dtype, expected.shape, expected.strides, str(expected.flags))
            assert made.tolist() == expected.tolist()


def test_arrays_whose_sizes_disagree() -> None:
    np = pytest.importorskip("numpy")
    stream = pickle.dumps(np.arange(3, dtype="u1"), 5)
    assert stream.count(b"K\x03\x85") == 1
    for shape in (b"K\x04\x85", b"K\x02\x85", b"J\xff\xff\xff\xff\x85", b"N\x85", b"K\x03K\x02\x86"):
        outcomes = []
        for load in (pickle.loads, loads):
            try:
                outcomes.append(load(stream.replace(b"K\x03\x85", shape)).tolist())
            except Exception as error:
                outcomes.append((type(error), str(error)))
        assert outcomes[0] == outcomes[1]


def test_an_unpickler_keeps_every_memo_entry() -> None:
    import io

    points = [Point(i) for i in range(30)]
    file = io.BytesIO()
    pickler = pickle.Pickler(file, 5)
    pickler.dump(points)
    pickler.dump([points[3], vars(points[3])])
    file.seek(0)
    unpickler = Unpickler(file)
    first = unpickler.load()
    again, state = unpickler.load()
    assert again is first[3]
    assert state == {"x": 3, "y": None}


@pytest.mark.parametrize("count", [0, 1, 5, 6, 64, 65, 5000])
def test_an_ordered_dict_is_whole_however_it_was_filled(count: int) -> None:
    value = collections.OrderedDict((f"key {i}", [i]) for i in range(count))
    for stream in [pickle.dumps(value, protocol) for protocol in range(6)] * 3:
        back, other = loads(stream), pickle.loads(stream)
        assert type(back) is collections.OrderedDict
        assert list(back.items()) == list(value.items())
        assert back.__sizeof__() == other.__sizeof__()
        back["last"] = back["first"] = None
        back.move_to_end("first", last=False)
        for i in range(0, count, 2):
            del back[f"key {i}"]
        assert list(back) == ["first", *list(value)[1::2], "last"] == list(reversed(back))[::-1]
        assert back.copy() == back
        assert [back.popitem(last=False)[0] for _ in range(len(back))][-1] == "last"


def test_an_ordered_dict_takes_keys_that_repeat_or_are_no_text() -> None:
    head, pair = b"ccollections\nOrderedDict\n)R(", b"\x8c\x02aaK\x01\x8c\x02bbK\x02"
    for middle in (b"", b"\x8c\x02aaK\x03", b"K\x07K\x03", b"\x8c\x02ccN\x8c\x02bbK\x04\x8c\x02aaK\x05"):
        for _ in range(3):  # the third time by a template, if by any
            stream = head + pair + middle + b"u."
            back = loads(stream)
            assert list(back.items()) == list(pickle.loads(stream).items()) == list(reversed(back.items()))[::-1]
    assert list(loads(head + pair + b"u(\x8c\x02aaN\x8c\x02ccNu.").items()) == [("aa", None), ("bb", 2), ("cc", None)]
