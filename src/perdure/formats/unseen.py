"""Errors of the stream that a text was read into: who loads the text has never seen it, and its offsets say nothing."""

from __future__ import annotations

import re

from perdure.errors import CorruptError, LimitError, UnpicklingError

__all__ = ["without_offsets"]

_PLACE = re.compile(r" ?\(at byte \d+(?:, (at root.*))?\)", re.DOTALL)


def without_offsets(error: UnpicklingError) -> UnpicklingError:
    """The error without offsets; the place in the object stays."""
    told: UnpicklingError = error
    if isinstance(error, (CorruptError, LimitError)):
        message = _PLACE.sub(lambda found: f" ({found[1]})" if found[1] else "", str(error))
        told = LimitError(message, error.limit) if isinstance(error, LimitError) else CorruptError(message)
    told.__notes__ = [note.partition(", by ")[0] for note in getattr(error, "__notes__", ())]
    return told
