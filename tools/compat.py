"""Runs ``make compat-one`` on every Python from 3.11 to 3.15 that can be had here.

    make compat

Interpreters are found by name on the PATH (python3.11 ...) and under ~/.pyenv/versions. Two
variables add more:

COMPAT_PYTHONS   interpreters by path, separated by spaces; they take the place of those found
COMPAT_RUNNERS   commands that run a shell command line under some other Python, separated by ``;``.
                 Each is called with one more argument, the command line, in which ``python`` is that
                 Python:  COMPAT_RUNNERS="in-container 3.14; in-container 3.15"
"""

import glob
import os
import re
import shlex
import shutil
import subprocess
import sys

VERSIONS = ("3.11", "3.12", "3.13", "3.14", "3.15")


def main() -> int:
    commands = [[*make(), f"PYTHON={path}"] for path in interpreters()]
    commands += [
        [*shlex.split(runner), shlex.join([*make(), "PYTHON=python"])]
        for runner in os.environ.get("COMPAT_RUNNERS", "").split(";")
        if runner.strip()
    ]
    lines, failed = [], False
    for command in commands:
        print(f"$ {shlex.join(command)}", flush=True)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        found = re.findall(r"^compat: .*", done.stdout, re.MULTILINE)
        lines.append(found[-1] if found else f"compat: no result from {shlex.join(command)}")
        failed |= done.returncode != 0 or not found
        print(lines[-1], flush=True)
    print("\n" + "\n".join(lines))
    missing = [version for version in VERSIONS if not any(f" {version}." in line for line in lines)]
    if missing:
        print(f"not found: Python {', '.join(missing)}; tools/compat.py says how to name more")
    return int(failed or not lines)


def make() -> list[str]:
    return ["make", "-s", "compat-one"]


def interpreters() -> list[str]:
    """One interpreter for each version, the newest where pyenv has several."""
    if named := os.environ.get("COMPAT_PYTHONS"):
        return named.split()
    found = []
    for version in VERSIONS:
        pyenv = glob.glob(os.path.expanduser(f"~/.pyenv/versions/{version}.*/bin/python"))
        if path := max(pyenv, key=newness, default=None) or shutil.which(f"python{version}"):
            found.append(path)
    return found


def newness(path: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.split("versions/")[-1])]


if __name__ == "__main__":
    sys.exit(main())
