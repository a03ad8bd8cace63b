"""What a pack goes through, sorts or makes costs work, each time that a stream has it done: many instances of one state
take few bytes."""

import io
import pickle

import numpy as np
import pytest

import perdure
from perdure import LimitError

pytest.importorskip("sklearn", reason="the packs' libraries are not installed")

from scipy import interpolate, sparse, spatial, stats
from sklearn import isotonic, neighbors, preprocessing, tree
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import _dist_metrics

EUCLIDEAN = "EuclideanDistance64" if hasattr(_dist_metrics, "EuclideanDistance64") else "EuclideanDistance"
POINTS = np.random.RandomState(0).uniform(size=(2000, 2))
LINE = np.arange(2000.0)
_OBJECTS = {
    "BSpline": lambda: interpolate.BSpline(LINE, np.zeros(1996), 3),
    "cKDTree": lambda: spatial.cKDTree(POINTS),
    "Delaunay": lambda: spatial.Delaunay(POINTS),
    "KDTree": lambda: neighbors.KDTree(POINTS),
    "Tree": lambda: tree.DecisionTreeRegressor().fit(POINTS, POINTS[:, 0]).tree_,
    "csr_matrix": lambda: sparse.random(2000, 20, 0.1, format="csr"),
    "distribution": lambda: stats.norm().dist,
    "IsotonicRegression": lambda: isotonic.IsotonicRegression().fit(LINE, LINE),
    "StandardScaler": lambda: preprocessing.StandardScaler().fit(POINTS),
    "vocabulary": lambda: CountVectorizer().fit([" ".join(f"w{i}" for i in range(2000))]),
}


def _many(found: object, count: int) -> bytes:
    """A list of ``count`` objects: what they are made of, and the one state of all, are in the memo."""
    made_by, args, state, *_ = found.__reduce_ex__(3)
    new = made_by.__name__ == "__newobj__"
    file = io.BytesIO()
    pickler = pickle._Pickler(file, 3)  # whose places in the memo are numbers
    file.write(pickle.PROTO + b"\x03")
    for place, thing in enumerate(((args[0], ()) if new else (made_by, args)) + (state,), 50_000):
        pickler.save(thing)
        file.write(pickle.LONG_BINPUT + place.to_bytes(4, "little") + pickle.POP)
    call, args, state = (pickle.LONG_BINGET + place.to_bytes(4, "little") for place in range(50_000, 50_003))
    one = call + args + (pickle.NEWOBJ if new else pickle.REDUCE) + state + pickle.BUILD
    file.write(pickle.EMPTY_LIST + pickle.MARK + one * count + pickle.APPENDS + pickle.STOP)
    return file.getvalue()


@pytest.mark.parametrize("name", _OBJECTS)
def test_many_of_one_state(name: str) -> None:
    found = _OBJECTS[name]()
    few = perdure.loads(_many(found, 2), trusted=["sklearn"])
    assert [type(one) for one in few] == [type(found)] * 2 and few[0] is not few[1]
    with pytest.raises(LimitError):
        perdure.loads(_many(found, 30_000), trusted=["sklearn"])


@pytest.mark.parametrize(
    ("call", "args"),
    [
        ("sklearn.neighbors._kd_tree newObj", "sklearn.neighbors._kd_tree KDTree"),
        ("sklearn.metrics._dist_metrics newObj", f"sklearn.metrics._dist_metrics {EUCLIDEAN}"),
        ("scipy.spatial.transform._rotation Rotation", ""),
    ],
)
def test_many_that_are_never_filled(call: str, args: str) -> None:
    given = b"c" + args.replace(" ", "\n").encode() + b"\n\x85" if args else b")"
    make = pickle.REDUCE if args else pickle.NEWOBJ
    head = b"\x80\x04c" + call.replace(" ", "\n").encode() + b"\nq\x000" + given + b"q\x010"
    one = b"h\x00h\x01" + make
    assert len(perdure.loads(head + b"](" + one * 2 + b"e.", trusted=["sklearn"])) == 2
    with pytest.raises(LimitError):
        perdure.loads(head + b"](" + one * 60_000 + b"e.", trusted=["sklearn"])


def test_what_comes_beside_the_stream_is_worth_as_much() -> None:
    points = np.random.RandomState(0).uniform(size=(500_000, 1))
    found = spatial.cKDTree(points, leafsize=1000)
    buffers: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(found, 5, buffer_callback=buffers.append)
    one = perdure.loads(stream, trusted=["scipy"], buffers=buffers)
    assert one.query([0.5]) == found.query([0.5])
