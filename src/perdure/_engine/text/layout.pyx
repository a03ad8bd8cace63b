"""A compact JSON text, as a writer of ours or orjson makes it, with lines."""

from cpython.mem cimport PyMem_Free

from perdure._engine.text.output cimport *


def indented(bytes text, bytes unit, /):
    """Each member and each item on a line of its own, indented by so many ``unit`` as it lies deep."""
    cdef const unsigned char* p = text
    cdef const unsigned char* end = p + len(text)
    cdef const unsigned char* begin
    cdef Py_ssize_t depth = 0
    cdef Out out
    cdef int c
    out.base = NULL
    out.n = out.room = 0
    try:
        while p < end:
            c = p[0]
            p += 1
            if c == 34:
                begin = p - 1
                while p[0] != 34:
                    p += 2 if p[0] == 92 else 1
                p += 1
                put(&out, <const char*>begin, p - begin)
            elif c == 123 or c == 91:
                put_byte(&out, c)
                if p[0] == 125 or p[0] == 93:
                    put_byte(&out, p[0])
                    p += 1
                else:
                    depth += 1
                    new_line(&out, unit, depth)
            elif c == 125 or c == 93:
                depth -= 1
                new_line(&out, unit, depth)
                put_byte(&out, c)
            elif c == 44:
                put_byte(&out, c)
                new_line(&out, unit, depth)
            else:
                put_byte(&out, c)
                if c == 58:
                    put_byte(&out, 32)
        return out.base[:out.n]
    finally:
        PyMem_Free(out.base)


cdef int new_line(Out* out, bytes unit, Py_ssize_t depth) except -1:
    cdef Py_ssize_t n = len(unit)
    put_byte(out, 10)
    for _ in range(depth):
        put(out, unit, n)
    return 0
