"""Values that tell by themselves whether they are whole, and which one of them they are."""

import hashlib
import os
import random
from pathlib import Path

import perdure


class Broken(Exception):
    """What must never be seen."""


def generation(number: int, size: int) -> dict[str, object]:
    data = random.Random(number).randbytes(size)
    return {"generation": number, "data": data, "sum": hashlib.sha256(b"%d " % number + data).hexdigest()}


def loaded(path: Path) -> int:
    """The number of the generation in the file; Broken if it isn't one whole generation."""
    try:
        value = perdure.load(path)
        number, data = value["generation"], value["data"]
        right = value["sum"] == hashlib.sha256(b"%d " % number + data).hexdigest() and len(value) == 3
    except Exception as error:
        raise Broken(f"{path} doesn't load: {error!r}") from error
    if not right:
        raise Broken(f"{path} holds no whole generation")
    return number


def litter(folder: Path, *kept: str) -> list[str]:
    """What lies in the folder besides."""
    return sorted(set(os.listdir(folder)) - set(kept))


def require(condition: bool, what: str) -> None:
    if not condition:
        raise Broken(what)
