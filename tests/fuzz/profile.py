"""The built-in profile under the fuzzer: streams of its types, those that attack it, and doors that use what comes out.

What numpy or pandas made of a state that is not sound crashes late, if at all: when it is printed,
summed, indexed, drawn from or freed. So each result is used; and one door watches what else happens.
"""

import contextlib
import importlib
import pickle
import pkgutil
import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from tests.attacks import victim, watch
from tests.attacks.streams import ATTACKS
from tests.fuzz.doors import Door
from tests.profile.test_standard import VALUES

FEW = 64  # parts of a value that are looked at
SMALL = 1 << 16  # bytes of an array that is used as a whole
SHORT = 500  # bytes of an attack from which others are bred


def numpy_values() -> list[Any]:
    try:
        import numpy
    except ImportError:
        return []
    record = numpy.zeros(3, [("a", "i4"), ("b", "f8", (2,)), ("c", "O")])
    rng = numpy.random
    return [
        numpy.arange(5), numpy.zeros((2, 3), order="F"), numpy.array(7.5), numpy.zeros((0, 3)), numpy.array(["a", "bc"]),
        numpy.array([b"a", b"bc"]), numpy.array([1, "a", None], object), numpy.array([True, False]), record, record[:1],
        numpy.array(["2020-01-01"], "M8[D]"), numpy.array([5], "m8[ns]"), numpy.arange(4, dtype=">i2"), numpy.float64(2),
        numpy.int8(-1), numpy.str_("x"), numpy.datetime64("2020"), numpy.complex64(1j), numpy.bool_(True), numpy.dtype("f8"),
        numpy.dtype([("a", "i2"), ("b", "U3")], align=True), numpy.dtype(("i4", (2, 3))), numpy.dtype("M8[25s]"),
        numpy.dtype({"names": ["x", "y"], "formats": ["u1", "f4"], "offsets": [4, 8], "itemsize": 16}),
        numpy.arange(6).view(numpy.recarray), numpy.matrix([[1, 2]]), numpy.ma.masked_array([1, 2, 3], [0, 1, 0]),
        numpy.ma.masked, numpy.float64, numpy.add, rng.default_rng(1), rng.RandomState(2), rng.Philox(3), rng.SFC64(4),
        rng.MT19937(5), rng.PCG64DXSM(6), rng.SeedSequence(7), numpy.polynomial.Polynomial([1, 2]), numpy.poly1d([1, 2]),
    ]  # fmt: skip


def pandas_values() -> list[Any]:
    try:
        import numpy
        import pandas
    except ImportError:
        return []
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", None], "c": pandas.date_range("2020", periods=2, tz="UTC")})
    return [
        frame, frame.a, frame.b, frame.astype({"b": "category"}), frame.set_index(["a", "b"]), pandas.Timestamp("2020"),
        pandas.Timedelta(1), pandas.Period("2020-01", "M"), pandas.Interval(0, 1), pandas.NaT, pandas.NA,
        pandas.array([1, None], dtype="Int64"), pandas.array([True, None], dtype="boolean"), pandas.RangeIndex(3),
        pandas.interval_range(0, 3), pandas.period_range("2020", periods=3, freq="D"), pandas.offsets.MonthEnd(2),
        pandas.arrays.SparseArray(numpy.array([0, 0, 1.5])), pandas.MultiIndex.from_tuples([(1, "a"), (2, "b")]),
    ]  # fmt: skip


def streams() -> list[bytes]:
    found = []
    for value in [*VALUES, *numpy_values(), *pandas_values()]:
        for protocol in (2, 4, 5):
            with contextlib.suppress(Exception):  # some have no form before protocol 4
                found.append(pickle.dumps(value, protocol))
    found += [attack.data for attack in ATTACKS.values() if isinstance(attack.data, bytes) and len(attack.data) < SHORT]
    return list(dict.fromkeys(found))


def use(value: Any, depth: int = 3) -> None:
    """What an application would do first. What it raises is its own affair; a crash is ours."""
    for look in (repr, hash, len, lambda v: v == v, lambda v: pickle.dumps(v, 5), methods):
        with contextlib.suppress(Exception):
            look(value)
    if depth and isinstance(value, (list, tuple, dict, set, frozenset)):
        parts: Iterable[Any] = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        for _, part in zip(range(FEW), parts, strict=False):
            use(part, depth - 1)


CALLS: dict[str, tuple[Any, ...]] = {
    "sum": (), "sort_values": (), "argsort": (), "copy": (), "tolist": (), "random": (3,), "standard_normal": (2,),
    "integers": (5,), "random_sample": (2,), "get_state": (), "generate_state": (4,), "random_raw": (2,), "value_counts": (),
    "isna": (), "to_numpy": (), "nunique": (), "head": (), "describe": (), "astype": (str,), "filled": (), "item": (0,),
    "total_seconds": (), "utcoffset": (None,), "hex": (), "getrandbits": (64,), "buffer_info": (), "get_indexer": ([0],),
    "getLoc": (0,), "newbyteorder": (), "advance": (1,), "jumped": (), "spawn": (1,), "to_pydatetime": (),
}  # fmt: skip


def methods(value: Any) -> None:
    size = getattr(value, "nbytes", 0)
    if isinstance(value, type) or not isinstance(size, int) or size > SMALL:
        return
    for name, arguments in CALLS.items():
        call: Callable[..., Any] | None = getattr(value, name, None)
        if call is not None:
            with contextlib.suppress(Exception):
                call(*arguments)


def warm_up_zones() -> None:
    """Where the system has no time zones, zoneinfo imports the packages that hold tzdata's: no stream's doing."""
    with contextlib.suppress(ImportError):
        import tzdata

        for package in pkgutil.walk_packages(tzdata.__path__, "tzdata."):
            if package.ispkg:
                importlib.import_module(package.name)


def doors() -> list[Door]:
    import perdure

    def enter(data: bytes) -> None:
        use(perdure.loads(data))

    watch.warm_up()
    warm_up_zones()
    warnings.simplefilter("ignore")  # of pandas' next version: to show one is to open the source of who asked for it
    pairs = [victim.Pair(i, 2) for i in range(100)]
    perdure.loads(pickle.dumps(pairs), trusted=["tests.attacks.victim.*"])  # what the engine learns of named tuples
    audit = watch.Audit()
    own_calls = "a class that a stream planted, for others to call"

    def enter_watched(data: bytes) -> None:
        before = watch.numpy_state() if "numpy" in sys.modules else None
        audit.events.clear()
        victim.ran.clear()  # by what used the value before this one
        audit.armed = True
        try:
            value = perdure.loads(data, trusted=["tests.attacks.victim.*"])
        finally:
            audit.armed = False
            if own_calls in victim.ran:  # by the stream itself, which may
                victim.ran.remove(own_calls)
            if audit.events or victim.ran or (before is not None and watch.numpy_state() != before):
                seen = [*audit.events, *victim.ran]
                raise AssertionError(f"the load was noticed: {seen}")
        if wrong := watch.faults(value, frozenset(), len(data)):
            raise AssertionError(f"{wrong}")
        watch.use(value)

    return [
        Door("the built-in profile", enter, (pickle.UnpicklingError,)),
        Door("a trusted package, watched", enter_watched, (pickle.UnpicklingError,)),
    ]
