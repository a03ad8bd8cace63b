"""The reader, opcode by opcode: what it makes, and what it says of a bad argument or stack."""

import pickle
import struct

import pytest

from perdure._engine.reader.unpickler import Unpickler, loads

MADE = [
    (b"N.", None), (b"\x88.", True), (b"\x89.", False), (b"I01\n.", True), (b"I00\n.", False),
    (b"I1\n.", 1), (b"I 0\n.", 0), (b"I010\n.", 10), (b"I-7\n.", -7), (b"I99999999999999999999\n.", 99999999999999999999),
    (b"K\xff.", 255), (b"M\xff\xff.", 65535), (b"J\xff\xff\xff\xff.", -1), (b"J\xff\xff\xff\x7f.", 2**31 - 1),
    (b"L12L\n.", 12), (b"L12\n.", 12), (b"\x8a\x00.", 0), (b"\x8a\x02\xff\x00.", 255), (b"\x8a\x01\x80.", -128),
    (b"\x8b\x02\0\0\0\xff\x7f.", 32767), (b"F1.5\n.", 1.5), (b"G?\xf8\0\0\0\0\0\0.", 1.5),
    (b"S'a\\n'\n.", "a\n"), (b'S"b"\n.', "b"), (b"U\x02ab.", "ab"), (b"T\x02\0\0\0ab.", "ab"),
    (b"V\\u20ac\n.", "\u20ac"), (b"V\n.", ""), (b"X\x03\0\0\0\xe2\x82\xac.", "\u20ac"), (b"\x8c\0.", ""),
    (b"\x8c\x01a.", "a"), (b"\x8c\x02\xc3\xa9.", "\xe9"), (b"\x8d\x01\0\0\0\0\0\0\0a.", "a"),
    (b"X\x03\0\0\0\xed\xa0\x80.", "\ud800"), (b"\x8c\x04\xf0\x9f\x98\x80.", "\U0001f600"),
    (b"C\x02ab.", b"ab"), (b"B\x02\0\0\0ab.", b"ab"), (b"\x8e\x02\0\0\0\0\0\0\0ab.", b"ab"),
    (b"\x96\x02\0\0\0\0\0\0\0ab.", bytearray(b"ab")),
    (b"].", []), (b"(l.", []), (b"(NNl.", [None, None]), (b"]Na.", [None]), (b"](NNe.", [None, None]), (b"](e.", []),
    (b").", ()), (b"(t.", ()), (b"N\x85.", (None,)), (b"NN\x86.", (None, None)), (b"NNN\x87.", (None,) * 3),
    (b"(NNNNt.", (None,) * 4), (b"}.", {}), (b"(d.", {}), (b"(NNd.", {None: None}), (b"}NNs.", {None: None}),
    (b"}(NNu.", {None: None}), (b"}(u.", {}), (b"}(K\x01K\x02K\x01K\x03u.", {1: 3}),
    (b"\x8f.", set()), (b"\x8f(NK\x01\x90.", {None, 1}), (b"\x8f(\x90.", set()),
    (b"(\x91.", frozenset()), (b"(NN\x91.", frozenset([None])),
    (b"NK\x010.", None), (b"N(0.", None), (b"N(NN1.", None), (b"N2\x86.", (None, None)),
    (b"Np0\n0g0\n.", None), (b"Nq\x000h\x00.", None), (b"Nr\0\0\0\x010j\0\0\0\x01.", None), (b"N\x940h\x00.", None),
    (b"}(1.", {}), (b"}(0.", {}), (b"}(t\x86.", ({}, ())), (b"}(]t\x86.", ({}, ([],))), (b"}\x94(h\x00t\x86.", ({}, ({},))),
    (b"cbuiltins\nint\n.", int), (b"\x8c\x08builtins\x8c\x03int\x93.", int), (b"\x80\x04cbuiltins\nstr.upper\n.", str.upper),
    (b"cbuiltins\nint\n)R.", 0), (b"cbuiltins\nint\n)\x81.", 0), (b"cbuiltins\ncomplex\n)}\x92.", 0j),
    (b"(cbuiltins\nlist\no.", []), (b"(ibuiltins\nlist\n.", []), (b"(V12\nibuiltins\nint\n.", 12),
    (b"\x95\x02\0\0\0\0\0\0\0N..", None), (b"\x95\0\0\0\0\0\0\0\0N.", None),
    (b"\x80\x04\x95\x0a\0\0\0\0\0\0\0N\x95\0\0\0\0\0\0\0\0N.", None),
]
REFUSED = [
    (b"\xff.", pickle.UnpicklingError, r"invalid load key, '\\xff'\."), (b"?.", pickle.UnpicklingError, r"invalid load key, '\?'\."),
    (b"", EOFError, "Ran out of input"), (b"N", EOFError, "Ran out of input"),
    (b"\x80\x06N.", ValueError, "unsupported pickle protocol: 6"), (b"I1x\n.", ValueError, "could not convert string to int"),
    (b"I0x10\n.", ValueError, "could not convert"), (b"Fx\n.", ValueError, "could not convert string to float"),
    (b"\x8b\0\0\0\x80.", pickle.UnpicklingError, "negative byte count"), (b"T\0\0\0\x80.", pickle.UnpicklingError, "negative byte count"),
    (b"Sab\n.", pickle.UnpicklingError, "must be quoted"), (b"S'\n.", pickle.UnpicklingError, "must be quoted"),
    (b"U\x01\xff.", UnicodeDecodeError, "ascii"), (b"\x8c\x01\xff.", UnicodeDecodeError, "utf-8"),
    (b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", OverflowError, "BINUNICODE exceeds"),
    (b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", OverflowError, "BINBYTES exceeds"),
    (b"\x96\xff\xff\xff\xff\xff\xff\xff\xff.", OverflowError, "BYTEARRAY8 exceeds"),
    (b"\x95\xff\xff\xff\xff\xff\xff\xff\xff.", OverflowError, "FRAME length exceeds"),
    (b"}(Nu.", pickle.UnpicklingError, "odd number of items for SETITEMS"), (b"(Nd.", pickle.UnpicklingError, "odd number of items for DICT"),
    (b"}]Ns.", TypeError, "unhashable"), (b"}(]Nu.", TypeError, "unhashable"), (b"\x8f(]\x90.", TypeError, "unhashable"),
    (b"NNa.", AttributeError, "append"), (b"N(Ne.", AttributeError, "append"), (b"N(N\x90.", AttributeError, "add"),
    (b"h\x05.", pickle.UnpicklingError, "Memo value not found at index 5"), (b"g5\n.", pickle.UnpicklingError, "index 5"),
    (b"j\xff\xff\xff\xff.", pickle.UnpicklingError, "index 4294967295"), (b"Np-1\n.", ValueError, "negative PUT argument"),
    (b"\x82\0.", pickle.UnpicklingError, "EXT specifies code <= 0"), (b"\x84\xff\xff\xff\xff.", pickle.UnpicklingError, "code <= 0"),
    (b"\x82\xfe.", ValueError, "unregistered extension code 254"), (b"NN\x93.", pickle.UnpicklingError, "STACK_GLOBAL requires str"),
    (b"NN\x81.", pickle.UnpicklingError, "NEWOBJ class argument must be a type, not NoneType"),
    (b"cbuiltins\nint\nN\x81.", pickle.UnpicklingError, "NEWOBJ args argument must be a tuple, not NoneType"),
    (b"cbuiltins\nint\n)N\x92.", pickle.UnpicklingError, "NEWOBJ_EX kwargs argument must be a dict, not NoneType"),
    (b"N)R.", TypeError, "not callable"), (b"cbuiltins\nint\nNR.", TypeError, "argument list must be a tuple"),
    (b"\x97.", pickle.UnpicklingError, r"no \*buffers\* argument"), (b"Pid\n.", pickle.UnpicklingError, "no persistent_load"),
    (b"NQ.", pickle.UnpicklingError, "no persistent_load"), (b"\x95\x03\0\0\0\0\0\0\0\x8c\x02ab.", pickle.UnpicklingError, "end of frame"),
    (b"\x95\x0c\0\0\0\0\0\0\0N\x95\0\0\0\0\0\0\0\0NN.", pickle.UnpicklingError, "before end of current frame"),
]
UNDERFLOWING = [
    b".", b"0", b"1", b"2", b"a", b"Na", b"e", b"(e", b"s", b"Ns", b"NNs", b"u", b"(u", b"t", b"l", b"d", b"\x85", b"\x86",
    b"N\x86", b"\x87", b"NN\x87", b"R", b"NR", b"\x81", b"N\x81", b"\x92", b"NN\x92", b"b", b"Nb", b"o", b"(o", b"ix\ny\n",
    b"\x93", b"N\x93", b"\x90", b"(\x90", b"\x91", b"q\0", b"r\0\0\0\0", b"p0\n", b"\x94", b"\x98", b"\x97",
    b"N(.", b"N(2", b"N(a", b"](Na", b"NN(s", b"N(NNs", b"N(\x85", b"N(N\x86", b"N(NN\x87", b"N(R", b"NN(R", b"N(NR", b"N(\x81",
    b"N(N\x81", b"N(b", b"N(Nb", b"N((e", b"N((u", b"N((\x90", b"N(\x94", b"N(q\0", b"N(r\0\0\0\0", b"N(p0\n", b"N(\x98",
    b"N(N\x93", b"N(NN\x92", b"}(Ns", b"}(Nb", b"}(a",
]


@pytest.mark.parametrize(("stream", "value"), MADE, ids=repr)
def test_what_it_makes(stream: bytes, value: object) -> None:
    made = loads(stream)
    assert made == value
    assert type(made) is type(value)


@pytest.mark.parametrize(("stream", "error", "text"), REFUSED, ids=repr)
def test_what_it_refuses(stream: bytes, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        loads(stream)


@pytest.mark.parametrize("stream", UNDERFLOWING, ids=repr)
def test_no_opcode_reaches_below_the_topmost_mark(stream: bytes) -> None:
    with pytest.raises((pickle.UnpicklingError, EOFError)):
        loads(stream + b".")


@pytest.mark.parametrize("index", [0, 31, 32, 5000, 2**20, 2**32 - 1])
def test_memo_indices_cost_nothing(index: int) -> None:
    one, other = loads(b"(]r" + struct.pack("<I", index) + b"j" + struct.pack("<I", index) + b"t.")
    assert one is other


def test_memo_numbers_as_the_standard_library_does() -> None:
    streams = [
        b"(Nr\xff\xff\xff\0K\x01\x94j\x01\0\0\0t.", b"(K\x07q\x05K\x08\x94K\x09\x94h\x05h\x01h\x02t.",
        b"(K\x01q\x01K\x02q\x00K\x03\x94h\x02h\x00t.", b"(K\x01q\x00K\x02q\x00K\x03\x94h\x01h\x00t.",
    ]
    for stream in streams:
        assert loads(stream) == pickle._loads(stream)


def test_a_lazy_dict_is_found_by_its_number() -> None:
    inner = loads(b"}\x94(\x8c\x01ah\x00u.")
    assert inner["a"] is inner
    held, (again,) = loads(b"}\x94(h\x00t\x86.")
    assert held is again


def test_small_containers_are_not_shared() -> None:
    stream = b"\x80\x04](}(\x8c\x01aK\x01u}(\x8c\x01aK\x02u}(\x8c\x01aK\x03ue."
    for _ in range(5):
        rows = loads(stream)
        assert rows == [{"a": 1}, {"a": 2}, {"a": 3}]
        rows[0]["b"] = None
        assert rows[1:] == [{"a": 2}, {"a": 3}]


def test_a_templates_values_are_seen_by_the_collector() -> None:
    import gc

    stream = pickle.dumps([{"first": [], "second": 2} for _ in range(5)], 5)
    for _ in range(3):
        assert all(gc.is_tracked(row) for row in loads(stream))


def test_python_2_strings() -> None:
    assert loads(b"U\x02\xe4a.", encoding="latin-1") == "\xe4a"
    assert loads(b"U\x02\xe4a.", encoding="bytes") == b"\xe4a"
    assert loads(b"U\x02\xe4a.", errors="replace") == "\ufffda"
    assert loads(b"S'\\xe4'\n.", encoding="bytes") == b"\xe4"


def test_buffers() -> None:
    assert loads(b"\x97.", buffers=[b"abc"]) == b"abc"
    view = loads(b"\x97\x98.", buffers=[bytearray(b"abc")])
    assert view.readonly
    with pytest.raises(pickle.UnpicklingError, match="not enough out-of-band buffers"):
        loads(b"\x97\x97\x86.", buffers=[b"abc"])


def test_any_contiguous_buffer_is_read() -> None:
    for data in (bytearray(b"N."), memoryview(b"xN.")[1:], pickle.PickleBuffer(b"N.")):
        assert loads(data) is None
    with pytest.raises(BufferError):
        loads(memoryview(b"N.N.")[::2])
    with pytest.raises(TypeError):
        loads("N.")


def test_find_class() -> None:
    import io

    old, new = Unpickler(io.BytesIO()), Unpickler(io.BytesIO(b"\x80\x04N."))
    new.load()
    assert old.find_class("__builtin__", "str") is str
    assert new.find_class("builtins", "str.upper") is str.upper
    with pytest.raises(AttributeError, match=r"Can't resolve path 'log\.spam' on module 'math'"):
        new.find_class("math", "log.spam")
    with pytest.raises(AttributeError, match=r"module 'math' has no attribute 'log\.spam'"):
        old.find_class("math", "log.spam")


@pytest.mark.parametrize("stream", [
    b"\x80\x04}\x94(\x8c\x01a\x94K\x01\x8c\x01b\x94q\x00}\x94\x8c\x01c\x94]\x94h\x05asu.",
    b"\x80\x04}\x94(\x8c\x01a\x94q\x00K\x01\x8c\x01b\x94}\x94\x8c\x01c\x94]\x94h\x05ast.",
    b"\x80\x04]\x94q\x04]\x94]\x94]q\x02]\x94h\x03h\x04\x87.",
    b"\x80\x04}\x94(q\x09]\x94]q\x00]\x94h\x02h\x00e.",
])
def test_a_put_under_a_number_that_is_taken_counts_once(stream):
    """MEMOIZE's number is how many objects are in the memo, the dict that is not made yet among them."""
    try:
        wanted = repr(pickle.loads(stream))
    except pickle.UnpicklingError:
        with pytest.raises(pickle.UnpicklingError):
            loads(stream)
    else:
        assert repr(loads(stream)) == wanted
