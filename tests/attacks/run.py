"""Runs workers until every stream has had its turn: one that dies or hangs is known, and the next one starts after it."""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

__all__ = ["run", "run_mutants"]

ROOT = Path(__file__).parents[2]
WALL = 60.0  # seconds, of a stream that waits instead of computing
STACK = 8 << 20  # bytes: what most programs run with


def run(arguments: list[str], pending: list[str]) -> dict[str, dict[str, Any]]:
    """The workers' report of each stream; ``pending`` are their names, which the machine's cores share."""
    share = min(os.cpu_count() or 1, 4)
    with ThreadPoolExecutor(share) as pool:
        parts = pool.map(partial(until_all_are_done, arguments), [pending[i::share] for i in range(share)])
        return {name: report for part in parts for name, report in part.items()}


def until_all_are_done(arguments: list[str], pending: list[str]) -> dict[str, dict[str, Any]]:
    reports: dict[str, dict[str, Any]] = {}
    while pending:
        done = one_worker([*arguments], pending)
        reports |= done
        if not done:
            raise RuntimeError("the worker dies before its first stream")
        pending = [each for each in pending if each not in reports]
    return reports


def run_mutants(first: int, last: int) -> dict[str, dict[str, Any]]:
    """The same for mutants, by their numbers."""
    reports: dict[str, dict[str, Any]] = {}
    while first < last:
        done = one_worker([str(first), str(last)], [])
        if not done:
            raise RuntimeError("the worker dies before its first stream")
        reports |= done
        first = max(map(int, done)) + 1
    return reports


def one_worker(arguments: list[str], pending: list[str]) -> dict[str, dict[str, Any]]:
    """Reports up to the one that the worker died of, if any."""
    reports: dict[str, dict[str, Any]] = {}
    current = None
    with (
        tempfile.TemporaryDirectory(prefix="perdure-attacks-") as folder,  # ours: a worker that dies leaves no litter
        tempfile.TemporaryFile("w+") as names,
        tempfile.TemporaryFile("w+") as printed,
    ):
        names.write("".join(f"{each}\n" for each in pending))
        names.seek(0)
        with subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", "tests.attacks.worker", *arguments], cwd=folder, stdin=names,
            stdout=subprocess.PIPE, stderr=printed, text=True, preexec_fn=usual_stack,
            env={**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
        ) as worker:  # fmt: skip
            assert worker.stdout is not None
            alarm = alarmed(worker)
            for line in worker.stdout:
                alarm.cancel()
                alarm = alarmed(worker)
                told = json.loads(line)
                if "begin" in told:
                    current = told["begin"]
                else:
                    reports[told["end"]] = told
                    current = None
            alarm.cancel()
        printed.seek(0)
        errors = printed.read()
    if current is not None:
        reports[current] = {"outcome": "died", "text": died_of(worker.returncode), "wrong": [errors[-1500:]]}
    elif worker.returncode:
        raise RuntimeError(f"the worker ended with {worker.returncode}, between two streams: {errors[-3000:]}")
    elif errors:
        reports[next(reversed(reports))]["wrong"].append(f"this, or one before, printed {errors[:300]!r}")
    return reports


def alarmed(worker: "subprocess.Popen[str]") -> threading.Timer:
    alarm = threading.Timer(WALL, worker.kill)
    alarm.start()
    return alarm


def usual_stack() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (STACK, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def died_of(code: int) -> str:
    if code == -signal.SIGPROF:
        return "it had not ended when its time was up"
    if code == -signal.SIGKILL:
        return "it waits for something, or was killed for its memory"
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
