"""Base64 in the one way in which it is written, so that a text says the same to every reader."""

from binascii import a2b_base64, b2a_base64


def decoded(text, /):
    """The bytes of a str, or of bytes; ValueError where it is none, or more stands behind the last byte than has to."""
    cdef bytes given = text.encode("ascii") if type(text) is str else text
    cdef bytes data = a2b_base64(given, strict_mode=True)
    cdef Py_ssize_t n = len(data)
    if len(given) != (n + 2) // 3 * 4 or not given.endswith(b2a_base64(data[n - n % 3:], newline=False)):
        raise ValueError("more than base64 of whole bytes")
    return data
