"""``make memory``: peak memory of dump and load, to and from a file, beside the C pickle.

Each figure is a child process of its own: it makes (or only opens) the input, has the
kernel forget the peak so far, does the one thing, and reports the peak resident size.
`growth` is that peak less the size just before. The ratio is between the processes'
peaks, ours over the peer's: lower is better.
"""

import argparse
import importlib
import os
import pickle
import statistics
import subprocess
import sys
import tempfile

from benchmarks.__main__ import build, paint
from benchmarks.inputs import INPUTS

NAMES = ["floats", "ascii strings", "rows of dicts", "canada.json", "twitter.json", "dataclass", "dataclass, slots",
         "tree with parents", "sets", "one large array, 32 MB", "many small arrays"]
LIMITS = {"dump": 1.10, "load": 1.05}
COPIES = 10  # of the input, in one list: large enough for the interpreter itself not to matter


def status(field: str) -> float:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(field + ":"))


def large(name: str) -> list:
    stream = pickle.dumps(next(i for i in INPUTS if i.name == name).make(), protocol=5)
    return [pickle.loads(stream) for _ in range(1 if "large" in name else COPIES)]


def child(module_name: str, action: str, name: str, path: str) -> None:
    module = importlib.import_module(module_name)
    value = large(name) if action == "dump" else None
    if "array" in name:
        importlib.import_module("numpy")
    with open(path, "wb" if action == "dump" else "rb") as file:
        with open("/proc/self/clear_refs", "w") as forget:
            forget.write("5")
        before = status("VmRSS")
        if action == "dump":
            module.dump(value, file, protocol=5)
        else:
            value = module.load(file)
        print(status("VmHWM"), before)
    os._exit(0)  # freeing is not measured, so not waited for


def measure(module: str, action: str, name: str, path: str) -> tuple[float, float]:
    """Peak and growth, in MB."""
    command = [sys.executable, "-m", "benchmarks.memory", "--child", module, action, name, path]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{module} {action} {name}: {done.stderr.strip().splitlines()[-1]}")
    peak, before = map(float, done.stdout.split())
    return peak, peak - before


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory")
    parser.add_argument("--module", default="perdure.pickle")
    parser.add_argument("--filter", metavar="WORD", default="")
    parser.add_argument("--rounds", type=int, default=3, help="processes a figure; the median counts")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(*options.child)
    print(f"{build()}; {options.module} beside the C pickle; protocol 5, MB")
    ratios: dict[str, list[float]] = {"dump": [], "load": []}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "stream")
        for action in ("dump", "load"):
            print(paint(f"\n{action}", "1"))
            print(f"  {'':26}{'perdure':>9}{'growth':>9}{'pickle':>9}{'growth':>9}{'ratio':>8}")
            for name in (n for n in NAMES if options.filter in n and any(i.name == n for i in INPUTS)):
                figures = {}
                for module in ("pickle", options.module):
                    if action == "load":
                        with open(path, "wb") as file:  # each loads what it wrote itself
                            importlib.import_module(module).dump(large(name), file, protocol=5)
                    runs = [measure(module, action, name, path) for _ in range(options.rounds)]
                    figures[module == options.module] = [statistics.median(column) for column in zip(*runs, strict=True)]
                (ours, our_growth), (theirs, their_growth) = figures[True], figures.get(False, figures[True])
                ratios[action].append(ours / theirs)
                print(f"  {name:26}{ours:9.1f}{our_growth:9.1f}{theirs:9.1f}{their_growth:9.1f}{ours / theirs:7.2f}x",
                      flush=True)
            worst = max(ratios[action])
            mark = paint("ok", "32") if worst <= LIMITS[action] else paint("short", "31")
            print(f"    {'worst peak':24} target {LIMITS[action]:.2f}x   measured {worst:.2f}x   {mark}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
