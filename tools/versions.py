"""Runs the tests of the built-in profile and the packs with older releases of the libraries that they know.

    make test-versions                 every set
    make test-versions ARGS=2023       one of them; more arguments go to pytest

A set is a version of Python and a group of pyproject.toml. Each gets an environment of its own, ``.venv-SET``. Its
Python is found as `compat` finds them; ``make test-versions PYTHON=...`` takes another one.
"""

import os
import re
import shlex
import subprocess
import sys
from typing import NamedTuple

from compat import interpreters


class Set(NamedTuple):
    python: str
    group: str


SETS = {
    "2023": Set("3.11", "tables-2023"),  # the last with numpy 1 and pandas 1
    "2024": Set("3.12", "tables-2024"),  # the first with numpy 2; pandas 2
    "newest": Set("3.13", "tables"),
}
TESTS = ("tests/profile", "tests/attacks", "tests/unit/test_trust.py", "tests/unit/test_untrusted.py")
# Old releases warn of what newer ones of each other will no longer have. That is no affair of these tests.
OPTIONS = ("-W", "ignore::DeprecationWarning", "-W", "ignore::FutureWarning")


def main(*arguments: str) -> int:
    wanted = [argument for argument in arguments if argument in SETS] or list(SETS)
    more = [argument for argument in arguments if argument not in SETS]
    results = {name: run(name, SETS[name], more) for name in wanted}
    print("\n" + "\n".join(f"versions: {name}: {told}" for name, (told, _) in results.items()))
    return int(any(failed for _, failed in results.values()))


def run(name: str, chosen: Set, more: list[str]) -> tuple[str, bool]:
    """What pytest's last line says, and whether the set failed."""
    python = os.environ.get("VERSIONS_PYTHON") or next(
        (path for path in interpreters() if f"{chosen.python}." in path or path.endswith(chosen.python)), None
    )
    if python is None:
        return f"there is no Python {chosen.python} here", True
    place = f".venv-{name}"
    made = ["make", "-s", f"PYTHON={python}", f"VENV={place}", "build", f"{place}/.group-runner",
            f"{place}/.group-{chosen.group}"]  # fmt: skip
    tested = [f"{place}/bin/python", "-m", "pytest", "-q", *OPTIONS, *(more or TESTS)]
    for command in (made, tested):
        print(f"$ {shlex.join(command)}", flush=True)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        print(done.stdout, end="", flush=True)
        if done.returncode and command is made:
            return "the environment could not be made", True
    last = re.findall(r"^\d+ .* in .*|^no tests ran.*", done.stdout, re.MULTILINE)
    return last[-1] if last else f"pytest ended with {done.returncode}", done.returncode != 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
