"""The quick part of ``make durability``, in processes of their own; and that its replay finds what is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.durability import losses, shim

ROOT = Path(__file__).parents[2]
watched = pytest.mark.skipif(bool(shim.missing), reason=shim.missing or "-")


def durability(*arguments: str) -> None:
    command = [sys.executable, "-m", "tests.durability", *arguments]
    done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("part", [("crashes", "--kills", "40"), ("concurrency", "--seconds", "5")], ids=lambda part: part[0])
def test_processes(part: tuple[str, ...]) -> None:
    durability("--only", *part)


def test_interrupts() -> None:
    durability("--only", "interrupts")


@watched
@pytest.mark.parametrize("part", ["losses", "faults"])
def test_system_calls(part: str) -> None:
    durability("--only", part)


@watched
@pytest.mark.parametrize(("kind", "without"), [("old", "file"), ("old", "folder"), ("naive", "")])
def test_the_replay_finds_a_missing_sync(tmp_path: Path, kind: str, without: str) -> None:
    assert losses.finds(tmp_path, kind, without)
