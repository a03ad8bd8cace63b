"""What is part of something is not filled in any more, whoever holds it: BUILD counts holders, and streams try to
take themselves out of the count."""

import pickle

import pytest

import perdure

UUID = b"cuuid\nUUID\n)\x81"
STATE = b"}X\x03\x00\x00\x00intK\x01s"


@pytest.mark.parametrize("put", [b"q\x00", b"r\x00\x00\x00\x00", b"p0\n"])
def test_a_place_in_the_memo_given_to_something_else(put):
    with pytest.raises(perdure.CorruptError, match="in use already"):
        perdure.loads(b"\x80\x02]" + UUID + put + b"ah\x00N" + put + b"0" + STATE + b"b0.")


def test_a_place_far_out_in_the_memo():
    put, get = b"r\x00\x00\x01\x00", b"j\x00\x00\x01\x00"
    with pytest.raises(perdure.CorruptError, match="in use already"):
        perdure.loads(b"\x80\x02]" + UUID + put + b"a" + get + b"N" + put + b"0" + STATE + b"b0.")


def test_the_order_that_picklers_write():
    assert perdure.loads(b"\x80\x02]" + UUID + b"q\x00" + STATE + b"ba.")[0].int == 1


def an_array(before: bytes, state: bytes) -> bytes:
    """An empty array, in the memo as 0, that ``state`` fills in."""
    make = b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR"
    return b"\x80\x04" + before + make + b"q\x00" + state


def objects(items: bytes, count: int) -> bytes:
    """The state of an array of objects."""
    return b"(K\x01K" + bytes([count]) + b"\x85cnumpy\ndtype\n(X\x01\x00\x00\x00O\x89\x88tR\x89](" + items + b"et"


def test_an_array_that_contains_itself():
    numpy = pytest.importorskip("numpy")
    for count in (1, 2, 3):
        array = numpy.empty(count + 1, object)
        array[:count] = [array] * count
        for protocol in range(6):
            stream = pickle.dumps(array, protocol)
            found = perdure.loads(stream)
            assert len(found) == count + 1 and all(found[i] is found for i in range(count)) and found[count] is None


@pytest.mark.parametrize("way", ["a list", "a tuple", "the stack", "another array"])
def test_an_array_that_contains_itself_and_is_held_elsewhere(way):
    pytest.importorskip("numpy")
    state = objects(b"h\x00", 1) + b"b"
    assert perdure.loads(an_array(b"", state + b"."))[0].size == 1
    other = an_array(b"", b"")[2:].replace(b"q\x00", b"q\x01") + objects(b"h\x00", 1) + b"b0"
    held = {
        "a list": an_array(b"]", b"ah\x00" + state + b"."),
        "a tuple": an_array(b"", b"\x85q\x020h\x00" + state + b"."),
        "the stack": an_array(b"", b"2" + state + b"0."),
        "another array": an_array(b"", other + state + b"."),
    }[way]
    with pytest.raises(perdure.CorruptError, match="in use already"):
        perdure.loads(held)
