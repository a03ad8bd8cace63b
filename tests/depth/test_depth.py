"""A million levels, written and read in a thread with a stack of 256 KiB.

Each case is a child process that leaves by os._exit: what Python's own destructors do
with a million levels in such a thread is not under test (3.13's crash there).
"""

import subprocess
import sys

import pytest

from tests.subject import NAME, subject  # noqa: F401  (what cannot be imported fails here, not in the child)

LEVELS = 1_000_000

CHILD = """
import io, os, sys, threading, traceback
from tests.depth import shapes
from tests.subject import subject

name, protocol, door = sys.argv[1], int(sys.argv[2]), sys.argv[3]
kept = []

def run():
    code = 1
    try:
        make, inner = shapes.SHAPES[name]
        kept.append(make({levels}))
        if door == "bytes":
            stream = subject.dumps(kept[0], protocol)
            kept.append(subject.loads(stream))
        else:
            file = io.BytesIO()
            subject.Pickler(file, protocol).dump(kept[0])
            file.seek(0)
            kept.append(subject.Unpickler(file).load())
        levels, x = 0, kept[1]
        while x is not None:
            x = inner(x)
            levels += 1
        assert levels == {levels}, levels
        code = 0
    except BaseException:
        traceback.print_exc()
    os._exit(code)

threading.stack_size(256 * 1024)
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


def nested(name, protocol, door):
    done = subprocess.run([sys.executable, "-c", CHILD.format(levels=LEVELS), name, str(protocol), door],
                          capture_output=True, text=True)
    assert done.returncode == 0, f"{done.returncode}: {done.stderr[-2000:]}"


NAMES = ["list", "tuple", "pair", "dict", "frozensets in tuples", "set in instance", "instance", "slots", "named tuple",
         "reduce arguments", "reduce state", "reduce items", "OrderedDict"]


@pytest.mark.parametrize("name", NAMES)
def test_a_million_levels(name):
    nested(name, 5, "bytes")


@pytest.mark.slow
@pytest.mark.parametrize("door", ["bytes", "file"])
@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", NAMES)
def test_a_million_levels_at_every_protocol(name, protocol, door):
    if name == "slots" and protocol < 2:
        pytest.skip("slots have no form below protocol 2")
    nested(name, protocol, door)
