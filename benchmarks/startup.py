"""``python -m benchmarks.startup``: what ``import perdure`` costs a whole process, beside ``import pickle``.

Pairs of processes, one after the other, in an order that turns; the ratio is the
median over the pairs, and lower is better.
"""

import argparse
import statistics
import subprocess
import sys
from time import perf_counter

from benchmarks.__main__ import build, paint

LIMIT = 1.3


def run(statement: str) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return perf_counter() - start


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup")
    parser.add_argument("--module", default="perdure")
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    statements = {"perdure": f"import {options.module}", "pickle": "import pickle", "nothing": "pass"}
    for statement in statements.values():
        run(statement)  # fills the caches of compiled code
    times: dict[str, list[float]] = {name: [] for name in statements}
    names = list(statements)
    for turn in range(options.rounds):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            times[name].append(run(statements[name]))
    print(f"{build()}; whole processes, medians of {options.rounds}")
    for name, statement in statements.items():
        print(f"  {statement:24}{statistics.median(times[name]) * 1e3:8.2f} ms")
    measured = statistics.median(p / q for p, q in zip(times["perdure"], times["pickle"], strict=True))
    mark = paint("ok", "32") if measured <= LIMIT else paint("short", "31")
    print(f"    {'beside import pickle':24} target {LIMIT:.2f}x   measured {measured:.2f}x   {mark}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
