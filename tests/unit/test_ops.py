"""The opcode table against its three neighbours: the standard library, what is generated, the engine."""

import pickletools
import re
import subprocess
import sys

import pytest

from perdure.ops import ARGUMENTS, EFFECTS, OPCODES, Effect, Opcode
from tests.sources import ENGINE, ROOT, reach

in_a_checkout = pytest.mark.skipif(
    not ENGINE.exists(), reason="the sources are not here: an installed package is tested"
)

# pickletools' negative sizes: up to a newline, then lengths of 1, 4 (signed), 4 and 8 bytes.
COUNTED = {-1: (None, False), -2: (1, True), -3: (4, True), -4: (4, True), -5: (8, True)}
# pickletools' names of what lies on the stack, where ours are others.
STACK = {"int_or_bool": "int|bool", "bytes_or_str": "bytes|str", "None": "none", "stackslice": "items"}


def test_rows_are_those_of_pickletools() -> None:
    standard = {op.name: op for op in pickletools.opcodes}
    assert [op.name for op in OPCODES] == list(standard)
    for op in OPCODES:
        theirs = standard[op.name]
        assert op.code.decode("latin-1") == theirs.code
        assert op.protocol == theirs.proto
        assert op.before == " ".join(STACK.get(s.name, s.name) for s in theirs.stack_before)
        assert op.after == " ".join(STACK.get(s.name, s.name) for s in theirs.stack_after)


@pytest.mark.parametrize("op", OPCODES, ids=lambda op: op.name)
def test_argument_is_that_of_pickletools(op: Opcode) -> None:
    theirs = {o.name: o for o in pickletools.opcodes}[op.name].arg
    argument = ARGUMENTS[op.argument]
    size = 0 if theirs is None else theirs.n
    assert (argument.size, argument.counted) == COUNTED.get(size, (size, False))


def test_every_argument_and_effect_is_used_and_explained() -> None:
    assert {op.argument for op in OPCODES} == set(ARGUMENTS)
    used = Effect(0)
    for op in OPCODES:
        assert op.effect, op.name
        used |= op.effect
    assert set(used) == set(EFFECTS) == set(Effect)


def test_constants_are_those_of_the_standard_module() -> None:
    import pickle

    from perdure import opcodes

    for op in OPCODES:
        assert getattr(opcodes, op.name) == getattr(pickle, op.name) == op.code


@in_a_checkout
def test_generated_files_are_fresh() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "generate.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@in_a_checkout
def test_reader_handles_every_row() -> None:
    files = reach(ENGINE / "reader" / "unpickler.pyx", (".pyx", ".pxd")) - {ENGINE / "opcodes.pxd"}
    code = "\n".join(re.sub(r"#.*", "", path.read_text()) for path in files)
    assert set(re.findall(r"\bOP_([A-Z0-9_]+)\b", code)) >= {op.name for op in OPCODES}
