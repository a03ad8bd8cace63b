"""Every n-th system call of the making of a key fails, as those of a dump do in faults.py, in whose process this runs.

Whatever fails: a KeyFileError that says where, or the key; never half a key, never two, and none lost that ever sealed
something; no litter, and no descriptor that stays open.
"""

import itertools
import os
import stat
from collections.abc import Callable
from errno import EINTR
from pathlib import Path

from perdure import keys
from perdure.errors import KeyFileError
from tests.durability.generations import litter, require
from tests.durability.shim import CALLS, ERRORS, SHORT, Shim


def tried(
    shim: Shim, home: Path, make: Callable[[], keys.Key], what: str, call: str, n: int, error: int, forever: bool
) -> bool:
    """Whether there was an n-th call to fail."""
    place = home / "keys"
    before = set(os.listdir(place)) if place.exists() else set()
    known = set(keys.known().keys)
    open_before = len(os.listdir("/proc/self/fd"))
    key, failed = None, ""
    shim.arm(call, n, error, forever)
    try:
        key = make()
    except KeyFileError as refused:
        failed = str(refused)
        require(str(home) in str(refused.path) and str(home) in failed, f"{what}: {failed!r} does not say where")
    finally:
        reached = shim.disarm() >= n
    require(len(os.listdir("/proc/self/fd")) == open_before, f"{what}: a descriptor stays open")
    if reached and error in (EINTR, SHORT):
        require(not failed, f"{what}: {failed}")
    found = keys.known()
    require(not found.problems, f"{what}: {found.problems}")
    require(known <= set(found.keys), f"{what}: a key is lost")
    if key is not None:
        require(found.own == key, f"{what}: the key that was made is not the one that seals")
    elif known:
        require(found.own is not None, f"{what}: no key seals any more")
    if call != "unlink":
        names = {"own.key", *(f"{key.hex()}.key" for key in found.keys)}
        require(not litter(place, *before, *names) if place.exists() else True, f"{what}: {os.listdir(place)} stayed")
    own = keys.own()
    require(keys.own() == own and (key is None or own == key), f"{what}: another key the next time")
    status = (place / "own.key").stat()
    require((stat.S_IMODE(status.st_mode), status.st_size) == (0o600, 32), f"{what}: {status}")
    return reached


def main(shim: Shim, folder: Path) -> int:
    """How many were tried."""
    home_before = os.environ["PERDURE_HOME"]
    tries = 0
    try:
        for verb, call, name, forever in itertools.product(("own", "new"), CALLS[:-1], ERRORS, (False, True)):
            if (name == "EINTR" and forever) or (name == "short" and call != "write"):
                continue
            for n in itertools.count(1):
                tries += 1
                home = folder / "homes" / str(tries)
                os.environ["PERDURE_HOME"] = str(home)
                if verb == "new":
                    keys.own()
                what = f"{verb}: {call} {n}{' and on' if forever else ''}: {name}"
                if not tried(shim, home, getattr(keys, verb), what, call, n, ERRORS[name], forever):
                    break
    finally:
        os.environ["PERDURE_HOME"] = home_before
    return tries
