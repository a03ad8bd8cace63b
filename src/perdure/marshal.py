"""The standard ``marshal`` module, with a reader that any bytes may be fed to.

``dump`` and ``dumps`` are the standard module's own; ``load`` and ``loads`` read the same values from the same
bytes, of versions 0 to 5, and give an error for all other bytes:

>>> from perdure import marshal
>>> marshal.loads(marshal.dumps({"rows": [(1, 2.5), (2, None)]}))
{'rows': [(1, 2.5), (2, None)]}

Code objects load as records, :class:`Code`, unless ``trusted=perdure.TRUST_ALL``. docs/marshal.md has the rest.
"""

from __future__ import annotations

import marshal as _standard
from marshal import dump, dumps, version

from perdure._engine.marshal import reader as _reader
from perdure._engine.marshal.code import Code
from perdure.errors import CorruptError, ExcessError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    from perdure.policy import TrustAll

    class _Readable(Protocol):
        def read(self, size: int, /) -> bytes: ...

        def readinto(self, buffer: memoryview, /) -> int: ...


__all__ = ["Code", "dump", "dumps", "load", "loads", "version"]


def loads(
    data: Any, /, *, trusted: TrustAll | None = None, limits: Mapping[str, int] | None = None, allow_code: bool = True
) -> Any:
    """The value that ``data``, bytes or a buffer of them, begins with; what follows it is ignored.

    Code objects are given as :class:`Code`, which is data. ``trusted=perdure.TRUST_ALL`` makes them code objects of
    this interpreter: whoever runs one trusts its writer, for malformed code crashes the interpreter.
    ``allow_code=False`` refuses both. ``limits={"hashing": steps}`` replaces the budget for hashing and comparing keys,
    which is otherwise in proportion to the bytes.

    Raises CorruptError for malformed bytes and LimitError where they ask for more work than their size allows. Both
    are ValueErrors; and EOFError where the bytes end too early, TypeError where a value is of a wrong type, as in the
    standard module.

    >>> from perdure import marshal
    >>> marshal.loads(b"(\\xff\\xff\\xff\\x7f")
    Traceback (most recent call last):
    ...
    perdure.errors.TruncatedError: marshal data too short (at byte 5)
    """
    if trusted is None:
        return _reader.loads(data, None if limits is None else _steps(limits), allow_code)
    _check(trusted)
    with memoryview(data) as view:
        stream = view.tobytes()  # nobody else's: it is read twice
    codes: list[Code] = []
    value = _reader.loads(stream, None if limits is None else _steps(limits), allow_code, codes)
    return _with_code(stream, codes) if codes else value


def load(
    file: _Readable,
    /,
    *,
    trusted: TrustAll | None = None,
    limits: Mapping[str, int] | None = None,
    allow_code: bool = True,
) -> Any:
    """One value from a binary file, which is left right behind it. The rest is as with :func:`loads`.

    >>> import io
    >>> from perdure import marshal
    >>> file = io.BytesIO(marshal.dumps("one") + marshal.dumps("two"))
    >>> marshal.load(file), marshal.load(file)
    ('one', 'two')
    """
    given = None if limits is None else _steps(limits)
    if trusted is None:
        return _reader.load(file, given, allow_code)
    _check(trusted)
    codes: list[Code] = []
    value, stream = _reader.load(file, given, allow_code, codes)
    return _with_code(stream, codes) if codes else value


def _check(trusted: object) -> None:
    from perdure.policy import TRUST_ALL

    if trusted is not TRUST_ALL:
        raise TypeError("trusted= is None or perdure.TRUST_ALL: nothing in a stream has a name to be trusted by")


def _steps(limits: Mapping[str, int]) -> dict[str, int]:
    for name, number in limits.items():
        if name != "hashing":
            raise ValueError(f"limits= takes 'hashing', not {name!r:.100}")
        if type(number) is not int or not 0 <= number < 1 << 62:
            raise ValueError(f"limits={{{name!r}: ...}} is a number of steps")
    return dict(limits)


def _with_code(stream: bytes, codes: list[Code]) -> Any:
    """The stream's value with code objects: by the interpreter's own reader, once ours has seen the whole stream."""
    for code in codes:
        _check_instructions(code)
    try:
        return _standard.loads(stream)
    except (RecursionError, MemoryError) as error:
        raise ExcessError(f"{str(error) or type(error).__name__:.300}", "memory") from error
    except Exception as error:
        raise CorruptError(f"{str(error) or type(error).__name__:.300}") from error


def _check_instructions(code: Code) -> None:
    """The interpreter prepares each instruction's cache while it makes a code object, and believes that it is there."""
    sizes = _instructions()
    data = code.co_code
    place = 0
    while place < len(data):
        size = sizes.get(data[place])
        if size is None:
            raise CorruptError(f"a code object has an instruction of no known kind, {data[place]}")
        place += 2 + 2 * size
    if place > len(data):
        raise CorruptError("a code object ends in the middle of an instruction's cache")


_sizes: dict[int, int] = {}


def _instructions() -> dict[int, int]:
    """The instructions that a compiler writes, and how many places each has behind it for its cache."""
    if not _sizes:
        import opcode

        entries: Any = getattr(opcode, "_inline_cache_entries", {})
        for name, number in opcode.opmap.items():
            if number < 256 and not name.startswith(("INSTRUMENTED_", "ENTER_EXECUTOR")):
                _sizes[number] = entries.get(name, 0) if isinstance(entries, dict) else entries[number]
    return _sizes
