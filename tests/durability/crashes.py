"""Processes that overwrite one path are killed at random moments; whatever was acknowledged is still there.

A child writes one generation after another and tells each that is written through a pipe. After its
end by SIGKILL the file must load as the last one that was told of, or the one after it.
"""

import os
import random
import signal
import struct
import time
from pathlib import Path

import perdure
from perdure.files import syncing
from tests.durability.generations import generation, litter, loaded, require

NAME = "model.sav"
LONGEST = 0.02  # seconds until the kill: some dumps
SIZES = (0, 1, 1000, 70_000, 300_000, 3_000_000)


def write_for_ever(path: Path, first: int, told: int, seed: int) -> None:
    rng = random.Random(seed)
    syncing.EVERY = 1 << 20  # so that the thread of a large file dies at work too
    number = first
    while True:
        perdure.dump(generation(number, rng.choice(SIZES)), path)
        os.write(told, struct.pack("<q", number))
        number += 1


def killed(path: Path, first: int, seed: int) -> int:
    """The last generation that a child wrote and told of before it was killed; first - 1 if none."""
    rng = random.Random(seed)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            write_for_ever(path, first, writing, seed)
        except BaseException as error:
            os.write(2, f"a writer failed: {error!r}\n".encode())
        os._exit(1)
    os.close(writing)
    time.sleep(rng.random() * LONGEST)
    os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    require(os.WIFSIGNALED(status), "the writer ended by itself")
    last = first - 1
    with open(reading, "rb") as pipe:
        told = pipe.read()
    for (number,) in struct.iter_unpack("<q", told[: len(told) // 8 * 8]):
        last = number
    return last


def run(folder: Path, kills: int, seed: int = 0) -> str:
    path = folder / NAME
    perdure.dump(generation(0, 1000), path)
    present = interrupted = 0
    for kill in range(kills):
        last = killed(path, present + 1, seed * 1_000_003 + kill)
        left = litter(folder, NAME)
        require(len(left) <= 1, f"one writer, and {left} were left")
        interrupted += len(left)
        there = loaded(path)
        require(there in (last, last + 1), f"generation {last} was acknowledged, and {there} is there")
        present = there
        if kill % 3 == 0:  # the others are swept by the next child, or by one after it
            present += 1
            perdure.dump(generation(present, 1000), path)
            require(not litter(folder, NAME), f"{litter(folder, NAME)} stayed after the next write")
    perdure.dump(generation(present + 1, 1000), path)
    require(not litter(folder, NAME), f"{litter(folder, NAME)} stayed after the last write")
    return f"crashes: {kills} kills, {interrupted} of them in the middle of a file; {present:,} generations, each whole"
