"""The main job, on one screen: a real model saved, loaded elsewhere, attacked, timed.

    make demo            (or: python examples/demo.py)
"""

import os
import pickle
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import joblib
import numpy
import sklearn
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

import perdure

MODEL = Path("model.sav")
ROUNDS = 15

# What a fresh process does with the file: load it, predict, leave the answers.
ELSEWHERE = """
import sys, numpy
{load}
numpy.save(sys.argv[3], model.predict(numpy.load(sys.argv[2])))
"""
WITH_PERDURE = "import perdure; model = perdure.load(sys.argv[1])"
WITH_PICKLE = "import pickle; model = pickle.load(open(sys.argv[1], 'rb'))"

Result = TypeVar("Result")
console = Console(highlight=False)


def main() -> None:
    console.print(
        f"\n[bold]perdure {perdure.__version__}[/] · Python {platform.python_version()}, "
        f"scikit-learn {sklearn.__version__}, numpy {numpy.__version__}\n"
    )
    images, digits = load_digits(return_X_y=True)
    known, unseen, known_digits, unseen_digits = train_test_split(images, digits, test_size=0.25, random_state=0)
    model, seconds = clocked(RandomForestClassifier(200, random_state=0).fit, known, known_digits)
    answers = model.predict(unseen)
    right = numpy.mean(answers == unseen_digits)
    say("train", f"a random forest on {len(known):,} handwritten digits: {right:.1%} right on {len(unseen)} unseen",
        seconds)

    _, seconds = clocked(perdure.dump, model, MODEL)
    say("dump", f'perdure.dump(model, "{MODEL}"): {megabytes(MODEL.stat().st_size)}, sealed with your key, and on disk',
        seconds)

    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        prove(folder, "load", f'perdure.load("{MODEL}") in a fresh process', WITH_PERDURE, unseen, answers)
        say("", "[dim]no trusted= is needed: the seal is yours[/]")
        prove(folder, "share", "the standard pickle reads the same file", WITH_PICKLE, unseen, answers)
        damage(folder)
        foreign(folder, model, unseen, answers)
        attack(folder)
    for title, obj in (("the model", model), ("its data as dicts", rows(images, digits))):
        console.print()
        console.print(compare(title, obj))
    console.print("\n  [dim]in memory; to a path, perdure.dump also waits for the disk[/]\n")


def prove(folder: Path, step: str, words: str, load: str, unseen: numpy.ndarray, answers: numpy.ndarray) -> None:
    """Another process loads the model and predicts; its answers must be ours, to the last one."""
    questions, results = folder / "questions.npy", folder / "results.npy"
    numpy.save(questions, unseen)
    run = [sys.executable, "-c", ELSEWHERE.format(load=load), str(MODEL), str(questions), str(results)]
    _, seconds = clocked(lambda: subprocess.run(run, check=True))
    equal = int(numpy.sum(numpy.load(results) == answers))
    if equal != len(answers):
        sys.exit(f"{words}: only {equal} of {len(answers)} predictions are equal")
    say(step, f"{words}: [green]{equal} of {equal} predictions equal[/]", seconds)


def damage(folder: Path) -> None:
    """One bit of the file is another: nothing of it is built."""
    data = bytearray(MODEL.read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "flipped.sav").write_bytes(data)
    try:
        perdure.load(folder / "flipped.sav")
    except perdure.CorruptError as error:
        say("damage", "the same file with one bit flipped: [green]refused, nothing was built[/]")
        say("", f"[dim]CorruptError: {error}[/]")
    else:
        sys.exit("the damaged file was loaded")


def foreign(folder: Path, model: object, unseen: numpy.ndarray, answers: numpy.ndarray) -> None:
    """Somebody else's model: values and tables load from anybody, classes by a pack."""
    perdure.dump(model, folder / "theirs.sav", key=perdure.keys.Key(os.urandom(32)))
    try:
        perdure.load(folder / "theirs.sav")
    except perdure.UntrustedError as error:
        say("stranger", "a model that somebody else has sealed: [green]refused, nothing was imported or run[/]")
        say("", f"[dim]{str(error).rpartition('; ')[2]}[/]")
    else:
        sys.exit("a stranger's file was loaded in full")
    theirs = perdure.load(folder / "theirs.sav", trusted=["sklearn"])
    equal = int(numpy.sum(theirs.predict(unseen) == answers))
    if equal != len(answers):
        sys.exit(f"by the pack, only {equal} of {len(answers)} predictions are equal")
    say("", f'with trusted=["sklearn"], which runs nothing of theirs: [green]{equal} of {equal} predictions equal[/]')


class Attack:
    """Pickles as a call of os.system; loads as whatever that does."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (self.command,)


def attack(folder: Path) -> None:
    """A file that runs a command when it is loaded: the standard module runs it, perdure refuses."""
    trace, hostile = folder / "trace", folder / "stranger.sav"
    hostile.write_bytes(pickle.dumps(Attack(f'echo > "{trace}"'), 2))
    try:
        perdure.load(hostile)
    except perdure.UntrustedError as error:
        refusal = str(error)
    else:
        sys.exit("the hostile file was loaded")
    if trace.exists():
        sys.exit("the hostile file ran its command")
    say("attack", "a stranger's file that calls os.system: [green]refused, nothing ran[/]")
    say("", f"[dim]UntrustedError: {refusal.splitlines()[0]}[/]")
    with open(hostile, "rb") as file:
        pickle.load(file)
    say("", f"[dim]the standard pickle, given the same file: {'ran it' if trace.exists() else 'did not run it'}[/]")


def compare(title: str, obj: object) -> Table:
    """Dump and load in memory, the libraries in changing order, so that a busy moment meets all; medians."""
    dumps: dict[str, Callable[[BytesIO], object]] = {
        "pickle": lambda file: pickle.dump(obj, file, pickle.HIGHEST_PROTOCOL),
        "joblib": lambda file: joblib.dump(obj, file),
        "perdure": lambda file: perdure.dump(obj, file, pickle.HIGHEST_PROTOCOL),
    }
    loads: dict[str, Callable[[BytesIO], object]] = {
        "pickle": pickle.load,
        "joblib": joblib.load,
        "perdure": lambda file: perdure.load(file, trusted=perdure.TRUST_ALL),  # as the others do
    }
    times: dict[tuple[str, str], list[float]] = {}
    sizes: dict[str, int] = {}
    order = list(dumps)
    for _ in range(ROUNDS):
        random.shuffle(order)
        for name in order:
            file = BytesIO()
            times.setdefault((name, "dump"), []).append(clocked(dumps[name], file)[1])
            sizes[name] = file.tell()
            file.seek(0)
            times.setdefault((name, "load"), []).append(clocked(loads[name], file)[1])
    table = Table(box=None, padding=(0, 2), header_style="bold")
    for heading in (title, "dump", "", "load", "", "size"):
        table.add_column(heading, justify="left" if heading == title else "right")
    for name in dumps:
        cells = [name]
        for verb in ("dump", "load"):
            own, pickles = (statistics.median(times[who, verb]) for who in (name, "pickle"))
            cells += [f"{own * 1e3:.1f} ms", f"{pickles / own:.2g}x"]
        table.add_row(*cells, megabytes(sizes[name]), style="green" if name == "perdure" else "")
    return table


def rows(images: numpy.ndarray, digits: numpy.ndarray) -> list[dict[str, object]]:
    return [
        {"id": number, "digit": int(digit), "pixels": image.tolist(), "ink": float(image.sum())}
        for number, (image, digit) in enumerate(zip(images, digits, strict=True))
    ]


def clocked(action: Callable[..., Result], *arguments: object) -> tuple[Result, float]:
    start = time.perf_counter()
    result = action(*arguments)
    return result, time.perf_counter() - start


def megabytes(size: int) -> str:
    return f"{size / 1e6:.2f} MB"


def say(step: str, words: str, seconds: float | None = None) -> None:
    clock = "" if seconds is None else f"  [dim]{seconds:.2f} s[/]"
    console.print(f"  [bold cyan]{step:10}[/]{words}{clock}", soft_wrap=True)


if __name__ == "__main__":
    main()
