"""Errors on load say where in the object they arose, and the policy door what and where in the stream."""

import collections
import pickle

import pytest

from perdure._engine.reader.unpickler import load_policy, loads, loads_policy
from perdure.errors import CorruptError, LimitError, TruncatedError, UntrustedError
from perdure.policy import policy_for

BUILT_IN = policy_for(None)


class Bad:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return int, ("no number",)


class Session:
    def __init__(self) -> None:
        self.session = Bad()
        self.other = 1


class Slots:
    __slots__ = ("a", "b")

    def __init__(self) -> None:
        self.a = 1
        self.b = Bad()


PLACES = [
    ({"users": [1, 2, 3, Session()], "x": 1}, "root['users'][3].session"),
    ([1, [2, (3, 4, 5, Bad())]], "root[1][1][3]"), ({"k": {1: [Bad(), 1]}}, "root['k'][1][0]"), (Slots(), "root.b"),
    ((1, Bad()), "root[1]"), ([0] * 3000 + [Bad()], "root[3000]"), ({i: i for i in range(3000)} | {"q": Bad()}, "root['q']"),
    ([Bad()], "root[0]"), ({"one": Bad()}, "root['one']"), (collections.OrderedDict(a=Bad()), "root['a']"),
    ([Session()] * 2, "root[0].session"),
]


@pytest.mark.parametrize(("value", "place"), PLACES, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_places(value: object, place: str, protocol: int) -> None:
    stream = pickle.dumps(value, protocol)
    with pytest.raises(ValueError, match="no number") as caught:
        loads(stream)
    assert caught.value.__notes__ == [f"at {place}"]
    with pytest.raises(UntrustedError) as refused:
        loads_policy(stream, BUILT_IN)
    assert refused.value.names


def test_places_in_what_ends_too_early() -> None:
    stream = pickle.dumps({"users": [{"id": 1}, {"id": 2, "name": ["x", "y"]}]}, 2)
    with pytest.raises(pickle.UnpicklingError) as caught:
        loads(stream[: stream.index(b"y") - 2])
    assert caught.value.__notes__ == ["at root['users'][1]['name'][1]"]


MALFORMED = [b"\x01", b"Iabc\n.", b"\x8c\x01\xff.", b"}]Ns.", b"h\x05.", b"\x80\x09N.", b"0.", b"}(Nu.", b"\x82\x00.", b"\x82\xfe."]
UNTRUSTED = [b"cos\nsystem\n(S'true'\ntR.", b"c_codecs\nencode\n.", b"](c_codecs\nencode\ne.", b"c_codecs\nencode\n\x85.",
             b"c_codecs\nencode\nq\x000](h\x00e.", b"c_codecs\nencode\n2\x86.", b"]}b.", b"])R.", b"c_codecs\nencode\n)\x81.", b"(ios\nsystem\n."]


@pytest.mark.parametrize("stream", MALFORMED, ids=repr)
def test_malformed(stream: bytes) -> None:
    for policy in (None, BUILT_IN):
        with pytest.raises(CorruptError) as caught:
            loads_policy(stream, policy)
        assert isinstance(caught.value.offset, int)
        assert caught.value.__cause__ is not None


@pytest.mark.parametrize("stream", UNTRUSTED, ids=repr)
def test_untrusted(stream: bytes) -> None:
    with pytest.raises(UntrustedError):
        loads_policy(stream, BUILT_IN)


@pytest.mark.parametrize("value", [
    None, 2**70, 1.5, "a", b"", b"abc", bytearray(b"abc"), {1, 2}, frozenset([3]), 1 + 2j, range(3), slice(1, 2, 3), ..., True,
    [1, [2]], {"a": (1, 2)}, {(1, 2), (3, 4)},
], ids=repr)
@pytest.mark.parametrize("protocol", range(6))
def test_built_in_values_need_no_trust(value: object, protocol: int) -> None:
    assert loads_policy(pickle.dumps(value, protocol), BUILT_IN) == value


def test_truncation_is_an_eoferror_too() -> None:
    import io

    stream = pickle.dumps([1, "two", 3.0], 5)
    for size in range(len(stream)):
        for load in (loads_policy, lambda data, policy: load_policy(io.BytesIO(data), policy)):
            with pytest.raises(TruncatedError) as caught:
                load(stream[:size], BUILT_IN)
            assert isinstance(caught.value, (EOFError, ValueError))


def test_work_out_of_proportion() -> None:
    bomb = b"\x80\x04}N" + b"2\x86" * 60 + b"Ns."
    with pytest.raises(LimitError) as caught:
        loads_policy(bomb, BUILT_IN)
    assert caught.value.limit == "hashing"
    with pytest.raises(LimitError) as caught:
        loads_policy(b"\x80\x04}N" + b"\x85" * 5000 + b"Ns.", BUILT_IN)
    assert caught.value.limit == "depth"
    with pytest.raises(RecursionError):
        loads(b"\x80\x04}N" + b"\x85" * 200_000 + b"Ns.")


def test_user_code_keeps_its_exceptions() -> None:
    with pytest.raises(ZeroDivisionError):
        loads_policy(b"coperator\nfloordiv\nK\x01K\x00\x86R.", None)
