"""Durable, sealed files: docs/file-format.md, docs/durability.md, docs/keys.md."""

MARK = b"U\x07perdure0"  # what a stream begins with, behind PROTO, that has a trailer; it does nothing

__all__ = ["MARK", "is_marked"]


def is_marked(start: bytes) -> bool:
    """Whether a stream begins with the mark: then a trailer belongs to it."""
    return start.startswith(MARK, 2 if start[:1] == b"\x80" else 0)
