"""Every n-th system call of a dump fails, once and from then on, for each n until the dump succeeds.

    python -m tests.durability.faults FOLDER        (with shim.so preloaded, as shim.run does)

Once as usual, and once with a disk that is made to begin early even with files as small as these.

Whatever fails: an OSError that names the path, or success; the old file whole, or the new one where the error says
that it is in place; no litter, and no descriptor that stays open.
"""

import itertools
import os
import resource
import sys
import threading
from pathlib import Path

import perdure
from perdure.files import syncing, writing
from tests.durability import key_faults
from tests.durability.generations import generation, litter, loaded, require
from tests.durability.shim import CALLS, ERRORS, Shim

NAME = "model.sav"
OLD, NEW, NEXT = 1, 2, 3


def prepared(folder: Path, abandoned: bool) -> Path:
    path = folder / NAME
    perdure.dump(generation(OLD, 200_000), path)
    path.chmod(0o640)  # so that the new one's have to be changed
    if abandoned:
        (folder / f".{NAME}.perdure-tmp0").write_bytes(b"half")
        (folder / f".{NAME}.perdure-tmp3").write_bytes(b"half")
    return path


def dumped(path: Path, what: str) -> str:
    """"" for success, or the error's text."""
    try:
        perdure.dump(generation(NEW, 300_000), path)
    except OSError as error:
        require(error.filename == str(path), f"{what}: {error!r} doesn't name the path")
        return str(error)
    return ""


def tried(shim: Shim, folder: Path, call: str, name: str, n: int, forever: bool, abandoned: bool) -> bool:
    """Whether there was an n-th call to fail."""
    what = f"{call} {n}{' and on' if forever else ''}: {name}{', with abandoned files' if abandoned else ''}"
    path = prepared(folder, abandoned)
    open_before = len(os.listdir("/proc/self/fd"))
    shim.arm(call, n, ERRORS[name], forever)
    try:
        failed = dumped(path, what)
    finally:
        reached = shim.disarm() >= n
    require(len(os.listdir("/proc/self/fd")) == open_before, f"{what}: a descriptor stays open")
    require(threading.active_count() == 1, f"{what}: a thread stays")
    in_place = not failed or "in place" in failed
    require(loaded(path) == (NEW if in_place else OLD), f"{what}: {failed or 'success'}, and {loaded(path)} is there")
    if reached and name in ("EINTR", "short"):
        require(not failed, f"{what}: {failed}")
    if call in ("write", "fsync", "rename", "fchmod", "ftruncate") and reached and name in ("ENOSPC", "EIO"):
        require(bool(failed), f"{what}: nobody was told")
    if call != "unlink" and not abandoned:
        require(not litter(folder, NAME), f"{what}: {litter(folder, NAME)} stayed")
    perdure.dump(generation(NEXT, 1000), path)
    require(loaded(path) == NEXT and not litter(folder, NAME), f"{what}: {litter(folder, NAME)} stayed for good")
    require(path.stat().st_mode & 0o777 == 0o640, f"{what}: other permissions")
    return reached


def full(folder: Path) -> None:
    """The kernel's own: a short write, then an error."""
    path = prepared(folder, False)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
    try:
        failed = dumped(path, "a limit of the file's size")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    require("too large" in failed and loaded(path) == OLD, f"a limit of the file's size: {failed}")
    require(not litter(folder, NAME), f"{litter(folder, NAME)} stayed")


def early(shim: Shim, folder: Path) -> int:
    """The syncs by which a disk begins early: how often one fails here is up to its thread, and what follows is not."""
    usual = syncing.EVERY, writing.CHUNK
    syncing.EVERY, writing.CHUNK = 100_000, 50_000
    tries = 0
    try:
        dumped(prepared(folder, False), "without a fault")
        for name, forever, n in itertools.product(ERRORS, (False, True), range(1, 6)):
            if name == "short" or (name == "EINTR" and forever):
                continue
            for _ in range(4):
                tries += 1
                tried(shim, folder, "fsync", name, n, forever, False)
    finally:
        syncing.EVERY, writing.CHUNK = usual
    return tries


def main(folder: Path) -> None:
    shim = Shim()
    prepared(folder, True)
    dumped(folder / NAME, "without a fault")  # imports what it needs
    tries = early(shim, folder)
    found = set()
    for call, name, forever, abandoned in itertools.product(CALLS[:-1], ERRORS, (False, True), (False, True)):
        if name == "EINTR" and forever:  # there is no such machine, and Python tries again for ever
            continue
        if name == "short" and call != "write":
            continue
        for n in itertools.count(1):
            tries += 1
            if not tried(shim, folder, call, name, n, forever, abandoned):
                break
            found.add(call)
    full(folder)
    of_keys = key_faults.main(shim, folder)
    require(found >= {"write", "fsync", "rename", "open", "unlink", "fchmod"}, f"only {found} were ever called")
    print(f"faults: {tries} dumps with failing {', '.join(sorted(found))}: the path named, the old file whole, no litter")
    print(f"{of_keys} makings of a key with the same failures: one key or an error, no key lost, no litter", end="")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
