"""Runs the tests of the built-in profile and the packs with other releases of the libraries that they know.

    make test-versions                 every set
    make test-versions ARGS=2023       one of them; other arguments go to pytest

A set is a version of Python and a group of pyproject.toml. Each gets an environment of its own, ``.venv-SET``, whose
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
TESTS = (
    "tests/profile", "tests/attacks",
    *(f"tests/unit/test_{name}.py" for name in ("arrays", "trust", "untrusted")),
)  # fmt: skip
# Old releases warn of what newer ones of each other no longer have, which is no affair of these tests.
OPTIONS = ("-q", "-m", "not standard", "-W", "ignore::DeprecationWarning", "-W", "ignore::FutureWarning")


def main(*arguments: str) -> int:
    wanted = [argument for argument in arguments if argument in SETS] or list(SETS)
    more = [argument for argument in arguments if argument not in SETS]
    results = {name: run(name, SETS[name], more or list(TESTS)) for name in wanted}
    print("\n" + "\n".join(f"versions: {name}: {told}" for name, (told, _) in results.items()))
    return int(not all(passed for _, passed in results.values()))


def run(name: str, chosen: Set, arguments: list[str]) -> tuple[str, bool]:
    """What pytest says of a set at last, and whether it passed."""
    python = os.environ.get("VERSIONS_PYTHON") or found(chosen.python)
    if python is None:
        return f"there is no Python {chosen.python} here", False
    place = f".venv-{name}"
    groups = [f"{place}/.group-{group}" for group in ("runner", chosen.group)]
    command = ["make", "-s", f"PYTHON={python}", f"VENV={place}", "build", *groups]
    print(f"$ {shlex.join(command)}", flush=True)
    if subprocess.run(command).returncode:
        return "its environment could not be made", False
    command = [f"{place}/bin/python", "-m", "pytest", *OPTIONS, *arguments]
    print(f"$ {shlex.join(command)}", flush=True)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        last = "pytest printed nothing"
        for line in tests.stdout:
            print(line, end="", flush=True)
            if re.match(r"(=+ )?(\d+ \w+|no tests)", line):
                last = line.strip("= \n")
    return last, tests.returncode == 0


def found(version: str) -> str | None:
    return next((path for path in interpreters() if re.search(rf"\b{re.escape(version)}(\.|$)", path)), None)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
