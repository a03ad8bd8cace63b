"""What the fuzzer starts from, and what it once found, through every door of each mode."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODES = {"streams": [], "profile": ["--profile"], "marshal": ["--marshal"], "texts": ["--texts"]}
FOLDER = Path(__file__).parent / "regressions"


def run(*arguments: str | Path) -> None:
    """In a process of its own: the doors enter things in copyreg's registry, which other tests fill too."""
    done = subprocess.run([sys.executable, "-m", "tests.fuzz", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("mode", MODES)
def test_what_the_fuzzer_starts_from(mode: str) -> None:
    run(*MODES[mode], "--seeds")


@pytest.mark.parametrize("mode", [mode for mode in MODES if (FOLDER / mode).exists()])
def test_what_the_fuzzer_found(mode: str) -> None:
    found = sorted((FOLDER / mode).iterdir())
    assert found
    run(*MODES[mode], "--replay", *found)


def test_each_folder_is_that_of_a_mode() -> None:
    assert {path.name for path in FOLDER.iterdir()} <= set(MODES)
