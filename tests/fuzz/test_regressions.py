"""What the fuzzer once found, through every door."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOUND = sorted((Path(__file__).parent / "regressions").iterdir())


def test_what_the_fuzzer_found() -> None:
    """In a process of its own: the doors enter things in copyreg's registry, which other tests fill too."""
    done = subprocess.run([sys.executable, "-m", "tests.fuzz", "--replay", *FOUND], cwd=ROOT, capture_output=True,
                          text=True, timeout=60 * len(FOUND))
    assert done.returncode == 0, done.stdout + done.stderr
