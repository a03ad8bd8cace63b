"""The pack "scipy", and scipy.sparse in the profile: what loads answers as what the standard module loads."""

import pickle
import warnings

import numpy as np
import pytest

import perdure
from perdure import CorruptError, UntrustedError

scipy = pytest.importorskip("scipy", reason="the pack's own library is not installed")

from scipy import sparse

from tests.profile.apart import verdicts
from tests.profile.compare import same
from tests.profile.forge import having, tampered
from tests.profile.hostile_scipy import CASES as HOSTILE
from tests.profile.hostile_scipy import REBUILT, VORONOI
from tests.profile.scipy_cases import CASES, SCIPY

FORMS = [f"{form}_{what}" for form in ("csr", "csc", "coo", "bsr", "dia", "dok", "lil") for what in ("matrix", "array")]
DENSE = np.array([[1, 0, 2, 0], [0, 0, 3.5, 1]])


@pytest.mark.parametrize("name", CASES)
def test_what_the_pack_loads(name: str) -> None:
    found, ask = CASES[name]
    for protocol in range(6):
        try:
            stream = pickle.dumps(found, protocol)
        except (TypeError, AttributeError, pickle.PicklingError):
            continue  # what this release itself can't pickle by this protocol
        one, other = perdure.loads(stream, trusted=["scipy"]), pickle.loads(stream)
        assert type(one) is type(other)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            same(ask(one), ask(other), f"protocol {protocol}")


@pytest.mark.parametrize("form", FORMS)
def test_sparse(form: str) -> None:
    made = getattr(sparse, form)
    for found in (made(DENSE), made(np.zeros((2, 3))), made(DENSE.astype(bool)), made(DENSE * 1j)):
        for protocol in range(6):
            stream = pickle.dumps(found, protocol)
            one, other = perdure.loads(stream), pickle.loads(stream)
            same(one, other)
            assert vars(one).keys() == vars(other).keys()
            same((one @ np.ones(found.shape[1])), (other @ np.ones(found.shape[1])))
            if protocol < 2:  # as releases before 1.8 named them
                same(perdure.loads(stream.replace(b"scipy.sparse._", b"scipy.sparse.")), other)


@pytest.mark.skipif(SCIPY < (1, 15), reason="scipy has those from 1.15 on")
def test_sparse_of_other_dimensions() -> None:
    for found in (sparse.coo_array(np.arange(6)), sparse.csr_array(np.arange(6)), sparse.dok_array(np.arange(6))):
        same(perdure.loads(pickle.dumps(found)), found)
    found = sparse.coo_array(np.arange(8).reshape(2, 2, 2))
    same(perdure.loads(pickle.dumps(found)), found)


def test_sparse_with_room_for_more_is_cut() -> None:
    found = sparse.csr_matrix(DENSE)
    found.indices = np.concatenate((found.indices, [10**6])).astype(found.indices.dtype)
    found.data = np.concatenate((found.data, [1.0]))
    one = perdure.loads(pickle.dumps(found))
    assert len(one.indices) == one.nnz == 4
    same(one.toarray(), DENSE)


def test_sparse_in_another_order_than_it_says() -> None:
    found = sparse.csr_matrix((np.ones(2), np.array([2, 0]), np.array([0, 2])), shape=(1, 3))
    found.has_sorted_indices = True
    one = perdure.loads(pickle.dumps(found))
    assert not one.has_sorted_indices  # looked at again


def test_what_a_stream_could_still_change_is_copied() -> None:
    """The lists of a lil, through the memo, after it was proven."""
    rows = [[0], [1]]
    found = sparse.lil_matrix(np.eye(2))
    found.rows[:] = rows
    stream = pickle.dumps([found.rows[0], found], 4)
    one = perdure.loads(stream)
    assert one[0] == [0] and one[1].rows[0] == [0] and one[1].rows[0] is not one[0]


@pytest.mark.parametrize("case", HOSTILE)
def test_states_that_are_not_sound(case: str) -> None:
    verdict = verdicts("tests.profile.hostile_scipy")[case]
    if case in REBUILT:
        assert verdict == "loaded"
    else:
        assert verdict.startswith(("CorruptError: ", "UntrustedError: ", "LimitError: ")), verdict


def test_points_of_a_sphere_that_lie_together() -> None:
    """scipy lists all pairs of such before it looks at anything else: with n points, half of n * n."""
    points = np.random.RandomState(0).uniform(size=(100, 3))
    stream = tampered(VORONOI, type(VORONOI), having(points=points, radius=3e6))
    with pytest.raises(CorruptError, match="lie apart"):
        perdure.loads(stream, trusted=["scipy"])


def test_nothing_of_it_loads_without_the_pack() -> None:
    with pytest.raises(UntrustedError):
        perdure.loads(pickle.dumps(CASES["BSpline"][0]))
    with pytest.raises(CorruptError):
        perdure.loads(pickle.dumps(CASES["frozen norm"][0]).replace(b"norm_gen", b"beta_gen"), trusted=["scipy"])


CLASS = b"cscipy.spatial._ckdtree\ncKDTree\n"
NEW = b"c__builtin__\ngetattr\n(" + CLASS + b"V__new__\ntR"
UNFILLED = {
    "NEWOBJ": CLASS + b")\x81.",
    "__newobj__": b"ccopyreg\n__newobj__\n(" + CLASS + b"tR.",
    "__newobj_ex__": b"ccopyreg\n__newobj_ex__\n(" + CLASS + b")}tR.",
    "_reconstructor": b"ccopyreg\n_reconstructor\n(" + CLASS + b"c__builtin__\nobject\nNtR.",
    "a partial of __new__": b"cfunctools\npartial\n" + NEW + b"q\0\x85R(h\0(" + CLASS + b"t}Ntb)R.",
}


@pytest.mark.parametrize("way", UNFILLED)
def test_a_tree_that_is_never_filled_in(way):
    """Its fields in C are what was in memory."""
    with pytest.raises(perdure.CorruptError, match="left empty"):
        perdure.loads(UNFILLED[way], trusted=["scipy"])
