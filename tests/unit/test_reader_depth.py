"""A million levels of everything load in a thread with a small stack."""

import subprocess
import sys

import pytest

import perdure
from perdure.pickle import loads

# In a process of its own that leaves by os._exit: on some Pythons it is the destructors that recurse.
PROGRAM = r"""
import os, sys, threading
from perdure._engine.reader.unpickler import loads
N = 1_000_000
class A: pass
streams = {
    "list": b"]" * N + b"a" * (N - 1), "lists": b"](" * N + b"e" * N, "tuple": b")" + b"\x85" * N, "tuples": b"(" * N + b"t" * N,
    "dict": b"}K\x01" * N + b"N" + b"s" * N, "dicts": b"}(K\x01" * N + b"N" + b"u" * N, "frozenset": b"(" * N + b"\x91" * N,
    "set in tuple": b"\x8f(" * N + b"N" + b"0\x90\x85" * 0 + b"\x90" * 0 + b"0" * 0 + b"\x90\x85"[:0] + b"1" * N,
    "objects": b"c__main__\nA\n\x940" + b"h\x00)\x81}(\x8c\x01x" * N + b"N" + b"ub" * N,
    "slots": b"c__main__\nA\n\x940" + b"h\x00)\x81N}(\x8c\x01x" * N + b"N" + b"u\x86b" * N,
    "reduce": b"cbuiltins\nlist\n\x940" + b"h\x00(](" * N + b")" + b"etR" * N, "marks": b"N" + b"(" * N + b"N" + b"1" * N,
    "memo": b"N\x94" * N + b"0" * (N - 1),
}
done = []
def work(name):
    done.append(loads(b"\x80\x04" + streams[name] + b"."))
    print(name, flush=True)
threading.stack_size(256 * 1024)
for name in streams:
    thread = threading.Thread(target=work, args=(name,))
    thread.start()
    thread.join()
print("all" if len(done) == len(streams) else "not all", flush=True)
os._exit(0)
"""


@pytest.mark.slow
def test_depth() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[-2] == "all", done.stdout + done.stderr


@pytest.mark.parametrize("stream", [b"(K\x01%sNd.", b"}K\x01%sNs.", b"}(K\x01%sNu.", b"(K\x01%s\x91.", b"\x8f(K\x01%s\x90."])
def test_a_key_whose_hash_takes_for_ever(stream: bytes) -> None:
    """40 tuples, each of the one before twice: their hash visits 2**40."""
    assert loads(stream % (b"2\x86" * 15))
    with pytest.raises(RecursionError, match="shared too often"):
        loads(stream % (b"2\x86" * 40))
    with pytest.raises(perdure.LimitError):
        perdure.loads(stream % (b"2\x86" * 40))
