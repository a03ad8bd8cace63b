"""Built-in types: values where a stream names them, made from checked arguments where it calls them."""

from __future__ import annotations

import builtins

from perdure.errors import CorruptError
from perdure.policy.rows import Callee, Constant, Kind, class_row, kind_in, never, only, too_much

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.policy.rows import Answer, Kinds

__all__ = ["kind", "row"]


MANY_BITS = 4096  # of a number in a range


def _bytes(*args: Any) -> bytes:
    if not args:
        return b""
    if len(args) == 1 and type(args[0]) in (bytes, bytearray):
        return bytes(args[0])
    if len(args) == 2 and type(args[0]) is str and args[1] in ("latin-1", "latin1"):
        return args[0].encode("latin-1")
    return never("bytes", args)


def _bytearray(*args: Any) -> bytearray:
    if args[1:] == (None,):
        args = args[:1]
    if not args:
        return bytearray()
    if len(args) == 1 and type(args[0]) is bytes:
        return bytearray(args[0])
    if len(args) == 2 and type(args[0]) is str and args[1] in ("latin-1", "latin1"):
        return bytearray(args[0], "latin-1")
    return never("bytearray", args)


def _encode(*args: Any) -> bytes:
    if len(args) == 2 and type(args[0]) is str and args[1] in ("latin1", "latin-1"):
        return args[0].encode("latin-1")
    return never("_codecs.encode", args)


def _slice(*args: Any) -> slice:
    return slice(*args) if len(args) == 3 else never("slice", args)


def _type(*args: Any) -> type:
    if len(args) == 1 and (args[0] is None or args[0] is ... or args[0] is NotImplemented):
        return type(args[0])
    return never("type", args)


def _range(*args: Any) -> range:
    if len(args) != 3 or not all(type(arg) is int for arg in args):
        never("range", args)
    if max(map(int.bit_length, args)) > MANY_BITS:
        too_much("a range of numbers of so many digits is not read", "digits")  # its length takes a division
    return range(*args)


_complex = only(complex, "complex", (float, float))
_object = only(object, "object", ())

_CALLEES: dict[str, Answer] = {
    "set": Callee("builtins.set", only(set, "set", (), (list,)), value=set, hashes=True),
    "frozenset": Callee("builtins.frozenset", only(frozenset, "frozenset", (), (list,)), value=frozenset, hashes=True),
    "bytes": class_row(bytes, _bytes),
    "bytearray": class_row(bytearray, _bytearray),
    "complex": Callee("builtins.complex", _complex, new=_complex, value=complex, direct=complex, types=(float, float)),
    "range": Callee("builtins.range", _range, value=range, direct=range, types=(int, int, int)),
    "slice": class_row(slice, _slice),
    "object": Callee("builtins.object", _object, new=_object, value=object),
    "type": Callee("builtins.type", _type),
}
_VALUES = ("int", "float", "bool", "str", "tuple", "list", "dict", "Ellipsis", "NotImplemented")

# All but those that end a program, or are no exceptions of its own.
_EXCEPTIONS = frozenset(
    name
    for name, found in vars(builtins).items()
    if isinstance(found, type) and issubclass(found, BaseException)
    and not issubclass(found, (SystemExit, KeyboardInterrupt, GeneratorExit))
)  # fmt: skip
_MEMBERS = frozenset(("name", "path", "name_from", "obj", "msg"))  # of some exceptions, set apart from the dict


def build_exception(error: BaseException, state: Any) -> None:
    """A dict of attributes, as BaseException.__reduce__ gives it; ``__notes__`` are the one dunder."""
    if type(state) is not dict:
        raise CorruptError("the state of an exception is no dict")
    for key, value in state.items():
        if type(key) is not str or not key.isidentifier():
            raise CorruptError("the state of an exception has a key that is no name")
        if key.startswith("__") and (key != "__notes__" or type(value) is not list):
            raise CorruptError(f"{key:.100} is no attribute of an exception that a pickle sets")
        if key in _MEMBERS and key in dir(type(error)):
            object.__setattr__(error, key, value)
        else:
            error.__dict__[key] = value


exception_kind = Kind(build_exception)


def exception_row(cls: type) -> Callee:
    """A class whose constructor in C takes any arguments; some go through the second one, whatever it is."""
    if not issubclass(cls, (SyntaxError, BaseExceptionGroup)):
        return Callee(f"{cls.__module__}.{cls.__qualname__}", cls, new=lambda *args: cls.__new__(cls, *args), value=cls)

    def checked(args: tuple[Any, ...]) -> tuple[Any, ...]:
        return args if len(args) < 2 or type(args[1]) in (tuple, list) else never(cls.__qualname__, args)

    make: Any = cls
    return class_row(cls, lambda *args: make(*checked(args)), new=lambda *args: make.__new__(cls, *checked(args)))


KINDS: Kinds = {("builtins", name): exception_kind for name in _EXCEPTIONS}


def row(module: str, name: str) -> Answer | None:
    if module == "_codecs":
        return Callee("_codecs.encode", _encode, direct=None) if name == "encode" else None
    if module != "builtins":
        return None
    if name in _VALUES:
        return Constant(getattr(builtins, name))
    if name in _EXCEPTIONS:
        return exception_row(getattr(builtins, name))
    return _CALLEES.get(name)


def kind(cls: type) -> Kind | None:
    return kind_in(KINDS, cls)
