"""Eight writers and eight readers of one path, processes all: every load is one whole generation."""

import os
import random
import signal
import struct
import time
from collections.abc import Callable
from pathlib import Path

import perdure
from tests.durability.generations import generation, litter, loaded, require

NAME = "model.sav"
WRITERS = READERS = 8
SIZES = (0, 1000, 70_000, 500_000)


def write(path: Path, writer: int, until: float) -> int:
    rng = random.Random(writer)
    count = 0
    while time.monotonic() < until:
        count += 1
        perdure.dump(generation(count * WRITERS + writer, rng.choice(SIZES)), path)
    return count


def read(path: Path, reader: int, until: float) -> int:
    count = 0
    seen = set()
    while time.monotonic() < until:
        seen.add(loaded(path))
        count += 1
    require(len(seen) > 1, "a reader saw no change")
    return count


def child(work: Callable[[Path, int, float], int], path: Path, number: int, until: float, told: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        count = work(path, number, until)
        os.write(told, struct.pack("<cq", work.__name__[0].encode(), count))
        code = 0
    except BaseException as error:
        os.write(2, f"{work.__name__} failed: {error!r}\n".encode())
    os._exit(code)


def run(folder: Path, seconds: float) -> str:
    path = folder / NAME
    perdure.dump(generation(0, 1000), path)
    reading, writing = os.pipe()
    until = time.monotonic() + seconds
    children = [child(write, path, number, until, writing) for number in range(WRITERS)]
    children += [child(read, path, number, until, writing) for number in range(READERS)]
    os.close(writing)
    try:
        while children:
            pid, status = os.wait()
            children.remove(pid)
            require(status == 0, "a process failed, see above")
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    with open(reading, "rb") as pipe:
        told = list(struct.iter_unpack("<cq", pipe.read()))
    writes, reads = (sum(count for kind, count in told if kind == which) for which in (b"w", b"r"))
    loaded(path)
    require(not litter(folder, NAME), f"{litter(folder, NAME)} stayed")
    return f"concurrency: {writes:,} files by {WRITERS} writers, {reads:,} loads by {READERS} readers, each whole"
