"""Base64 in the one way in which it is written, so that a text says the same to every reader."""

from binascii import a2b_base64, b2a_base64


def decoded(text, /):
    """The bytes of a str, or of bytes; ValueError where it is none, or where bits stand behind the last byte."""
    cdef bytes given = text.encode("ascii") if type(text) is str else text
    cdef bytes data = a2b_base64(given, strict_mode=True)
    cdef Py_ssize_t rest = len(data) % 3
    if rest and not given.endswith(b2a_base64(data[len(data) - rest:], newline=False)):
        raise ValueError("bits behind the last byte of base64")
    return data
