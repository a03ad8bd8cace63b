"""One tree of errors; each says who is wrong: the stream, the policy, the file, the key, or the caller.

The standard module's three classes come from ``_pickle`` directly: they are the
same objects as ``pickle.PicklingError`` and so on, without the cost of importing
``pickle`` (``re``, ``struct``, ...).
"""

from _pickle import PickleError, PicklingError, UnpicklingError

__all__ = [
    "CorruptError", "ExcessError", "KeyFileError", "LimitError", "MistypedError", "PerdureWarning", "PickleError",
    "PicklingError", "TamperedError", "TruncatedError", "UnpicklingError", "UntrustedError",
]


class UntrustedError(UnpicklingError):
    """The stream names something outside the policy; nothing was imported or called.

    ``names`` is a tuple of the dotted names that were refused.
    """

    def __init__(self, message: str, names: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.names = names


class LimitError(UnpicklingError):
    """The stream asks for work or memory out of proportion to its size; ``limit`` names which."""

    def __init__(self, message: str, limit: str = "") -> None:
        super().__init__(message)
        self.limit = limit


class ExcessError(LimitError, ValueError):
    """A LimitError of a marshal stream, for which the standard module would raise a ValueError."""


class CorruptError(UnpicklingError, ValueError):
    """The stream is malformed or the file damaged; ``offset`` is where, in bytes (None if unknown)."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset


class TruncatedError(CorruptError, EOFError):
    """The stream ends before its STOP: a CorruptError that ``except EOFError`` catches too."""


class MistypedError(CorruptError, TypeError):
    """A CorruptError of a marshal stream, for which the standard module raises a TypeError: a value of a wrong type."""


class TamperedError(UnpicklingError):
    """Content and seal disagree; ``path`` is the file (None for bytes)."""

    def __init__(self, message: str, path: str | None = None) -> None:
        super().__init__(message)
        self.path = path


class KeyFileError(PickleError, OSError):
    """A key cannot be read, made or used as it lies there; the message says what to do about it.

    ``path`` is the file or folder, ``mode`` its permissions as far as they were seen (each None if unknown).
    """

    def __init__(self, message: str, path: str | None = None, mode: int | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.mode = mode


class PerdureWarning(UserWarning):
    """Something that is not wrong, but that the user would want to know: a file without a seal, another release."""
