"""``make fuzz``: coverage-guided fuzzing of every door into the reader.

    python -m tests.fuzz --seconds 60             on an instrumented build of the engine, made under build/fuzz
    python -m tests.fuzz --runs 10000000          until so many executions stand in the tally, over all runs
    python -m tests.fuzz --sanitize               address and undefined-behaviour sanitizers as well
    python -m tests.fuzz --as-built               the installed engine, unguided (any module: PERDURE_SUBJECT)
    python -m tests.fuzz --profile                the built-in profile's types instead, and use of what comes out
    python -m tests.fuzz --marshal                perdure.marshal instead, beside the standard module
    python -m tests.fuzz --texts                  perdure.json and perdure.xml instead, beside other parsers
    python -m tests.fuzz --seeds                  no fuzzing: what it would start from, each through every door
    python -m tests.fuzz --replay FILE...         say what each input does

A worker process mutates and executes; this one watches it, saves the input of a crash
or a hang, and starts it again. The corpus and the tally live under build/fuzz, so that
a run goes on where the last one stopped. Findings go to tests/fuzz/crashes; each, once
understood, moves to the folder of its mode in tests/fuzz/regressions, where every test run executes it.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.fuzz.worker import CRASHES, HEADER, ROOM, Slate, save

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "fuzz"
HANG = 20  # seconds without an execution
STANDARD_DOORS = 4  # the first ones; perdure's own come after
SANITIZERS = "-fsanitize=address,undefined -fno-sanitize-recover=undefined"


def instrument(sanitize: bool) -> tuple[Path, Path]:
    """A copy of the engine that reports its edges, and the library that counts them."""
    copy = BUILD / ("sanitized" if sanitize else "plain")
    copy.mkdir(parents=True, exist_ok=True)
    for name in ("src", "setup.py", "pyproject.toml"):
        if (source := ROOT / name).is_dir():
            shutil.copytree(source, copy / name, dirs_exist_ok=True, copy_function=newer_only,
                            ignore=shutil.ignore_patterns("*.so", "*.c", "__pycache__", "*.egg-info"))
        else:
            newer_only(source, copy / name)
    for path in [*(copy / "src").rglob("*.p[xy]*")]:
        if path.is_file() and path.suffix != ".pyc" and not (ROOT / path.relative_to(copy)).exists():
            for one in path.parent.glob(f"{path.stem}.*"):  # what was compiled of it too
                one.unlink()
    library = copy / "coverage.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, Path(__file__).with_name("coverage.c")], check=True)
    flags = "-O1 -g -fno-omit-frame-pointer -fsanitize-coverage=trace-pc -DPERDURE_BATCH=16" + (f" {SANITIZERS}" if sanitize else "")
    environment = {**os.environ, "PERDURE_CFLAGS": flags, "LDFLAGS": SANITIZERS.split()[0] if sanitize else ""}
    subprocess.run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=copy, env=environment, check=True)
    return copy / "src", library


def newer_only(source, target):
    """Copy what changed, keeping its time, so that nothing is compiled twice."""
    if not os.path.exists(target) or os.stat(source).st_mtime_ns != os.stat(target).st_mtime_ns:
        shutil.copy2(source, target)


def environment_for(source: Path | None, sanitize: bool) -> dict[str, str]:
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONFAULTHANDLER": "1"}
    if source:
        environment["PYTHONPATH"] = os.pathsep.join([str(source), str(ROOT)])
    if sanitize:
        names = [subprocess.check_output(["gcc", f"-print-file-name=lib{n}.so"], text=True).strip() for n in ("asan", "ubsan")]
        environment |= {"LD_PRELOAD": " ".join(names), "PYTHONMALLOC": "malloc", "UBSAN_OPTIONS": "print_stacktrace=1",
                        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=16:handle_segv=1"}
    return environment


class Tally:
    """Executions over all runs, kept beside the corpus."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.past = json.loads(path.read_text())["executions"] if path.exists() else 0

    def write(self, now: int) -> int:
        self.path.write_text(json.dumps({"executions": self.past + now}) + "\n")
        return self.past + now


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=None, help="stop after so long (60 if --runs is not given)")
    parser.add_argument("--runs", type=int, default=None, help="stop when the tally of all runs has reached this")
    parser.add_argument("--sanitize", action="store_true", help="under the address and undefined-behaviour sanitizers")
    parser.add_argument("--as-built", action="store_true", help="the installed engine, without coverage")
    parser.add_argument("--profile", action="store_true", help="the types that load by default, and what is done with them")
    parser.add_argument("--marshal", action="store_true", help="marshal's streams, and perdure.marshal")
    parser.add_argument("--texts", action="store_true", help="JSON and XML, and the graphs under them")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--seeds", action="store_true", help="only run what fuzzing starts from, and say what is wrong")
    parser.add_argument("--replay", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--door", type=int, help="with --replay: only this one, by its number")
    options = parser.parse_args()
    other = "profile" if options.profile else "marshalling" if options.marshal else "texts" if options.texts else ""
    os.environ["PERDURE_FUZZ_TARGET"] = other
    if options.replay:
        return replay(options.replay, options.door)
    if options.seeds:
        return run_seeds()
    name = "as-built" if options.as_built else "sanitized" if options.sanitize else "plain"
    name += f"-{other}" if other else ""
    source, library = (None, "-") if options.as_built else instrument(options.sanitize)
    corpus = BUILD / f"corpus-{name}"
    corpus.mkdir(parents=True, exist_ok=True)
    tally = Tally(BUILD / f"tally-{name}.json")
    seconds = options.seconds or (float("inf") if options.runs else 60.0)
    until = time.monotonic() + seconds
    found_before = len(list(CRASHES.glob("*.txt"))) if CRASHES.exists() else 0
    with tempfile.NamedTemporaryFile() as page:
        page.truncate(HEADER + ROOM)
        slate = Slate(page.name)
        environment = environment_for(source, options.sanitize)
        goal = options.runs - tally.past if options.runs else sys.maxsize
        while (left := until - time.monotonic()) > 0 and slate.executions < goal:
            seed = options.seed if options.seed is not None else random.getrandbits(32)
            runs = goal - slate.executions
            watch(slate, tally, environment, [page.name, str(library), str(corpus), str(runs), str(left), str(seed)])
        total = tally.write(slate.executions)
    found = (len(list(CRASHES.glob("*.txt"))) if CRASHES.exists() else 0) - found_before
    print(f"fuzz: {slate.executions:,} executions, {total:,} in all; corpus {slate.words[3]}, {slate.words[4]} edges; {found} new findings")
    return bool(found)


def watch(slate: Slate, tally: Tally, environment: dict[str, str], arguments: list[str]) -> None:
    """Run one worker to its end, whatever that is."""
    with tempfile.TemporaryFile("w+") as errors:
        worker = subprocess.Popen([sys.executable, "-m", "tests.fuzz.worker", *arguments], cwd=ROOT, env=environment, stderr=errors)
        before, moved, told = slate.executions, time.monotonic(), time.monotonic()
        while worker.poll() is None:
            time.sleep(0.2)
            now = time.monotonic()
            if slate.executions != before:
                before, moved = slate.executions, now
            elif now - moved > HANG and slate.executions:
                worker.kill()
                worker.wait()
                door, data = slate.read()
                if not as_endless_elsewhere(door, data):
                    save(f"door {door}", data, f"no end within {HANG} s")
                return
            if now - told > 30:
                told = now
                print(f"  {tally.write(slate.executions):,} executions, corpus {slate.words[3]}, {slate.words[4]} edges", flush=True)
        if worker.returncode:
            errors.seek(0)
            text = errors.read()
            if not slate.executions:
                raise SystemExit(text)
            door, data = slate.read()
            save(f"door {door}", data, f"died with {worker.returncode}: {text[-3000:]}")


def as_endless_elsewhere(door: int, data: bytes) -> bool:
    """Whether the standard module does not end either: a key may cost 2**40 steps to hash, by contract.

    perdure's own door must not take it so (its number lies past the standard ones, and all other targets' are its own).
    """
    if os.environ["PERDURE_FUZZ_TARGET"]:
        return False
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        command = [sys.executable, "-m", "tests.fuzz", "--door", str(door), "--replay", file.name]
        try:
            subprocess.run(command, cwd=ROOT, env={**os.environ, "PERDURE_SUBJECT": "pickle"}, timeout=HANG, capture_output=True)
        except subprocess.TimeoutExpired:
            return door < STANDARD_DOORS
    return False


def replay(paths: list[Path], only: int | None) -> int:
    """Say what each door makes of each input; 1 if it is what a door must not."""
    from tests.fuzz.worker import target

    chosen = target().doors()[slice(None) if only is None else slice(only, only + 1)]
    found = False
    for path in paths:
        data = path.read_bytes()
        print(f"{path}: {len(data)} bytes {data[:60]!r}")
        for door in chosen:
            outcome, wrong = entered(door, data)
            print(f"  {door.name:32} {outcome}")
            found |= wrong
    return int(found)


def run_seeds() -> int:
    """1 if a door makes of a seed what it must not."""
    from tests.fuzz.worker import target

    chosen = target()
    doors, seeds = chosen.doors(), chosen.streams()
    found = 0
    for data in seeds:
        for door in doors:
            outcome, wrong = entered(door, data)
            if wrong:
                print(f"{data[:200]!r}\n  {door.name:32} {outcome}")
            found += wrong
    print(f"fuzz: {len(seeds):,} seeds, {len(doors)} doors; {found} findings")
    return int(found > 0 or not seeds)


def entered(door: Any, data: bytes) -> tuple[str, bool]:
    """What a door makes of an input, and whether it must not."""
    from tests.fuzz.doors import FORBIDDEN

    try:
        door.enter(data)
    except BaseException as error:
        return f"{type(error).__name__}: {error}", isinstance(error, FORBIDDEN) or not isinstance(error, door.allowed)
    return "a value", False


if __name__ == "__main__":
    print(f"{sys.implementation.name} {sysconfig.get_python_version()}")
    sys.exit(main())
