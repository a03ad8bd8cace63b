"""One process that feeds the doors until it is told to stop, or dies of what it found.

Before each execution the input stands in memory that the parent shares, so that not
even a crash takes it along.
"""

import ctypes
import hashlib
import mmap
import os
import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

HEADER, ROOM = 64, 1 << 20
CRASHES = Path(__file__).with_name("crashes")
Tokens = list[bytes]
LIMIT_MB = 512  # growth of the peak that no input of a few kilobytes may cause
SLOW = 0.02  # seconds


class Slate:
    """The shared page: executions so far, corpus size, edges, the door, and the input itself."""

    def __init__(self, path: str) -> None:
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), HEADER + ROOM)
        self.words = memoryview(self.memory)[:HEADER].cast("Q")

    def write(self, door: int, data: bytes) -> None:
        self.words[1] = door
        self.words[2] = len(data)
        self.memory[HEADER:HEADER + len(data)] = data

    def read(self) -> tuple[int, bytes]:
        return self.words[1], self.memory[HEADER:HEADER + self.words[2]]

    def count(self) -> None:
        self.words[0] += 1

    @property
    def executions(self) -> int:
        return self.words[0]


def save(door: str, data: bytes, what: str) -> None:
    """Keep an input that found something, once."""
    CRASHES.mkdir(exist_ok=True)
    path = CRASHES / hashlib.sha256(data).hexdigest()[:16]
    if not path.exists():
        path.write_bytes(data)
        path.with_suffix(".txt").write_text(f"{door}: {what}\n")
        print(f"  FOUND {door}: {what[:200]}\n        {path.name}, {len(data)} bytes", flush=True)


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


class Coverage:
    """The C side's counters; without the instrumented build nothing is ever fresh."""

    def __init__(self, library: str | None) -> None:
        if library:
            c = ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
            self.begin, self.fresh, self.edges = c.begin, c.fresh, c.edges
        else:
            self.begin = self.fresh = self.edges = lambda: 0


class Target(NamedTuple):
    """What is fuzzed: what makes the doors and the streams to start from, and how streams are cut and changed."""

    doors: Callable[[], list[Any]]
    streams: Callable[[], list[bytes]]
    tokens: Callable[[bytes], Tokens]
    mutate: Callable[[random.Random, Tokens, Tokens], Tokens]


def target() -> Target:
    from tests.fuzz import doors, marshalling, mutation, profile, seeds, texts

    match os.environ.get("PERDURE_FUZZ_TARGET"):
        case "profile":
            return Target(profile.doors, profile.streams, mutation.tokens, mutation.mutate)
        case "marshalling":
            return Target(marshalling.doors, marshalling.streams, marshalling.tokens, marshalling.mutate)
        case "texts":
            return Target(texts.doors, texts.streams, texts.tokens, texts.mutate)
    return Target(doors.doors, seeds.streams, mutation.tokens, mutation.mutate)


def main(slate_path: str, library: str, corpus: str, runs: str, seconds: str, seed: str) -> None:
    coverage = Coverage(library if library != "-" else None)  # before the engine, which it must be found by
    from tests.fuzz import doors as doorway

    make_doors, seeds, tokens, mutate = target()
    slate, rng = Slate(slate_path), random.Random(int(seed))
    doors = make_doors()
    folder = Path(corpus)
    pool: list[Tokens] = []
    deadline = time.monotonic() + float(seconds)
    last = slate.executions + int(runs)

    def execute(number: int, data: bytes) -> bool:
        """Run one input through one door; True if it went where none had gone, and soon came back:
        the children of a slow one are slow too, and would take all the time there is."""
        door = doors[number]
        slate.write(number, data)
        coverage.begin()
        start = time.perf_counter()
        try:
            door.enter(data)
        except doorway.FORBIDDEN as error:
            save(door.name, data, f"{type(error).__name__}: {error}")
        except door.allowed:
            pass
        except BaseException as error:
            save(door.name, data, f"{type(error).__name__}: {error}")
        slate.count()
        return coverage.fresh() > 0 and time.perf_counter() - start < SLOW

    def keep(pieces: Tokens, data: bytes) -> None:
        pool.append(pieces)
        slate.words[3], slate.words[4] = len(pool), coverage.edges()
        path = folder / f"{hash(data) & 0xFFFFFFFFFFFF:012x}"
        if not path.exists():
            path.write_bytes(data)

    stored = [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()]
    for data in [*seeds(), *stored]:
        found = [execute(number, data) for number in range(len(doors))]  # every door, whatever the first says
        if any(found) or library == "-":
            keep(tokens(data), data)
    highest = peak_mb()
    while slate.executions < last and time.monotonic() < deadline:
        for _ in range(500):
            size = len(pool)
            place = size - 1 - int(rng.random() ** 2 * size)  # newer ones more often
            pieces = mutate(rng, pool[place], pool[rng.randrange(size)])
            data = b"".join(pieces)[:ROOM]
            number = rng.randrange(len(doors))
            if execute(number, data):
                keep(pieces, data)
            if (peak := peak_mb()) > highest + 16:
                if peak > highest + LIMIT_MB:
                    save(doors[number].name, data, f"{peak - highest} MB for {len(data)} bytes")
                highest = peak
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
