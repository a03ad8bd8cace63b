"""``make durability``: files are written while processes are killed, calls fail, and power is cut on paper.

    python -m tests.durability --kills 1000 --seconds 60
    python -m tests.durability --only crashes faults
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.durability import concurrency, crashes, interrupts, losses, shim


def faults(folder: Path) -> str:
    (folder / "files").mkdir()
    return shim.run(folder, "tests.durability.faults", folder / "files")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.durability", description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=1000, metavar="N")
    parser.add_argument("--seconds", type=float, default=60, metavar="S", help="how long many processes write and read")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--only", nargs="+", choices=["crashes", "losses", "faults", "interrupts", "concurrency"])
    arguments = parser.parse_args()
    parts: dict[str, Callable[[Path], str]] = {
        "crashes": lambda folder: crashes.run(folder, arguments.kills, arguments.seed),
        "losses": losses.run,
        "faults": faults,
        "interrupts": lambda folder: interrupts.run(folder, 1),
        "concurrency": lambda folder: concurrency.run(folder, arguments.seconds),
    }
    for name, part in parts.items():
        if arguments.only and name not in arguments.only:
            continue
        if name in ("losses", "faults") and shim.missing:
            print(f"{name}: not tried, as {shim.missing}")
            continue
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
            os.environ["PERDURE_HOME"] = home  # a key of its own
            try:
                print(f"{part(Path(folder))} ({time.perf_counter() - start:.0f} s)", flush=True)
            except Exception as error:
                error.add_note(f"(in {name}, --seed {arguments.seed})")
                raise


if __name__ == "__main__":
    main()
