"""``python -m benchmarks.files``: files of perdure beside those that people write today.

Every contestant writes to the same folder and waits for the disk as perdure does, and reads the file back whole; in
turn, so that a slow moment of the disk meets all of them. Medians; the ratio is the peer's time over ours, so higher is
better. ``plain bytes`` is the same memory written, synced and read with nothing around it: what is possible.

    python -m benchmarks.files --markdown   the README's table
"""

import argparse
import datetime
import os
import pickle
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import perdure
from benchmarks.__main__ import build, duration, paint

Call = Callable[[Any, Path], Any]
Peer = tuple[Call, Callable[[Path], Any]]
Table = dict[str, tuple[float, float]]  # of each peer: its time over ours, to dump and to load
OURS: Peer = (perdure.dump, perdure.load)
REPEATED = 1000  # small messages in one sample


def synced(write: Callable[[Any, Any], object]) -> Call:
    """What writes to an open file, until it is on disk."""

    def call(value: Any, path: Path) -> None:
        with open(path, "wb") as file:
            write(value, file)
            file.flush()
            os.fsync(file.fileno())

    return call


def plain(value: Any, file: Any) -> None:
    file.write(memoryview(value).cast("B"))


def peers(kind: str) -> dict[str, Peer]:
    found: dict[str, Peer] = {
        "pickle": (synced(lambda value, file: pickle.dump(value, file, 5)), lambda path: pickle.loads(path.read_bytes())),
    }
    try:
        import joblib

        found["joblib"] = (synced(joblib.dump), joblib.load)
    except ImportError:
        pass
    if kind == "array":
        import numpy

        found["numpy.save"] = (synced(lambda value, file: numpy.save(file, value)), numpy.load)
        found["plain bytes"] = (synced(plain), lambda path: path.read_bytes())
        try:
            from safetensors import numpy as safetensors

            found["safetensors"] = (
                synced(lambda value, file: file.write(safetensors.save({"a": value}))), safetensors.load_file,
            )
        except ImportError:
            pass
    if kind == "model":
        try:
            from skops import io as skops

            found["skops"] = (
                synced(lambda value, file: file.write(skops.dumps(value))),
                lambda path: skops.loads(path.read_bytes(), trusted=skops.get_untrusted_types(data=path.read_bytes())),
            )
        except ImportError:
            pass
    return found


def inputs(megabytes: int) -> dict[str, tuple[str, Any]]:
    found: dict[str, tuple[str, Any]] = {
        "100,000 small dicts": ("dicts", [{"id": i, "name": f"n{i}", "value": i / 3} for i in range(100_000)]),
    }
    try:
        import numpy

        found[f"an array of {megabytes} MB"] = ("array", numpy.random.default_rng(0).random(megabytes << 17))
        from sklearn.datasets import load_digits
        from sklearn.ensemble import RandomForestClassifier

        found["a forest of 100 trees"] = ("model", RandomForestClassifier(100, random_state=0).fit(*load_digits(return_X_y=True)))
    except ImportError as error:
        print(f"  without {error.name}: some inputs are left out", file=sys.stderr)
    return found


def clocked(call: Callable[..., Any], *given: Any) -> float:
    start = perf_counter()
    call(*given)
    return perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.files", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=256, help="of the large array")
    parser.add_argument("--folder", help="where the files are (default: the system's temporary folder)")
    parser.add_argument("--markdown", action="store_true", help="print the README's table too")
    options = parser.parse_args()
    print(build())
    tables: dict[str, Table] = {}
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        os.environ["PERDURE_HOME"] = name
        folder = Path(name)
        for title, (kind, value) in inputs(options.megabytes).items():
            tables[title] = compare(title, value, {"perdure": OURS, **peers(kind)}, folder, options.rounds)
            if kind == "array":
                mapped(value, folder, options.rounds)
        sealed(options.rounds)
    if options.markdown:
        print(markdown(tables, options.rounds))


def compare(title: str, value: Any, calls: dict[str, Peer], folder: Path, rounds: int) -> Table:
    """The ratios of each peer, printed as they are found."""
    print(paint(f"\n{title}", "1"))
    print(f"  {'':14}{'dump':>12}{'':>9}{'load':>12}{'':>9}{'size':>13}")
    times: dict[tuple[str, str], list[float]] = {}
    paths = {peer: folder / f"{peer}.file" for peer in calls}
    for turn in range(rounds):
        names = list(calls)
        for peer in names[turn % len(names):] + names[:turn % len(names)]:
            dump, load = calls[peer]
            paths[peer].unlink(missing_ok=True)  # to free a large file takes its time, which is no peer's
            times.setdefault((peer, "dump"), []).append(clocked(dump, value, paths[peer]))
            times.setdefault((peer, "load"), []).append(clocked(load, paths[peer]))
    found: Table = {}
    for peer, path in paths.items():
        line = f"  {peer:14}"
        ratios = []
        for verb in ("dump", "load"):
            theirs = times[peer, verb]
            ratios.append(statistics.median(a / b for a, b in zip(theirs, times["perdure", verb], strict=True)))
            line += f"{duration(statistics.median(theirs)):>12}{ratios[-1]:8.2f}x"
        print(f"{line}{path.stat().st_size / 1e6:10.2f} MB", flush=True)
        found[peer] = (ratios[0], ratios[1])
        path.unlink()
    return found


def mapped(value: Any, folder: Path, rounds: int) -> None:
    """The array is left where it is; its file's seal and objects are proven."""
    path = folder / "mapped"
    perdure.dump(value, path)
    times = [clocked(lambda: perdure.load(path, mmap_mode="r")) for _ in range(5 * rounds)]
    print(f"  mapped, its seal proven: {duration(statistics.median(times))}")
    path.unlink()


def sealed(rounds: int) -> None:
    """What a seal adds to a small message each way."""
    print(paint("\na sealed small message", "1"))
    message = {"id": 17, "user": "ada", "scores": [1.5, 2.5, None]}
    bare, whole = perdure.dumps(message), perdure.dumps(message, key=True)
    ways: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "dumps": (lambda: perdure.dumps(message), lambda: perdure.dumps(message, key=True)),
        "loads": (lambda: perdure.loads(bare), lambda: perdure.loads(whole)),
    }
    for verb, (without, with_seal) in ways.items():
        added = [clocked(repeated, with_seal) - clocked(repeated, without) for _ in range(5 * rounds)]
        print(f"  {verb}: {duration(statistics.median(added) / REPEATED)} more than a bare one")


def repeated(call: Callable[[], Any]) -> None:
    for _ in range(REPEATED):
        call()


def markdown(tables: dict[str, Table], rounds: int) -> str:
    """The README's table: a peer's time over perdure's, to dump and to load."""
    titles = list(tables)
    lines = [
        f"<!-- `make bench-files ARGS=--markdown`: {build()}; medians of {rounds} rounds, {datetime.date.today()} -->",
        f"| the time of others over perdure's: dump, load | {' | '.join(titles)} |",
        f"|---{'|---' * len(titles)}|",
    ]
    peers = dict.fromkeys(peer for table in tables.values() for peer in table if peer != "perdure")
    for peer in peers:
        cells = ["{:.1f}x, {:.1f}x".format(*tables[title][peer]) if peer in tables[title] else "" for title in titles]
        lines.append(f"| {peer} | {' | '.join(cells)} |")
    return "\n" + "\n".join(lines)


if __name__ == "__main__":
    main()
