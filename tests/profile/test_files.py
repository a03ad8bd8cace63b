"""Files of old releases load as by the standard module, where that can still read them (files/README.md)."""

import gzip
import pickle
import warnings
from pathlib import Path
from typing import Any

import pytest

import perdure

np = pytest.importorskip("numpy")

from tests.profile.compare import same

# A pickle of streams, which we wrote ourselves.
FILES = {
    path.name.removesuffix(".streams.gz"): pickle.loads(gzip.decompress(path.read_bytes()))
    for path in sorted((Path(__file__).parent / "files").glob("*.streams.gz"))
}


def asked(module: str, name: str, found: Any) -> Any:
    """What there is to compare of something."""
    if module == "networkx":
        from tests.profile.networkx_cases import content

        return content(found)
    if module == "scipy":
        from tests.profile.scipy_cases import CASES

        return CASES[name][1](found) if name in CASES else found.toarray()
    if isinstance(found, np.random.Generator):
        return found.bit_generator.state, found.random(3)
    if isinstance(found, np.random.BitGenerator):
        return found.state  # before 2.0 nothing says how it was seeded
    if isinstance(found, np.random.RandomState):
        return found.get_state()
    if isinstance(found, np.random.SeedSequence):
        return found.state, found.generate_state(4)
    if isinstance(found, np.dtype):
        return found.str, found.fields and list(found.fields), dict(found.metadata or {})
    if hasattr(found, "coef"):
        return [part if isinstance(part, (np.ndarray, str)) else None for part in vars(found).values()]
    return found


@pytest.mark.parametrize(
    ("file", "name"), [(file, name) for file, streams in FILES.items() for name in streams], ids=lambda part: part
)
def test_old_streams(file: str, name: str) -> None:
    module, release = file.split("-")
    pytest.importorskip(module)
    stream = FILES[file][name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case = name.rpartition(", protocol ")[0]
        try:
            expected = pickle.loads(stream)
            answer = asked(module, case, expected)
            same(answer, answer)
        except Exception as error:
            pytest.skip(f"this release can't use what the standard module reads: {type(error).__name__}")
        found = perdure.loads(stream, trusted=[module])
        assert type(found) is type(expected)
        assert not isinstance(found, np.dtype) or found == expected
        same(asked(module, case, found), answer)
