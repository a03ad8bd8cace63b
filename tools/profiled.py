"""Compile the engine in place, guided by a profile of its own work (gcc only).

    python tools/profiled.py             build with counters, work, build again by the profile
    python tools/profiled.py --profile   stop after the work: a wheel is built next, with PERDURE_PROFILE=use

C pickle is compiled by its own profile in the interpreters that people install; so is ours in the
wheels. The profile is left in build/profile, by interpreter, and is worth nothing for other sources.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROFILE = ROOT / "build" / "profile" / sysconfig.get_config_var("SOABI")  # setup.py knows it too


def run(*command: str, **environment: str) -> None:
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True, env={**os.environ, **environment})


def main() -> None:
    shutil.rmtree(PROFILE, ignore_errors=True)
    PROFILE.mkdir(parents=True)
    build = ("setup.py", "-q", "build_ext", "--inplace", "--force")
    run(*build, PERDURE_PROFILE="generate")
    run("tools/training.py", PYTHONPATH=str(ROOT / "src"))
    if not any(PROFILE.iterdir()):
        sys.exit(f"no profile was written to {PROFILE}: is the compiler gcc?")
    if "--profile" not in sys.argv:
        run(*build, PERDURE_PROFILE="use")


if __name__ == "__main__":
    main()
