"""Runs what could crash an interpreter in one of its own, and tells what became of each case.

``python -m tests.profile.apart MODULE`` runs the cases of MODULE.CASES: functions without arguments that give a
stream, the packs to trust, and what to do with what it gives.
"""

import functools
import importlib
import json
import subprocess
import sys
import warnings

from tests.sources import ROOT

DONE = "done"


@functools.cache
def verdicts(module: str) -> dict[str, str]:
    """Of each case the class of error that it ended in, "loaded", or how the interpreter died."""
    names = list(importlib.import_module(module).CASES)
    found: dict[str, str] = {}
    while len(found) < len(names):
        left = [name for name in names if name not in found]
        run = subprocess.run(
            [sys.executable, "-m", "tests.profile.apart", module, *left], cwd=ROOT, capture_output=True, timeout=300
        )
        for line in run.stdout.decode().splitlines():
            if line.startswith("{"):
                found.update(json.loads(line))
        died = next((name for name in left if name not in found), None)
        if died is not None:
            found[died] = f"died with {run.returncode}: {run.stderr.decode()[-2000:]}"
    return found


def main(module: str, *names: str) -> None:
    import perdure

    warnings.simplefilter("ignore")
    cases = importlib.import_module(module).CASES
    for name in names:
        stream, trusted, use = cases[name]()
        try:
            found = perdure.loads(stream, trusted=trusted)
        except Exception as error:
            verdict = f"{type(error).__name__}: {error}"
        else:
            verdict = "loaded"
            if use is not None:
                try:
                    use(found)
                except Exception as error:
                    verdict = f"loaded, then {type(error).__name__}: {error}"
        print(json.dumps({name: verdict}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
