"""numpy's protocol 5 arrays are read as numpy's own function would make them: values, flags, base."""

import pickle

import numpy
import pytest

import perdure
from perdure import pickle as ours

DTYPES = ["f8", "f4", "f2", "c16", "i1", "u8", "?", "S3", "U5", "M8[s]", "m8[D]", ">i4", "V6", "g",
          [("a", "i4"), ("b", "f8")]]


@pytest.mark.parametrize("shape", [(6,), (1,), (2, 3), (3, 2, 1), (0,), ()], ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("writeable", [True, False])
@pytest.mark.parametrize("writer", [ours, pickle])
def test_an_array_is_what_numpy_would_make(dtype, shape, writeable, writer):
    array = numpy.zeros(shape, dtype)
    array.flags.writeable = writeable
    for value in (array, [array] * 2, [array, array.copy()]):
        stream = writer.dumps(value, 5)
        for expected, found in zip(leaves(pickle.loads(stream)), leaves(ours.loads(stream)), strict=True):
            assert found.tobytes() == expected.tobytes()
            assert (found.dtype, found.shape, found.strides) == (expected.dtype, expected.shape, expected.strides)
            assert str(found.flags) == str(expected.flags)


def leaves(value):
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("shape", [(4,), (2, 2)])
def test_the_memory_under_an_array_stays(shape):
    stream = ours.dumps(numpy.arange(4.0).reshape(shape), 5)
    arrays = [ours.loads(stream) for _ in range(1000)]
    arrays[0][...] = 7
    assert all(array.ravel().tolist() == [0, 1, 2, 3] for array in arrays[1:])
    base = arrays[0]
    while isinstance(base, numpy.ndarray):
        base = base.base
    with pytest.raises(BufferError):
        base.obj.append(1)


class Like:
    """All that is asked of a dtype, but none."""

    hasobject, subdtype, itemsize = False, None, 8


class Forged:
    def __reduce__(self):
        return numpy.arange(2.0).__reduce_ex__(5)[0], (bytearray(16), Like(), (2,), "C")


def test_a_stranger_in_the_place_of_a_dtype_is_left_to_numpy(monkeypatch):
    monkeypatch.setattr(Like, "__module__", "numpy")
    monkeypatch.setattr(numpy, "Like", Like, raising=False)
    with pytest.raises(TypeError):
        ours.loads(ours.dumps([numpy.arange(3.0), Forged()], 5))



def test_what_lies_in_another_order() -> None:
    rows = numpy.arange(6).reshape(2, 3)
    for array in (numpy.asfortranarray(rows), rows[:, ::2], rows.T, numpy.array([None, "x"], dtype=object)):
        for value in ([array, array], [array, array.copy(order="K")]):
            back = pickle.loads(ours.dumps(value, 5))
            expected = pickle.loads(pickle.dumps(value, 5))
            assert [one.tolist() for one in back] == [one.tolist() for one in value]
            assert [one.strides for one in back] == [one.strides for one in expected]
            assert (back[0] is back[1]) == (value[0] is value[1])


def test_where_an_array_s_dtype_failed() -> None:
    """Its metadata can't be pickled: found in the arguments of the call that makes the array."""
    array = numpy.zeros(3, numpy.dtype("f8", metadata={"a": (i for i in ())}))
    with pytest.raises(TypeError, match="cannot pickle 'generator' object") as mine:
        ours.dumps([array], 5)
    assert mine.value.__notes__[-4:] == [
        "when serializing tuple item 1", "when serializing numpy.ndarray reconstructor arguments",
        "when serializing numpy.ndarray object", "when serializing list item 0"]
    with pytest.raises(TypeError) as mine:
        perdure.dumps([array], protocol=5)
    assert "root[0].__reduce__()[1][1]" in str(mine.value) + str(mine.value.__notes__)
