# How perdure's XML spells texts and values.

from libc.stdint cimport uint8_t
from perdure._engine.text.output cimport Out

cdef enum:
    LONGEST = 1000  # bytes of a text in an attribute
    DECIMAL = 2048  # bits of an int that is written in decimal: every limit of sys.set_int_max_str_digits allows that

# What a byte of UTF-8 needs; in attributes more than in text.
cdef enum:
    ENTITY = 1
    IMPOSSIBLE = 2
    SURROGATE = 3   # perhaps: ED
    NONCHARACTER = 4  # perhaps: EF
cdef uint8_t* in_text
cdef uint8_t* in_attribute

cdef class Output:
    cdef Out out

    cdef int say(self, const char* text) except -1
    cdef int put_bytes(self, bytes text) except -1
    cdef int byte(self, int c) except -1
    cdef int put_text(self, const unsigned char* p, Py_ssize_t n, const uint8_t* needs) except -1
    cdef int put_char(self, int code) except -1
    cdef int real(self, double number) except -1
    cdef int plain(self, value, const uint8_t* needs) except -1

cdef bint fits(const unsigned char* p, Py_ssize_t n) noexcept
cdef bint stands(value) except -1
