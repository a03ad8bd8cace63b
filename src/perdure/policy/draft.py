"""Drafts a pack from a library and its pickles: ``python -m perdure.policy.draft LIBRARY FILE...``

It reads what the pickles name and what they do with it, without building anything of them; then it imports the
library and looks at the classes. What it prints is a module that works for classes of plain Python, and refuses what
holds state in C until somebody has written the check; which these are, it tells on stderr. docs/packs.md tells how to
go on.
"""

from __future__ import annotations

import argparse
import json
import pickletools
import sys
import textwrap
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Iterator
from importlib import import_module
from types import FunctionType

from perdure.errors import UntrustedError
from perdure.policy.decide import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Uses = dict[tuple[str, str], "Use"]

__all__ = ["Use", "draft", "native", "reasons", "uses"]

_POINTER = object.__basicsize__ // 2
_HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made by a class statement, or by C that imitates one
_SPECIAL = ("__setstate__", "__reduce__", "__reduce_ex__", "__getstate__")


# ---- what pickles do -------------------------------------------------------------------------


class Use:
    """What was done with a name: called or created with arguments, built with a state, filled, or only a value."""

    def __init__(self) -> None:
        self.called: set[str] = set()
        self.created: set[str] = set()
        self.states: dict[str, set[str]] = {}
        self.filled = False


class _Made:
    """Something whose type is known from how it came about. On the stack here it stands beside text, which is itself,
    and names, which are tuples of a module and a name."""

    def __init__(self, kind: str, of: tuple[str, str] | None = None) -> None:
        self.kind = kind
        self.of = of
        self.items: dict[str, str] = {}


_MARK = object()
_TEXT = frozenset(("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"))
_SHAPES = {
    "EMPTY_DICT": "dict", "EMPTY_LIST": "list", "EMPTY_TUPLE": "tuple", "EMPTY_SET": "set", "NONE": "None",
    "NEWTRUE": "bool", "NEWFALSE": "bool", "BINFLOAT": "float", "FLOAT": "float", "DICT": "dict", "LIST": "list",
    "TUPLE": "tuple", "TUPLE1": "tuple", "TUPLE2": "tuple", "TUPLE3": "tuple", "FROZENSET": "frozenset",
}  # fmt: skip
# What a stream calls something, and what it is.
_ALIKE = {
    "_frombuffer": "ndarray", "int_or_bool": "int", "bytes_or_str": "bytes", "bytes8": "bytes", "encode": "bytes",
}  # fmt: skip


def uses(stream: bytes) -> Uses:
    """What a stream names, and does with it; nothing is imported, called or built.

    >>> import pickle, collections
    >>> found = uses(pickle.dumps(collections.Counter("ab"), 4))
    >>> {name: sorted(use.called) for name, use in found.items()}
    {('collections', 'Counter'): ['(dict)']}
    """
    found: Uses = {}
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for opcode, argument, _ in pickletools.genops(stream):
        _step(opcode, argument, stack, memo, found)
    return found


def _step(opcode: Any, argument: Any, stack: list[Any], memo: dict[int, Any], found: Uses) -> None:
    name = opcode.name
    if name in ("GLOBAL", "STACK_GLOBAL"):
        parts = stack[-2:] if name == "STACK_GLOBAL" else argument.split(" ", 1)
        del stack[len(stack) - (2 if name == "STACK_GLOBAL" else 0) :]
        made = (str(parts[0]), str(parts[1]))
        found.setdefault(made, Use())
        stack.append(made)
    elif name in ("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"):
        memo[len(memo) if argument is None else int(argument)] = stack[-1]
    elif name in ("GET", "BINGET", "LONG_BINGET"):
        stack.append(memo[int(argument)])
    elif name in _TEXT:
        stack.append(argument)
    elif name in ("REDUCE", "NEWOBJ", "NEWOBJ_EX"):
        args = stack[-(2 if name == "NEWOBJ_EX" else 1)]
        of = stack[-(3 if name == "NEWOBJ_EX" else 2)]
        if type(of) is tuple:
            use = found[of]
            (use.called if name == "REDUCE" else use.created).add(_shown(args))
            first = getattr(args, "items", {}).get("0", "")
            if name == "REDUCE" and ":" in first:  # a function that makes an instance of the class it is given
                made_by, of = of[1], tuple(first.split(":"))
                if made_by == "_reconstructor":  # as protocols 0 and 1 do for every class
                    found[of].created.add("()")
        _replace(opcode, stack, _Made(of[1] if type(of) is tuple else "?", of if type(of) is tuple else None))
    elif name == "BUILD":
        state = stack.pop()
        of = getattr(stack[-1], "of", None)
        if of is not None:
            keys = state.items if isinstance(state, _Made) and state.kind == "dict" else {"": _type(state)}
            for key, kind in keys.items():
                found[of].states.setdefault(key, set()).add(kind)
    elif name in ("SETITEM", "SETITEMS", "APPEND", "APPENDS", "ADDITEMS"):
        items = _taken(opcode, stack)
        target = stack[-1]
        if isinstance(target, _Made):
            if target.of is not None:
                found[target.of].filled = True
            elif name.startswith("SETITEM"):
                target.items.update(_typed(items))
    else:
        _other(opcode, argument, stack)


def _other(opcode: Any, argument: Any, stack: list[Any]) -> None:
    """What only moves values: by what pickletools says of it."""
    if opcode.name == "MARK":
        stack.append(_MARK)
        return
    items = _taken(opcode, stack)
    for after in opcode.stack_after:
        made = _Made(_SHAPES.get(opcode.name, after.name))
        if made.kind == "tuple":
            made.items = {str(place): _type(item) for place, item in enumerate(items)}
        elif opcode.name == "DICT":
            made.items = _typed(items)
        stack.append(made)


def _typed(items: list[Any]) -> dict[str, str]:
    """Keys and values, one after another: the types of the values of those keys that are text."""
    return {key: _type(value) for key, value in zip(items[::2], items[1::2], strict=False) if type(key) is str}


def _taken(opcode: Any, stack: list[Any]) -> list[Any]:
    """What an opcode takes from the stack, without what it leaves there."""
    before = [item.name for item in opcode.stack_before]
    kept = 1 if opcode.name in ("SETITEM", "SETITEMS", "APPEND", "APPENDS", "ADDITEMS") else 0
    if "mark" in before:
        place = len(stack) - 1 - stack[::-1].index(_MARK)
    else:
        place = len(stack) - len(before) + kept
    items = [item for item in stack[place:] if item is not _MARK]
    del stack[place:]
    return items


def _replace(opcode: Any, stack: list[Any], made: Any) -> None:
    del stack[len(stack) - len(opcode.stack_before) :]
    stack.append(made)


def _type(value: Any) -> str:
    if type(value) is tuple:
        return ":".join(value)
    if isinstance(value, _Made):
        return _ALIKE.get(value.kind, value.kind)
    return type(value).__name__


def _shown(args: Any) -> str:
    return "(" + ", ".join(kind.rpartition(":")[2] for kind in getattr(args, "items", {}).values()) + ")"


# ---- what classes are ------------------------------------------------------------------------


def reasons(cls: type) -> list[str]:
    """Why instances of a class may hold state in C; empty for classes of plain Python.

    >>> reasons(type("Point", (), {}))
    []
    >>> import array
    >>> reasons(array.array) == []
    False
    """
    found = []
    for base in cls.__mro__[:-1]:
        if base.__module__ == "builtins":
            break  # a dict, a list, an exception: `native` says which
        if not base.__flags__ & _HEAP:
            found.append(f"{base.__module__}.{base.__qualname__} is a type in C")
            break
        slots = base.__dict__.get("__slots__", ())
        count = 1 if isinstance(slots, str) else len(tuple(slots))
        if base.__basicsize__ > base.__base__.__basicsize__ + (count + 2) * _POINTER:  # type: ignore[union-attr]
            found.append(f"{base.__module__}.{base.__qualname__} has fields in C")
            break
    home = getattr(sys.modules.get(cls.__module__), "__file__", None)
    if home and not home.endswith(".py"):
        found.append("its module is compiled, so its methods may read attributes in C")
    calls = sys.modules.get("ctypes")
    for base in cls.__mro__[:-1]:
        names = vars(sys.modules.get(base.__module__, sys)).values()
        if calls is not None and any(each is calls for each in names):
            found.append(f"the module of {base.__module__}.{base.__qualname__} calls C by ctypes")
            break
    for name in _SPECIAL:
        owner = next(base for base in (*cls.__mro__, None) if base is None or name in base.__dict__)
        if owner is not None and owner.__module__ != "builtins" and not isinstance(owner.__dict__[name], FunctionType):
            found.append(f"{name} of {owner.__qualname__} is not Python")
    if not cls.__dictoffset__ and "__slots__" not in cls.__dict__ and native(cls) is object:
        found.append("no __dict__")
    return found


def native(cls: type) -> type:
    """The built-in type that a class is a kind of: object, dict, tuple, ValueError, ..."""
    return next(base for base in cls.__mro__ if base.__module__ == "builtins")


# ---- the draft -------------------------------------------------------------------------------

_HEAD = '''"""{library}: a draft by ``python -m perdure.policy.draft``, from {count} pickles. See docs/packs.md."""

from importlib import import_module

from perdure.errors import CorruptError
from perdure.policy.rows import Callee, Constant, Kind, bare, build_attributes, class_row, kind_in, never

TOPS = ("{library}",)
NEEDS = ()
'''
_TAIL = """
KINDS = {
    **{(module, name): Kind(build_attributes) for module, names in CLASSES.items() for name in names.split()},
    **{key: Kind(build, unseen=True) for key, build in STATES.items()},
}


def row(module, name):
    if name in CLASSES.get(module, "").split():
        return bare(getattr(import_module(module), name))
    if name in VALUES.get(module, "").split():
        return Constant(getattr(import_module(module), name), shared=True)
    make = CALLS.get((module, name))
    if make is None:
        return None
    found = getattr(import_module(module), name)
    if isinstance(found, type):
        return class_row(found, make, new=make)
    return Callee(f"{module}.{name}", make)


def kind(cls):
    return kind_in(KINDS, cls)
"""


def draft(library: str, streams: list[bytes]) -> str:
    """The text of a module that is a pack of a library, as far as its pickles tell."""
    found: Uses = {}
    for stream in streams:
        for key, use in uses(stream).items():
            _add(found.setdefault(key, Use()), use)
    own = {key: use for key, use in sorted(found.items()) if key[0].partition(".")[0] == library}
    classes: dict[str, list[str]] = {}
    values: dict[str, list[str]] = {}
    calls, states, functions, setting = [], [], [], []
    for (module, name), use in own.items():
        thing = _find(module, name)
        why = reasons(thing) if isinstance(thing, type) else []
        plain = isinstance(thing, type) and not why and native(thing) is object and "" not in use.states
        if plain and not use.called and use.created <= {"()"}:
            classes.setdefault(module, []).append(name)
            if hasattr(thing, "__setstate__"):
                setting.append(name)
        elif not use.called and not use.created and not use.states:
            values.setdefault(module, []).append(name)
        else:
            label = "_".join(f"{module[len(library) :]}.{name}".replace("_", " ").replace(".", " ").split())
            functions.append(_stub(module, name, label, use, why, native(thing) if isinstance(thing, type) else object))
            calls.append(f"    ({_quoted(module)}, {_quoted(name)}): make_{label},")
            if use.states:
                states.append(f"    ({_quoted(module)}, {_quoted(name)}): build_{label},")
    others = [".".join(key) for key in sorted(found) if key not in own and not _is_known(key)]
    text = [_HEAD.format(library=library, count=len(streams))]
    if others:
        text.append("# Named too, and in no table of the profile (another pack's, or this one's to add):")
        text += [f"#   {name}" for name in others]
        text.append("")
    text.append("# Classes of plain Python: an instance is its attributes.")
    if setting:
        text += textwrap.wrap(
            f"Their __setstate__ is not called; look what it does in: {', '.join(setting)}.",
            118, initial_indent="# ", subsequent_indent="# ",
        )  # fmt: skip
    text += [_table("CLASSES", classes), ""]
    text += ["# Functions and classes that were only named: values, never called.", _table("VALUES", values), ""]
    if functions:
        text += ["", "\n\n\n".join(functions), "\n"]
    text += ["CALLS = {", *calls, "}", "STATES = {", *states, "}"]
    return "\n".join(text) + _TAIL


def _add(into: Use, use: Use) -> None:
    into.called |= use.called
    into.created |= use.created
    into.filled |= use.filled
    for key, kinds in use.states.items():
        into.states.setdefault(key, set()).update(kinds)


def _is_known(key: tuple[str, str]) -> bool:
    """Whether the profile loads a name, by the one that it has had since Python 3."""
    module, name = NAME_MAPPING.get(key) or (IMPORT_MAPPING.get(key[0], key[0]), key[1])
    try:
        Policy().resolve(module, name)
    except UntrustedError:
        return False
    return True


def _find(module: str, name: str) -> Any:
    try:
        found = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return None
    return found


def _quoted(text: str) -> str:
    return json.dumps(text)


def _table(name: str, entries: dict[str, list[str]]) -> str:
    lines = [f"{name} = {{"]
    for module, names in entries.items():
        parts = textwrap.wrap(" ".join(names), 100)
        lines.append(f"    {_quoted(module)}:")
        lines += [f"        {_quoted(part + (' ' if part is not parts[-1] else ''))}" for part in parts]
        lines[-1] += ","
    return "\n".join([*lines, "}"])


def _stub(module: str, name: str, label: str, use: Use, why: list[str], base: type) -> str:
    """Functions that refuse, and say what was seen and why it takes a look."""
    told = [f"{module}.{name}"]
    if why:
        told.append(f"C STATE: {'; '.join(why)}")
    if base is not object:
        told.append(f"a kind of {base.__name__}, made by {base.__name__}.__new__")
    told += [f"called with {shown}" for shown in sorted(use.called)]
    told += [f"created with {shown}" for shown in sorted(use.created)]
    if use.filled:
        told.append("filled with items: Kind(fill=True) lets that happen")
    comment = "\n".join(f"# {line}" for line in told)
    text = f"{comment}\ndef make_{label}(*args):\n    never({_quoted(f'{module}.{name}')}, args)"
    if use.states:
        keys = [f"{key or 'the state'}: {', '.join(sorted(kinds))}" for key, kinds in sorted(use.states.items())]
        lines = "\n".join(f"    #   {line}" for line in keys)
        message = f"the state of a {name} is not proven yet"
        text += f"\n\n\ndef build_{label}(instance, state):\n{lines}\n    raise CorruptError({_quoted(message)})"
    return text


def _read(paths: list[str]) -> Iterator[bytes]:
    for path in paths:
        with open(path, "rb") as file:
            yield file.read()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m perdure.policy.draft", description=__doc__.partition("\n")[0])
    parser.add_argument("library", help="the first part of the names that the pack is for")
    parser.add_argument("files", nargs="+", help="pickles of what it should load")
    given = parser.parse_args(arguments)
    text = draft(given.library, list(_read(given.files)))
    sys.stdout.write(text)
    names = text.splitlines()
    for before, line in zip(names, names[1:], strict=False):
        if line.startswith("# C STATE: "):
            print(f"{before[2:]} holds state in C: {line[11:]}", file=sys.stderr)


if __name__ == "__main__":
    main()
