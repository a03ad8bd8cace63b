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


@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
def test_an_array_that_contains_itself(shape):
    """numpy adds it up by recursion in C, until the stack is at its end."""
    numpy = pytest.importorskip("numpy")
    array = numpy.empty(shape, object)
    array[...] = None
    for place in numpy.ndindex(shape):
        array[place] = array
    if shape == ():
        stream = b"\x80\x04cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btRq\x00(K\x01)"
        streams = [stream + b"cnumpy\ndtype\n(X\x01\x00\x00\x00O\x89\x88tR\x89(h\x00ltb."]
    else:
        streams = [pickle.dumps(array, protocol) for protocol in range(6)]
    for stream in streams:
        with pytest.raises(perdure.CorruptError, match="in use already"):
            perdure.loads(stream)
