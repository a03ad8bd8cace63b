"""Compiles the preloaded library, starts processes with it, and speaks to it inside them."""

import ctypes
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from errno import EINTR, EIO, ENOSPC
from pathlib import Path
from typing import NamedTuple

CALLS = ("write", "fsync", "rename", "open", "ftruncate", "unlink", "fchmod", "link", "close")
SHORT = 0  # no error, but half of what was asked for
ERRORS = {"ENOSPC": ENOSPC, "EIO": EIO, "EINTR": EINTR, "short": SHORT}
_SOURCE = Path(__file__).with_name("shim.c")
_ROOT = Path(__file__).parents[2]
_HEAD = struct.Struct("<iiqqq")

missing = "" if sys.platform == "linux" and shutil.which("gcc") else "the system calls are watched on Linux, with gcc"


def run(folder: Path, module: str, *arguments: object) -> str:
    """What a module prints that runs with the library."""
    library = folder / "shim.so"
    if not library.exists():
        subprocess.run(["gcc", "-O1", "-Wall", "-shared", "-fPIC", "-o", library, _SOURCE, "-ldl"], check=True)
    preloaded = " ".join([*os.environ.get("LD_PRELOAD", "").split(), str(library)])  # sanitizers come first
    paths = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "LD_PRELOAD": preloaded, "PYTHONPATH": paths}
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{module} ended with {done.returncode}: {done.stdout}")
    return done.stdout.strip()


class Shim:
    """The library from inside a process that has it."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)

    def arm(self, call: str, n: int, error: int, forever: bool) -> None:
        self._library.arm(CALLS.index(call), n, error, forever)

    def disarm(self) -> int:
        """How many such calls there were."""
        count: int = self._library.calls()
        self._library.arm(-1, 0, 0, 0)
        return count

    def trace(self, descriptor: int) -> None:
        self._library.trace(descriptor)


class Event(NamedTuple):
    call: str
    descriptor: int
    number: int  # the flags, offset, mode or size
    one: bytes  # the data or path
    two: bytes  # the second path


def events(log: bytes) -> Iterator[Event]:
    at = 0
    while at < len(log):
        call, descriptor, number, n, m = _HEAD.unpack_from(log, at)
        at += _HEAD.size
        yield Event(CALLS[call], descriptor, number, log[at:at + n], log[at + n:at + n + m])
        at += n + m
