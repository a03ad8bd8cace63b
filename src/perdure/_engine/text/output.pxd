# A text that grows at its end, and how strings and numbers are written in JSON.

from cpython.mem cimport PyMem_Realloc
from libc.stdint cimport uint64_t
from libc.string cimport memchr, memcpy

from perdure._engine.text.spelling cimport spell_bytes, spell_integer, spell_real

cdef enum:
    PIECE = 4096  # bytes of a string for which room is made at once, as if all were to be escaped

cdef struct Out:
    unsigned char* base
    Py_ssize_t n
    Py_ssize_t room

cdef inline unsigned char* room_for(Out* out, Py_ssize_t n) except NULL:
    """Where n bytes may be written; the caller moves `n` on."""
    cdef unsigned char* moved
    cdef Py_ssize_t room = out.room
    if room - out.n < n or not room:
        room = room or 512
        while room - out.n < n:
            room *= 2
        moved = <unsigned char*>PyMem_Realloc(out.base, room)
        if moved == NULL:
            raise MemoryError
        out.base = moved
        out.room = room
    return out.base + out.n


cdef inline int put(Out* out, const char* text, Py_ssize_t n) except -1:
    memcpy(room_for(out, n), text, n)
    out.n += n
    return 0


cdef inline int put_byte(Out* out, int c) except -1:
    room_for(out, 1)[0] = <unsigned char>c
    out.n += 1
    return 0


cdef inline int put_number(Out* out, long long value) except -1:
    cdef unsigned char* p = room_for(out, 40)
    out.n += spell_integer(p, value) - p
    return 0


cdef inline int put_real(Out* out, double value) except -1:
    """Of a finite one: as repr writes it."""
    cdef unsigned char* p = room_for(out, 64)
    out.n += spell_real(p, value) - p
    return 0


cdef inline bint lone(const unsigned char* p, Py_ssize_t n) noexcept:
    """Whether a lone surrogate begins here."""
    return n > 2 and p[0] == 0xED and p[1] >= 0xA0


cdef inline int put_sound(Out* out, const unsigned char* p, Py_ssize_t n) except -1:
    """What stands in a string, of UTF-8 without surrogates."""
    cdef unsigned char* to
    cdef Py_ssize_t part
    while n:
        part = n if n < PIECE else PIECE
        to = room_for(out, 6 * part + 32)
        out.n += spell_bytes(to, p, part) - to
        p += part
        n -= part
    return 0


cdef inline Py_ssize_t put_string(Out* out, const unsigned char* p, Py_ssize_t n) except -1:
    """A string of UTF-8, in quotation marks, as far as its first lone surrogate; how many bytes that were."""
    cdef Py_ssize_t i = 0
    cdef const unsigned char* at
    put_byte(out, 34)
    while i < n and not lone(p + i, n - i):
        at = <const unsigned char*>memchr(p + i + 1, 0xED, n - i - 1)
        if at == NULL:
            at = p + n
        put_sound(out, p + i, at - p - i)
        i = at - p
    put_byte(out, 34)
    return i
