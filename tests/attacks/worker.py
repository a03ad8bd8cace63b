"""One process that takes streams, one after the other, and tells what came of each; or dies of one.

    python -m tests.attacks.worker              names of attacks on stdin, a line each
    python -m tests.attacks.worker FIRST LAST   mutants by number

It runs in an empty folder, which belongs to whoever started it (see `run`), and writes a line of JSON before and
after each stream, so that whoever reads them knows what it died of. Of a hang it dies by itself: the timer counts its
processor time, and stops C code too.
"""

import contextlib
import copyreg
import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

SECONDS = 5.0
MEMORY = 3 << 29  # bytes over what the process has
FREE, FOR_EACH_BYTE = 128 << 20, 512  # what it may take at most, and never so many


MODULES = (  # what a stream may have imported
    *(f"perdure.policy.tables.{name}" for name in ("dateutil", "pandas", "pandas_arrays", "pandas_scalars",
                                                         "pyarrow", "sparse")),
    "tzdata.zoneinfo",
)


def tell(**what: Any) -> None:
    os.write(OUT, (json.dumps(what) + "\n").encode())


def prepare() -> Any:
    """Imports all that may be imported, fills the registry with traps, and bounds memory."""
    from tests.attacks import doors, mutants, streams, victim, watch

    assert streams and mutants.seeds()  # imported, and made, before anything is compared
    victim.ran.clear()  # the standard pickle looks into every module for a ufunc of numpy before 2.1
    for name in MODULES:
        with contextlib.suppress(ImportError):  # its library is not here, so none of its names is known
            importlib.import_module(name)

    watch.warm_up()
    victim.ran.clear()  # importing it asked for names too
    for code, key in ((240, ("os", "system")), (241, ("collections", "OrderedDict"))):
        copyreg.add_extension(*key, code)  # type: ignore[arg-type]
    copyreg._extension_cache[241] = os.system  # type: ignore[attr-defined]
    warmed = [
        b"\x80\x04N.", b"ccollections\nOrderedDict\n)R.", b"\x80\x04\x8c\x05numpy\x94\x8c\x05dtype\x93\x8c\x02f8\x89\x88\x87R.",
        b"\x80\x04)\x81.", b"\x80\x04]cos\nsystem\na.", b"cre\n_compile\n(S'a'\nI0\ntR.",
    ]  # fmt: skip
    for data in warmed:
        for door in doors.DOORS.values():
            try:
                door(data)
            except Exception:
                pass
    pair = b"\x80\x04\x8c\x14tests.attacks.victim\x8c\x04Pair\x93NN\x86\x81."
    doors.DOORS["package"](pair)  # looks at what namedtuple() makes
    assert not victim.ran
    if os.listdir():
        raise SystemExit("a worker wants an empty folder of its own, in which it looks for what streams left there")
    open("canary", "w").close()
    gc.collect()
    gc.freeze()
    if sys.platform == "linux":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        pages = int(open("/proc/self/statm").read().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, hard))
    return watch


def peak() -> Callable[[], int]:
    """How many bytes more the process had at its peak, from now on."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:  # no Linux: the peak of the whole process must do
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return lambda: (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (1 if sys.platform == "darwin" else 1024)

    def field(name: str) -> int:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(name)) * 1024

    at_rest = field("VmRSS")
    return lambda: field("VmHWM") - at_rest


class Trial:
    """Streams under watch."""

    def __init__(self, watch: Any) -> None:
        self.watch = watch
        self.audit = watch.Audit()
        self.before = watch.shared_state()

    def run(self, door: Callable[[bytes], Any], data: bytes) -> tuple[str, str, list[str], float, int]:
        """What came of it, the error's text, what is wrong, seconds, and bytes at the peak."""
        wrong: list[str] = []
        value = text = None
        growth = peak()
        self.audit.events.clear()
        self.audit.armed = True
        begin = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            value = door(data)
            outcome = "value"
        except Exception as error:
            outcome, text = type(error).__name__, f"{str(error):.300}"
            if isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError):
                wrong.append("it asked for memory that is not there")
            if isinstance(error.__cause__, SystemError):
                wrong.append(f"code in C broke its promises: {error.__cause__}")
        except BaseException as error:
            outcome, text = type(error).__name__, str(error)
            wrong.append("it ended the program")
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.audit.armed = False
        seconds, most = time.process_time() - begin, growth()
        wrong += self.audit.events
        if most > min(MEMORY, FREE + FOR_EACH_BYTE * len(data)):
            wrong.append(f"{most >> 20} MB for {len(data)} bytes")
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        if outcome == "value":
            wrong += self.watch.faults(value, self.shown(), len(data))
            self.watch.use(value)
        value = None
        gc.collect()  # what dies only now may take the process along
        signal.setitimer(signal.ITIMER_PROF, 0)
        after = self.watch.shared_state()
        if after != self.before:
            wrong += self.watch.differences(self.before, after)
            self.before = after
        return outcome, text or "", wrong, seconds, most

    def shown(self) -> frozenset[int]:
        """What hooks may have given to the stream."""
        from tests.attacks.doors import lendable

        return frozenset(map(id, lendable()))


def attacks(trial: Trial) -> None:
    from tests.attacks.doors import DOORS
    from tests.attacks.streams import ATTACKS

    for line in sys.stdin:
        attack = ATTACKS[line.rstrip("\n")]
        data = attack.bytes()
        tell(begin=attack.id)
        outcome, text, wrong, seconds, most = trial.run(DOORS[attack.door], data)
        tell(end=attack.id, outcome=outcome, text=text, wrong=wrong, seconds=round(seconds, 3), megabytes=most >> 20, size=len(data))


def mutants(trial: Trial, first: int, last: int) -> None:
    """Those that are numbered first to last; only what is wrong is told at length."""
    from tests.attacks.doors import DOORS
    from tests.attacks.mutants import mutant

    for number in range(first, last):
        data = mutant(number)
        tell(begin=str(number))
        outcome, text, wrong, _, _ = trial.run(DOORS["loads" if number % 4 else "file"], data)
        tell(end=str(number), outcome=outcome, text=text, wrong=wrong)


def main(*numbers: str) -> None:
    trial = Trial(prepare())
    if numbers:
        mutants(trial, *map(int, numbers))
    else:
        attacks(trial)


OUT = os.dup(1)  # of our own: what a stream prints is a finding, if it comes so far
if __name__ == "__main__":
    main(*sys.argv[1:])
