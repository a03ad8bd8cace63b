"""One dump whose system calls are written down.

    python -m tests.durability.traced FOLDER LOG old|new|swept|naive     (with shim.so preloaded, as shim.run does)
"""

import os
import sys
from pathlib import Path

import perdure
from tests.durability.generations import generation
from tests.durability.shim import Shim

NAME = "model.sav"
OLD, NEW = 1, 2


def main(folder: Path, log: Path, kind: str) -> None:
    path = folder / NAME
    perdure.dump(generation(0, 10), folder.with_name("warm-up"))  # imports what it needs
    if kind != "new":
        perdure.dump(generation(OLD, 150_000), path)
        path.chmod(0o640)
    if kind == "swept":
        (folder / f".{NAME}.perdure-tmp0").write_bytes(b"half")
    shim = Shim()
    value = generation(NEW, 250_000)
    with open(log, "wb") as file:
        shim.trace(file.fileno())
        if kind == "naive":  # what everybody does
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.write(descriptor, perdure.dumps(value))
            os.fsync(descriptor)
            os.close(descriptor)
        else:
            perdure.dump(value, path)
        shim.trace(-1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
