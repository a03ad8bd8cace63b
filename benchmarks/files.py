"""``python -m benchmarks.files``: files of perdure beside those that people write today.

Every contestant writes to the same folder and waits for the disk as perdure does, and reads the file back whole; in
turn, so that a slow moment of the disk meets all of them. Medians; the ratio is the peer's time over ours, so higher is
better. ``plain bytes`` is the same memory written, synced and read with nothing around it: what is possible.
"""

import argparse
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
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=256, help="of the large array")
    parser.add_argument("--folder", help="where the files are (default: the system's temporary folder)")
    options = parser.parse_args()
    print(build())
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        os.environ["PERDURE_HOME"] = name
        for title, (kind, value) in inputs(options.megabytes).items():
            compare(title, value, {"perdure": (perdure.dump, perdure.load), **peers(kind)}, Path(name), options.rounds)


def compare(title: str, value: Any, calls: dict[str, Peer], folder: Path, rounds: int) -> None:
    print(paint(f"\n{title}", "1"))
    print(f"  {'':14}{'dump':>12}{'':>9}{'load':>12}{'':>9}{'size':>13}")
    times: dict[tuple[str, str], list[float]] = {}
    paths = {peer: folder / f"{peer}.file" for peer in calls}
    for _ in range(rounds):
        for peer, (dump, load) in calls.items():
            times.setdefault((peer, "dump"), []).append(clocked(dump, value, paths[peer]))
            times.setdefault((peer, "load"), []).append(clocked(load, paths[peer]))
    for peer, path in paths.items():
        line = f"  {peer:14}"
        for verb in ("dump", "load"):
            theirs = times[peer, verb]
            ratio = statistics.median(a / b for a, b in zip(theirs, times["perdure", verb], strict=True))
            line += f"{duration(statistics.median(theirs)):>12}{ratio:8.2f}x"
        print(f"{line}{path.stat().st_size / 1e6:10.2f} MB", flush=True)


if __name__ == "__main__":
    main()
