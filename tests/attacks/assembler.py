"""Streams written by hand: each function gives the opcodes that push one value, or do one thing.

    stream(call(name("os", "system"), "true"))

`Code` is opcodes already; anything else that stands for a value is pushed as `value` pushes it.
Nothing here is checked: what no pickler would write is what this is for.
"""

import pickle
import struct
from typing import Any

__all__ = [
    "Code", "added", "append", "array", "build", "call", "chain", "doubled", "dtype", "extended", "extension", "filled", "get",
    "getattribute", "inst", "name", "new", "new_ex", "obj", "old_name", "pop", "put", "stream", "value",
]  # fmt: skip


class Code(bytes):
    """Opcodes."""

    def __add__(self, other: bytes) -> "Code":
        return Code(bytes(self) + other)


NOTHING = Code()


def stream(*parts: Any, protocol: int = 4) -> bytes:
    """A whole stream: PROTO, the parts one after the other, STOP."""
    head = pickle.PROTO + bytes([protocol]) if protocol > 1 else b""
    return head + b"".join(value(part) for part in parts) + pickle.STOP


def value(thing: Any) -> Code:
    """Pushes a value; within tuples, lists and dicts there may be Code."""
    if isinstance(thing, Code):
        return thing
    if thing is None or isinstance(thing, bool):
        return Code({None: pickle.NONE, True: pickle.NEWTRUE, False: pickle.NEWFALSE}[thing])
    if isinstance(thing, int):
        if -(2**31) <= thing < 2**31:
            return Code(pickle.BININT + struct.pack("<i", thing))
        raw = pickle.encode_long(thing)
        return Code(pickle.LONG4 + struct.pack("<i", len(raw)) + raw)
    if isinstance(thing, float):
        return Code(pickle.BINFLOAT + struct.pack(">d", thing))
    if isinstance(thing, str):
        raw = thing.encode("utf-8", "surrogatepass")
        return Code(pickle.BINUNICODE + struct.pack("<I", len(raw)) + raw)
    if isinstance(thing, bytes):
        return Code(pickle.BINBYTES + struct.pack("<I", len(thing)) + thing)
    if isinstance(thing, bytearray):
        return Code(pickle.BYTEARRAY8 + struct.pack("<Q", len(thing)) + thing)
    if isinstance(thing, tuple):
        return Code(pickle.MARK + b"".join(map(value, thing)) + pickle.TUPLE)
    if isinstance(thing, list):
        return Code(pickle.MARK + b"".join(map(value, thing)) + pickle.LIST)
    if isinstance(thing, dict):
        return Code(pickle.MARK + b"".join(value(k) + value(v) for k, v in thing.items()) + pickle.DICT)
    if isinstance(thing, (set, frozenset)):
        inner = b"".join(map(value, thing))
        if isinstance(thing, frozenset):
            return Code(pickle.MARK + inner + pickle.FROZENSET)
        return Code(pickle.EMPTY_SET + pickle.MARK + inner + pickle.ADDITEMS)
    raise TypeError(f"no opcode pushes a {type(thing).__name__}")


# ---- names ---------------------------------------------------------------------------------


def name(module: Any, path: Any) -> Code:
    """STACK_GLOBAL of protocol 4: the path may be dotted."""
    return value(module) + value(path) + pickle.STACK_GLOBAL


def old_name(module: str, path: str) -> Code:
    """GLOBAL, whose names are lines of text, and old ones below protocol 3."""
    return Code(pickle.GLOBAL + f"{module}\n{path}\n".encode())


def extension(code: int) -> Code:
    return Code(pickle.EXT4 + struct.pack("<i", code))


def getattribute(owner: Any, path: str) -> Code:
    """builtins.getattr, as some pickles have it."""
    return call(name("builtins", "getattr"), owner, path)


# ---- calls and instances -------------------------------------------------------------------


def call(callee: Any, *args: Any) -> Code:
    return value(callee) + value(args) + pickle.REDUCE


def new(cls: Any, *args: Any) -> Code:
    return value(cls) + value(args) + pickle.NEWOBJ


def new_ex(cls: Any, args: Any, kwargs: Any) -> Code:
    return value(cls) + value(args) + value(kwargs) + pickle.NEWOBJ_EX


def inst(module: str, path: str, *args: Any) -> Code:
    return Code(pickle.MARK + b"".join(map(value, args)) + pickle.INST + f"{module}\n{path}\n".encode())


def obj(callee: Any, *args: Any) -> Code:
    return Code(pickle.MARK + value(callee) + b"".join(map(value, args)) + pickle.OBJ)


# ---- what alters something -----------------------------------------------------------------


def build(target: Any, state: Any) -> Code:
    return value(target) + value(state) + pickle.BUILD


def append(target: Any, item: Any) -> Code:
    return value(target) + value(item) + pickle.APPEND


def extended(target: Any, *items: Any) -> Code:
    return value(target) + pickle.MARK + b"".join(map(value, items)) + pickle.APPENDS


def filled(target: Any, *pairs: tuple[Any, Any]) -> Code:
    return value(target) + pickle.MARK + b"".join(value(k) + value(v) for k, v in pairs) + pickle.SETITEMS


def added(target: Any, *items: Any) -> Code:
    return value(target) + pickle.MARK + b"".join(map(value, items)) + pickle.ADDITEMS


# ---- the memo and the stack ----------------------------------------------------------------


def put(index: int, thing: Any = NOTHING) -> Code:
    """Memoizes a value, or what lies on the stack already."""
    return value(thing) + pickle.LONG_BINPUT + struct.pack("<I", index)


def get(index: int) -> Code:
    if index < 256:
        return Code(pickle.BINGET + bytes([index]))
    return Code(pickle.LONG_BINGET + struct.pack("<I", index))


pop = Code(pickle.POP)


# ---- shapes --------------------------------------------------------------------------------


def doubled(count: int, start: Any, opcode: bytes = pickle.DUP + pickle.TUPLE2) -> Code:
    """A value of two to the ``count`` leaves in two bytes a level: each holds the one before twice."""
    return value(start) + opcode * count


def chain(count: int, start: Any, before: bytes, after: bytes) -> Code:
    """``count`` levels around a value."""
    return Code(before * count + value(start) + after * count)


# ---- numpy ---------------------------------------------------------------------------------


def dtype(kind: str, state: Any = None) -> Code:
    made = call(name("numpy", "dtype"), kind, False, True)
    return made if state is None else build(made, state)


def array(state: Any, subtype: Any = None) -> Code:
    """_reconstruct and BUILD, with (version, shape, dtype, order, contents) as the state."""
    empty = call(name("numpy._core.multiarray", "_reconstruct"), subtype or name("numpy", "ndarray"), (0,), b"b")
    return build(empty, state)
