"""Writes what numpy, scipy and networkx pickle, each into one file of this folder; README.md tells which did.

    python -m tests.profile.files.streams

A file is a pickle, compressed, of a dict of streams by what they hold.
"""

import gzip
import pickle
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
PROTOCOLS = (2, 5)


def numpys() -> Iterator[tuple[str, Any]]:
    for code in ("?", "b", "H", "i4", "u8", "f2", "f4", "f8", "c8", "c16", "S3", "U3", "M8[ns]", "m8[D]", "V4", ">i2", "<U2"):
        array = np.zeros(3, code)
        array[1:] = np.array([b"ab", b"c"], "S3").astype(code) if code in ("S3", "V4") else np.array([1, 0], "i1").astype(code)
        yield f"array of {code}", array
        if array.dtype.isnative and code != "V4":
            yield f"scalar of {code}", array[1]
        yield f"dtype {code}", array.dtype
    record = np.dtype([("a", "i4"), ("b", [("c", "f8"), ("d", "S2")]), ("e", "u1", (2, 2))], align=True)
    yield "objects", np.array(["a", None, {"b": (1, 2)}], object)
    yield "Fortran's order", np.asfortranarray(np.arange(6.0).reshape(2, 3))
    yield "every second", np.arange(10)[::2]
    yield "no dimension", np.array(1.5)
    yield "nothing", np.zeros((0, 3))
    yield "records", np.zeros(2, record)
    yield "a record", np.zeros(2, record)[0]
    yield "dtype of records", record
    yield "dtype with titles", np.dtype({"names": ["a"], "formats": ["i2"], "titles": ["first"]})
    yield "dtype with notes", np.dtype("i4", metadata={"unit": "m"})
    yield "recarray", np.rec.array([(1, 2.5), (3, 4.5)], dtype=[("x", "i4"), ("y", "f8")])
    yield "masked", np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0], fill_value=-1.0)
    yield "masked records", np.ma.array([(1, 2.0), (3, 4.0)], mask=[(0, 1), (0, 0)], dtype=[("a", "i4"), ("b", "f8")])
    yield "all masked", np.ma.masked
    yield "matrix", np.matrix([[1, 2], [3, 4]])
    yield "chararray", np.char.array(["a", "bc"])
    yield "poly1d", np.poly1d([1.0, 2.0, 3.0])
    for name in ("Polynomial", "Chebyshev", "Legendre", "Hermite", "Laguerre"):
        yield name, getattr(np.polynomial, name)([1.0, 2.0, 3.0])
    yield "RandomState", np.random.RandomState(3)
    for name in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"):
        yield name, getattr(np.random, name)(3)
        yield f"Generator of {name}", np.random.Generator(getattr(np.random, name)(3))
    yield "SeedSequence", np.random.SeedSequence(3).spawn(2)[1]
    yield "ufuncs", [np.add, np.sin]
    yield "types", [np.float64, np.ndarray, np.str_, np.datetime64, np.ma.MaskedArray]


def scipys() -> Iterator[tuple[str, Any]]:
    from scipy import sparse

    from tests.profile.scipy_cases import CASES

    dense = np.array([[1, 0, 2, 0], [0, 0, 3.5, 1]])
    for form in ("csr", "csc", "coo", "bsr", "dia", "dok", "lil"):
        for what in ("matrix", "array"):
            yield f"{form}_{what}", getattr(sparse, f"{form}_{what}")(dense)
    yield from ((name, found) for name, (found, _) in CASES.items())


def networkxs() -> Iterator[tuple[str, Any]]:
    from tests.profile.networkx_cases import GRAPHS

    yield from GRAPHS.items()


def write(module: str, found: Iterator[tuple[str, Any]], protocols: tuple[int, ...]) -> None:
    streams = {}
    for name, value in found:
        for protocol in protocols:
            try:
                streams[f"{name}, protocol {protocol}"] = pickle.dumps(value, protocol)
            except (TypeError, AttributeError, pickle.PicklingError):
                pass  # what this release itself can't pickle
    release = ".".join(__import__(module).__version__.split(".")[:2])
    (HERE / f"{module}-{release}.streams.gz").write_bytes(gzip.compress(pickle.dumps(streams, 4), mtime=0))


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write("numpy", numpys(), PROTOCOLS)
        write("scipy", scipys(), (4,))
        write("networkx", networkxs(), (4,))
