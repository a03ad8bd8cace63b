"""What was proven of an array stays true: nothing else that comes of the stream, and nothing that a library does to
its own arrays in place, writes to the same memory. And what the caller lends stays the caller's."""

import pickle

import pytest

import perdure
from tests.profile.forge import Call, New

np = pytest.importorskip("numpy", reason="numpy is not installed: make .venv/.group-tables")

_frombuffer = np.zeros(1).__reduce_ex__(5)[0]  # in whichever module this release has it


def view(array):
    """Another array of the same memory."""
    return Call(_frombuffer, array, array.dtype, array.shape, "C")


def assert_apart(part, others):
    for other in others:
        assert not other.flags.writeable or not np.shares_memory(part, other)


SHARED = {  # of small arrays numpy has the bytes copied, of large ones it uses them
    "small": np.zeros(8, "i4"),
    "large": np.zeros(2000, "i4"),
}


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("size", SHARED)
def test_codes_and_arrays_of_their_memory(size, protocol):
    pd = pytest.importorskip("pandas")
    from pandas._libs.arrays import __pyx_unpickle_NDArrayBacked as unpickle_backed
    from pandas._libs.sparse import IntIndex

    array = SHARED[size]
    other = view(array)
    dtype = pd.CategoricalDtype(["a", "b"])
    for codes in (array, other):
        made = Call(unpickle_backed, pd.Categorical, 0, None, state=(dtype, codes))
        found = perdure.loads(pickle.dumps([other, array, made], protocol))
        assert_apart(found[2].codes, found[:2])
    positions = np.arange(array.size, dtype="i4")
    for given in (positions, view(positions)):
        found = perdure.loads(pickle.dumps([given, positions, Call(IntIndex, positions.size, given)], protocol))
        assert_apart(found[2].indices, found[:2])


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("size", SHARED)
@pytest.mark.parametrize("form", ["csr", "csc", "coo", "dia", "bsr"])
def test_indices_of_a_sparse_matrix_and_its_values(form, size, protocol):
    """Multiplying its values must not change its indices."""
    sparse = pytest.importorskip("scipy.sparse")
    array = SHARED[size]
    count, cls = array.size, getattr(sparse, f"{form}_matrix")
    bounds = np.array([0, count], "i4")
    if form == "dia":
        array = np.arange(count, dtype="i4")
        state = {"offsets": array, "data": array.reshape(-1, 1), "_shape": (1, count)}
    elif form == "coo":
        state = {"coords": (array, array), "data": array, "_shape": (1, 1)}
    elif form == "bsr":
        state = {"indptr": bounds, "indices": array, "data": array.reshape(-1, 1, 1), "_shape": (1, 1)}
    else:
        state = {"indptr": bounds, "indices": array, "data": array, "_shape": (1, 1)}
    for value in (array, view(array)):
        state = {key: value if part is array else part for key, part in state.items()}
        if "coords" in state:
            state["coords"] = (array, value)
        found, one, other = perdure.loads(pickle.dumps([New(cls, state), array, value], protocol))
        places = [found.offsets] if form == "dia" else [found.row, found.col] if form == "coo" else [found.indices, found.indptr]
        for index, part in enumerate(places):
            assert_apart(part, [one, other, found.data, *places[:index]])
        assert found.toarray().shape == found.shape


def test_sorting_indices_in_place():
    """scipy reads the bounds of each row while it writes the indices, which were the same bytes here."""
    sparse = pytest.importorskip("scipy.sparse")
    array = np.arange(2000, dtype="i4")
    array[-1] = 2000
    state = {"indptr": array, "indices": view(array), "data": np.ones(2000), "_shape": (1999, 2001)}
    found = perdure.loads(pickle.dumps(New(sparse.csr_matrix, state), 5))
    assert not np.shares_memory(found.indptr, found.indices)
    found.indices[:] = 0
    found.sum_duplicates()
    assert found.toarray().sum() == 2000


# ---- what the caller lends -------------------------------------------------------------------



def test_bytes_of_the_caller_stay_as_they_are():
    """numpy makes an array that can be written to of any bytes that it is given."""
    raw = bytes(2000)
    stream = bytearray(pickle.dumps(np.zeros(2000, "u1"), 3)[:-1])
    at = stream.index(b"B\xd0\x07\x00\x00")
    stream = b"\x80\x05" + bytes(stream[2:at]) + b"\x97" + bytes(stream[at + 5 + 2000 :]) + b"."
    found = perdure.loads(stream, buffers=[raw])
    found[:] = 7
    assert raw == bytes(2000)


def test_an_array_of_the_caller_can_still_be_written_to():
    pd = pytest.importorskip("pandas")
    from pandas._libs.arrays import __pyx_unpickle_NDArrayBacked as unpickle_backed

    dtype, mark = pd.CategoricalDtype([0, 1]), "in the place of codes"
    stream = pickle.dumps(Call(unpickle_backed, pd.Categorical, 0, None, state=(dtype, mark)), 2)
    at = stream.index(b"X\x15\x00\x00\x00" + mark.encode())
    stream = b"\x80\x05" + stream[2:at] + b"\x97" + stream[at + 5 + len(mark) :]
    lent = np.zeros(3, "i1")
    found = perdure.loads(stream, buffers=[lent])
    assert lent.flags.writeable and not np.shares_memory(lent, found.codes)


def test_buffers_count_as_input():
    """A large array out of band is not out of proportion to the few bytes of its stream."""
    array = np.zeros(100_000_000, "u1")
    buffers = []
    stream = pickle.dumps([array, array], 5, buffer_callback=buffers.append)
    found, other = perdure.loads(stream, buffers=buffers)
    assert found is other and np.shares_memory(found, array)


# ---- what would be hashed --------------------------------------------------------------------


def nested(depth):
    value = ()
    for _ in range(depth):
        value = (value,)
    return value


def doubled(depth):
    value = None
    for _ in range(depth):
        value = (value, value)
    return value


ITEMS = {"deep": lambda: nested(5000), "wide": lambda: doubled(60), "in a set": lambda: frozenset([nested(600)])}


@pytest.mark.parametrize("name", ITEMS)
def test_items_of_an_array_that_could_not_be_hashed(name):
    """pandas hashes them to group or to count them, by recursion in C."""
    array = np.empty(2, object)
    array[0] = ITEMS[name]()
    for protocol in (2, 5):
        with pytest.raises(perdure.LimitError):
            perdure.loads(perdure.dumps(array, protocol))
    array[0] = nested(100)
    assert perdure.loads(pickle.dumps(array))[0] == array[0]


@pytest.mark.skipif(np.__version__ < "2", reason="numpy has it from 2.0 on")
def test_text_of_any_length_as_numpy_pickles_it():
    array = np.array(["a", "b" * 300, ""], np.dtypes.StringDType())
    for protocol in range(6):
        found = perdure.loads(pickle.dumps(array, protocol))
        assert found.dtype == array.dtype and (found == array).all()
    missing = np.dtypes.StringDType(na_object=None, coerce=False)
    assert perdure.loads(pickle.dumps(missing)) == missing
