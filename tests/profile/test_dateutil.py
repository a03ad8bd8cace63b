"""dateutil's time zones under the built-in profile: they load by their names, and no file is opened for them that is
outside the database of time zones."""

import copyreg
import datetime
import pickle
from pathlib import Path

import pytest

import perdure
from tests.profile.forge import Call

tz = pytest.importorskip("dateutil.tz", reason="dateutil is not installed: make .venv/.group-tables")
from dateutil.relativedelta import SU, relativedelta

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
FILES = sorted((Path(__file__).parent / "files" / "dateutil").glob("*.pkl"))
ZONES = {
    "utc": tz.tzutc(),
    "offset": tz.tzoffset("x", 3600),
    "offset without a name": tz.tzoffset(None, -5400),
    "local": tz.tzlocal(),
    "file": tz.gettz("Europe/Paris"),
    "another file": tz.gettz("Asia/Kolkata"),
    "range": tz.tzrange("EST", -18000, "EDT"),
    "range without summer": tz.tzrange("EST", -18000),
    "str": tz.tzstr("EST5EDT"),
    "str with rules": tz.tzstr("CET-1CEST,M3.5.0/2,M10.5.0/3"),
}
SLOTS = ("range", "str", "str with rules")  # which protocols 0 and 1 don't hold
NOON = [datetime.datetime(2020, month, 15, 12) for month in (1, 7)]


def streams(name, value):
    for protocol in PROTOCOLS:
        if protocol >= 2 or name not in SLOTS:
            yield pickle.dumps(value, protocol)


@pytest.mark.parametrize("name", ZONES)
def test_zones(name):
    zone = ZONES[name]
    times = [time.replace(tzinfo=zone) for time in NOON]
    for stream in streams(name, [zone, times]):
        found, found_times = perdure.loads(stream)
        expected, _ = pickle.loads(stream)
        assert (type(found), found) == (type(expected), expected)
        assert repr(found) == repr(expected)
        assert found_times == times
        for one, other in zip(found_times, times, strict=True):
            assert (one.utcoffset(), one.dst(), one.tzname()) == (other.utcoffset(), other.dst(), other.tzname())


@pytest.mark.parametrize("name", ["utc", "offset", "local", "file", "another file"])
def test_in_pandas(name):
    pd = pytest.importorskip("pandas")
    if pd.__version__ < "3" and name.endswith("file"):
        pytest.skip("pandas before 3 looks for what only dateutil 2 keeps in a zone")
    zone = ZONES[name]
    index = pd.DatetimeIndex(["2020-01-15", "2020-07-15"], tz="UTC").tz_convert(zone)
    for stream in streams(name, [index, pd.Series(index), index[0], index.dtype]):
        (found, *others), (expected, *more) = perdure.loads(stream), pickle.loads(stream)
        pd.testing.assert_index_equal(found, expected)
        pd.testing.assert_series_equal(others[0], more[0])
        assert others[1:] == more[1:]
        assert str(found) == str(index)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_files_of_dateutil_2(path):
    """What it filled in, and now the standard module can't."""
    found = perdure.loads(path.read_bytes())
    assert found["local"].tzname(NOON[0]) == "UTC"
    for name in found.keys() - {"local"}:
        assert (type(found[name]), found[name]) == (type(ZONES[name]), ZONES[name])


def unpickle(key="Europe/Paris", filename=None, data=None, cls=tz.tzfile):
    function, (_, _, _, own), *_ = ZONES["file"].__reduce__()
    return Call(function, cls, key, filename, own if data is None else data)


def local(**changes):
    return Call(copyreg.__newobj__, tz.tzlocal, state={**vars(tz.tzlocal()), **changes})


def rules(zone="range", **changes):
    return Call(copyreg.__newobj__, type(ZONES[zone]), state={**vars(ZONES[zone]), **changes})


DAY = datetime.timedelta(days=1)
HOSTILE = {
    "a path": lambda: unpickle("../../../etc/passwd"),
    "a path from the root": lambda: unpickle("/etc/passwd"),
    "a path as a file": lambda: unpickle(None, "/etc/passwd"),
    "a path that looks like one": lambda: unpickle(None, "/usr/share/zoneinfo/../../../etc/passwd"),
    "this machine's own": lambda: unpickle(None, "/etc/localtime"),
    "no name": lambda: unpickle(None, None),
    "bytes for a name": lambda: unpickle(b"Europe/Paris"),
    "a zone that is nowhere": lambda: unpickle("Europe/Nowhere"),
    "a rule for a name": lambda: unpickle("EST5EDT4"),
    "a zone of another class": lambda: unpickle(cls=tz.tzlocal),
    "a file opened": lambda: Call(tz.tzfile, "/etc/passwd"),
    "dateutil 2's file that is a path": lambda: Call(tz.tzfile, None, "/etc/passwd"),
    "an offset of a day": lambda: Call(tz.tzoffset, "x", DAY),
    "an offset of text": lambda: Call(tz.tzoffset, "x", "3600"),
    "an offset with a long name": lambda: Call(tz.tzoffset, "x" * 1000, DAY / 24),
    "an offset of a list": lambda: Call(tz.tzoffset, [], DAY / 24),
    "a local zone of a day": lambda: local(_std_offset=DAY),
    "a local zone with a summer of its own": lambda: local(_dst_saved=DAY / 24),
    "a local zone with three names": lambda: local(_tznames=("a", "b", "c")),
    "a local zone with a method": lambda: local(utcoffset=1),
    "a range of a day": lambda: rules(_std_offset=-DAY),
    "a range from a number": lambda: rules(_start_delta=1),
    "a range from nowhere": lambda: rules(_start_delta=None),
    "a range with a text": lambda: rules(_s="EST5EDT"),
    "a text that is a number": lambda: rules("str", _s=1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_refused(name):
    value = HOSTILE[name]()
    with pytest.raises((perdure.CorruptError, perdure.UntrustedError)):
        perdure.loads(stream_of(value))


def stream_of(value):
    """Calls of copyreg.__newobj__ are NEWOBJ, which the pickler gives for its own objects alone."""
    function, args, *state = value.reduced
    if function is not copyreg.__newobj__:
        return pickle.dumps(value)
    made = b"c" + f"{args[0].__module__}\n{args[0].__qualname__}\n".encode() + b")\x81"
    return b"\x80\x02" + made + pickle.dumps(state[0], 2)[2:-1] + b"b."


def test_no_function_that_opens_files():
    for name in ("dateutil.tz\ngettz", "dateutil.tz.tz\ngettz", "dateutil.tz.tz\ntzical"):
        with pytest.raises(perdure.UntrustedError):
            perdure.loads(b"c" + name.encode() + b"\nV/etc/passwd\n\x85R.")


def test_the_forms_of_what_is_refused_load_where_they_are_sound():
    for value, zone in (
        (unpickle(), ZONES["file"]),
        (unpickle(None, "/somewhere/zoneinfo/Europe/Paris"), ZONES["file"]),
        (unpickle(None, "Europe/Paris"), ZONES["file"]),
        (Call(tz.tzfile, None, "/usr/share/zoneinfo/Europe/Paris", state={"_x": 1}), ZONES["file"]),
        (local(), tz.tzlocal()),
        (rules(), ZONES["range"]),
        (rules("str"), ZONES["str"]),
    ):
        assert perdure.loads(stream_of(value)) == zone


def test_transitions_are_this_machines():
    """pandas keeps what it makes of them by the file's name, for everybody."""
    _, (_, key, filename, data), *_ = ZONES["file"].__reduce__()
    lies = (data[0], data[1], [0] * len(data[2]), *data[3:5], b"UTC0")
    found = perdure.loads(pickle.dumps(unpickle(key, filename, lies)))
    assert found == ZONES["file"]


def test_reading_zones_has_a_budget():
    stream = pickle.dumps([unpickle(data=(i,)) for i in range(10_000)])
    with pytest.raises(perdure.LimitError):
        perdure.loads(stream)


def test_parts_of_dates():
    value = relativedelta(months=1, weekday=SU(-1))
    assert perdure.loads(pickle.dumps(value)) == value
