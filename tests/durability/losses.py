"""What a power cut may leave: each prefix of a dump's system calls, with each legal loss of what was not synced.

A file's data is on the disk after its fsync; before that each write may be there or not, in any order, or half of
it, or as zeros. A folder's entries are on the disk after the folder's fsync; before that each creation, renaming and
removal may be there or not, whatever became of the others. That is more than any journaling file system loses.
"""

import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import perdure
from tests.durability import shim
from tests.durability.generations import Broken, generation, litter, loaded, require
from tests.durability.shim import Event
from tests.durability.traced import NAME, NEW, OLD

State = dict[str, bytes]  # what lies in the folder


@dataclass
class File:
    synced: bytes = b""
    pending: list[tuple[int, bytes]] = field(default_factory=list)  # writes: offset, data; -1: cut to len(data) zeros
    size: int = 0

    def with_writes(self, writes: list[tuple[int, bytes]]) -> bytes:
        data = bytearray(self.synced)
        for offset, written in writes:
            if offset < 0:
                data = data[: len(written)] + bytes(max(0, len(written) - len(data)))
            else:
                data += bytes(max(0, offset - len(data)))
                data[offset:offset + len(written)] = written
        return bytes(data)

    def possible(self) -> set[bytes]:
        writes = self.pending
        kept = [writes[:n] for n in range(len(writes) + 1)]
        kept += [writes[:n] + writes[n + 1:] for n in range(len(writes))]
        kept += [[*writes[:n], (writes[n][0], writes[n][1][: len(writes[n][1]) // 2])] for n in range(len(writes))]
        kept += [[(offset, bytes(len(data))) for offset, data in writes]]
        return {self.with_writes(one) for one in kept}


Change = tuple[str | None, str | None, File | None]  # name that goes, name that comes, its file


def changed(names: dict[str, File], changes: list[Change]) -> dict[str, File]:
    names = dict(names)
    for gone, come, file in changes:
        if gone is not None:
            names.pop(gone, None)
        if come is not None and file is not None:
            names[come] = file
    return names


class Disk:
    """A folder as the calls see it, and as the disk may have it."""

    def __init__(self, folder: Path, state: State) -> None:
        self.folder = os.path.realpath(folder)
        self.synced = {name: File(data, size=len(data)) for name, data in state.items()}
        self.changes: list[Change] = []
        self.open: dict[int, File | None] = {}  # None: the folder
        self.at: dict[int, int] = {}

    def name(self, path: bytes) -> str | None:
        folder, name = os.path.split(os.path.abspath(os.fsdecode(path)))
        return name if os.path.realpath(folder) == self.folder else None

    def seen(self) -> dict[str, File]:
        return changed(self.synced, self.changes)

    def apply(self, event: Event) -> None:
        getattr(self, f"on_{event.call}")(event)

    def on_open(self, event: Event) -> None:
        if os.path.realpath(os.fsdecode(event.one)) == self.folder:
            self.open[event.descriptor] = None
            return
        name = self.name(event.one)
        if name is None:
            return
        file = self.seen().get(name)
        if file is None:
            file = File()
            self.changes.append((None, name, file))
        if event.number & os.O_TRUNC:
            self.cut(file, 0)
        self.open[event.descriptor] = file
        self.at[event.descriptor] = file.size if event.number & os.O_APPEND else 0

    def on_write(self, event: Event) -> None:
        file = self.open.get(event.descriptor)
        if file is None:
            return
        offset = event.number
        if offset < 0:
            offset = self.at[event.descriptor]
            self.at[event.descriptor] += len(event.one)
        file.pending.append((offset, event.one))
        file.size = max(file.size, offset + len(event.one))

    def on_ftruncate(self, event: Event) -> None:
        if file := self.open.get(event.descriptor):
            self.cut(file, event.number)

    def cut(self, file: File, size: int) -> None:
        file.pending.append((-1, bytes(size)))
        file.size = size

    def on_fsync(self, event: Event) -> None:
        if event.descriptor not in self.open:
            return
        file = self.open[event.descriptor]
        if file is None:
            self.synced, self.changes = self.seen(), []
        else:
            file.synced, file.pending = file.with_writes(file.pending), []

    def on_rename(self, event: Event) -> None:
        source, target = self.name(event.one), self.name(event.two)
        require(source is not None and target is not None, f"a file came from elsewhere: {event.one!r}")
        self.changes.append((source, target, self.seen()[source or ""]))

    def on_link(self, event: Event) -> None:
        if target := self.name(event.two):
            self.changes.append((None, target, self.seen()[self.name(event.one) or ""]))

    def on_unlink(self, event: Event) -> None:
        if name := self.name(event.one):
            self.changes.append((name, None, None))

    def on_close(self, event: Event) -> None:
        self.open.pop(event.descriptor, None)

    def on_fchmod(self, event: Event) -> None:
        pass

    def possible(self) -> Iterator[State]:
        """What the disk may hold after a power cut now."""
        require(len(self.changes) <= 8, "too many changes of names to try each part of them")
        for bits in itertools.product((False, True), repeat=len(self.changes)):
            names = changed(self.synced, [change for change, kept in zip(self.changes, bits, strict=True) if kept])
            contents = [sorted(file.possible()) for file in names.values()]
            for chosen in itertools.product(*contents):
                yield dict(zip(names, chosen, strict=True))


def read(folder: Path) -> State:
    return {name: (folder / name).read_bytes() for name in os.listdir(folder)}


def check(folder: Path, state: State, allowed: set[int | None]) -> None:
    """The state, laid out as files: one of the generations loads, and the next dump leaves nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in state.items():
        (folder / name).write_bytes(data)
    path = folder / NAME
    there = loaded(path) if path.exists() else None
    require(there in allowed, f"generation {there} is there, not one of {allowed}")
    perdure.dump(generation(3, 10), path)
    require(loaded(path) == 3 and not litter(folder, NAME), f"{litter(folder, NAME)} stayed")


def replayed(folder: Path, before: State, events: list[Event], scratch: Path, old: int | None) -> int:
    """The number of states that differ; Broken if one of them loads as neither generation, or as the old
    one after the dump returned."""
    disk = Disk(folder, before)
    states = 0
    for done in range(len(events) + 1):
        if done:
            disk.apply(events[done - 1])
        allowed = {NEW} if done == len(events) else {old, NEW}
        unlike = {tuple(sorted(state.items())) for state in disk.possible()}
        for state in unlike:
            check(scratch, dict(state), allowed)
        states += len(unlike)
    return states


def traced(folder: Path, kind: str) -> tuple[Path, State, list[Event]]:
    work = folder / kind
    work.mkdir()
    log = folder / f"{kind}.log"
    shim.run(folder, "tests.durability.traced", work, log, kind)
    events = list(shim.events(log.read_bytes()))
    before: State = {}
    if kind != "new":
        perdure.dump(generation(OLD, 150_000), folder / "before")
        before[NAME] = (folder / "before").read_bytes()
    if kind == "swept":
        before[f".{NAME}.perdure-tmp0"] = b"half"
    return work, before, events


def run(folder: Path) -> str:
    states = calls = 0
    for kind in ("old", "new", "swept"):
        work, before, events = traced(folder, kind)
        whole = Disk(work, before)
        for event in events:
            whole.apply(event)
        after = {name: file.with_writes(file.pending) for name, file in whole.seen().items()}
        require(after == read(work), "the file was written by calls that are not watched")
        states += replayed(work, before, events, folder / "scratch", None if kind == "new" else OLD)
        calls += len(events)
    return f"lost writes: {states} states after {calls} calls, the old or the new generation in each"


def finds(folder: Path, kind: str, without: str) -> bool:
    """Whether the replay finds what is wrong with a dump that leaves out one fsync, or that is naive."""
    work, before, events = traced(folder, kind)
    syncs = [at for at, event in enumerate(events) if event.call == "fsync"]
    if without:
        require(len(syncs) == 2, "one fsync of the file and one of the folder")
        del events[syncs[0 if without == "file" else 1]]
    try:
        replayed(work, before, events, folder / "scratch", OLD)
    except Broken:
        return True
    return False
