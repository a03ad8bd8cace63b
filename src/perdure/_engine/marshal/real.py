"""Code objects of this interpreter, for who trusts a stream's writer: made by the standard module's own reader, once
ours has seen the whole stream.

Rule: malformed code may crash whoever runs it, but not whoever makes it.
"""

from __future__ import annotations

import marshal

from perdure.errors import CorruptError, ExcessError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure._engine.marshal.code import Code


def with_code(stream: bytes, codes: list[Code]) -> Any:
    """The stream's value with code objects: by the interpreter's own reader, once ours has seen the whole stream."""
    for code in codes:
        _check_instructions(code)
    try:
        return marshal.loads(stream)
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

        entries: Any = getattr(opcode, "_inline_cache_entries", {})  # by number; by name since 3.13
        _sizes.update({
            number: entries[number] if isinstance(entries, list) else entries.get(name, 0)
            for name, number in opcode.opmap.items()
            if number < getattr(opcode, "MIN_INSTRUMENTED_OPCODE", 256)  # from there on, what it puts in their places
        })
    return _sizes
