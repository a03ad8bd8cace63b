"""A keyboard interrupt before each single instruction of the writing: the old file or the new one, no litter.

More than can happen: a signal is seen between some instructions only.
"""

import gc
import itertools
import os
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import perdure
from perdure.files import durable, syncing, writing
from tests.durability.generations import generation, litter, loaded, require

NAME = "model.sav"


class Interrupter:
    """Raises before the n-th instruction of the functions that write."""

    def __init__(self, moment: int) -> None:
        self.left = moment

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename not in (durable.__file__, syncing.__file__) or frame.f_code.co_name == "__del__":
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self.instruction

    def instruction(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "opcode":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self.instruction


def interrupted(path: Path, moment: int, number: int) -> bool:
    """Whether there was such a moment while the generation was written."""
    interrupter = Interrupter(moment)
    sys.settrace(interrupter)
    try:
        perdure.dump(generation(number, 100_000), path)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


def run(folder: Path, step: int) -> str:
    usual = syncing.EVERY, writing.CHUNK
    count = moments(folder, step)
    try:  # once more where the disk is made to begin early, by a thread
        syncing.EVERY, writing.CHUNK = 40_000, 20_000
        count += moments(folder, step)
    finally:
        syncing.EVERY, writing.CHUNK = usual
    return f"interrupts: before {count:,} instructions, no litter and no thread"


def moments(folder: Path, step: int) -> int:
    """How many there were to interrupt."""
    path = folder / NAME
    perdure.dump(generation(0, 10), path)
    path.chmod(0o640)
    present = 0
    for moment in itertools.count(1, step):
        again = interrupted(path, moment, moment)
        gc.collect()
        there = loaded(path)
        require(there in (present, moment) if again else there == moment, f"{there} is there after the interrupt {moment}")
        require(not litter(folder, NAME), f"{litter(folder, NAME)} stayed after the interrupt {moment}")
        require(threading.active_count() == 1, f"a thread stayed after the interrupt {moment}")
        require(os.stat(path).st_mode & 0o777 == 0o640, f"other permissions after the interrupt {moment}")
        present = there
        if not again:
            break
    return moment // step
