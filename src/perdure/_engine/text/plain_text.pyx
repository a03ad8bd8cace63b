"""Whether a plain JSON reader can be trusted with a text: asked before it is used."""

from libc.string cimport memcmp

cdef extern from "Python.h":
    char* PyBytes_AsString(object) except NULL
    const char* PyUnicode_AsUTF8AndSize(object, Py_ssize_t*) except NULL


def is_plain_text(text, /):
    """Whether a plain reader reads a str, or bytes, as it is meant, or refuses it: it is not tagged, and no int in it
    is beyond 64 bits, of which such readers make floats."""
    cdef const unsigned char* p
    cdef Py_ssize_t n = 0
    if type(text) is str:
        try:
            p = <const unsigned char*>PyUnicode_AsUTF8AndSize(text, &n)
        except UnicodeEncodeError:
            return False
    else:
        p = <const unsigned char*>PyBytes_AsString(text)
        n = len(<bytes>text)
    return not is_tagged(p) and not has_large_integers(p, p + n)


cdef bint is_tagged(const unsigned char* p) noexcept:
    """Whether a text, behind which is a 0, is an object whose first key is "$perdure", however that is spelt."""
    cdef const char* name = b"$perdure"
    cdef int i, c
    while p[0] == 32 or p[0] == 10 or p[0] == 13 or p[0] == 9:
        p += 1
    if p[0] != 123:
        return False
    p += 1
    while p[0] == 32 or p[0] == 10 or p[0] == 13 or p[0] == 9:
        p += 1
    if p[0] != 34:
        return False
    p += 1
    for i in range(8):
        c = p[0]
        if c == 92:  # \u00XX
            if p[1] != 117 or p[2] != 48 or p[3] != 48 or not p[4] or not p[5]:
                return False
            c = digit(p[4]) << 4 | digit(p[5])
            p += 5
        if c != name[i]:
            return False
        p += 1
    return p[0] == 34


cdef int digit(int c) noexcept:
    return c - 48 if 48 <= c <= 57 else (c | 32) - 87 if 97 <= (c | 32) <= 102 else -1


cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    /* The first of eight digits in a row, which lie at a multiple of eight from p, or within them; else the end. A
       number of 19 digits has such eight. */
    static inline const unsigned char *perdure_eight_digits(const unsigned char *p, const unsigned char *end)
    {
        const uint64_t ones = 0x0101010101010101u;
        for (; end - p >= 8; p += 8) {
            uint64_t x;
            memcpy(&x, p, 8);
            x ^= ones * 0x30;
            if (!((((x & ones * 0x7F) + ones * 0x76) | x) & ones * 0x80))
                return p;
        }
        return end;
    }
    """
    const unsigned char* eight_digits "perdure_eight_digits"(const unsigned char*, const unsigned char*) noexcept


cdef bint has_large_integers(const unsigned char* start, const unsigned char* end) noexcept:
    """Of 19 digits at least. The byte behind the text is 0."""
    cdef const unsigned char* p = start
    cdef const unsigned char* first
    cdef const unsigned char* last
    cdef Py_ssize_t n
    cdef bint negative
    while True:
        p = eight_digits(p, end)
        if end - p < 8:
            return False
        first = p
        last = p + 8
        while 48 <= last[0] <= 57:
            last += 1
        p += 8
        if last - first < 12:  # at most 7 digits come before these
            continue
        while first > start and 48 <= first[-1] <= 57:
            first -= 1
        n = last - first
        p += (last - p) & ~7
        if n < 19 or last[0] == 46 or (last[0] | 32) == 101:
            continue
        negative = first > start and first[-1] == 45
        if first - negative > start and is_within(first[-1 - <int>negative]):
            continue
        if n > 20 or (n == 20 and (negative or memcmp(first, b"18446744073709551615", 20) > 0)):
            return True
        if n == 19 and negative and memcmp(first, b"9223372036854775808", 19) > 0:
            return True


cdef inline bint is_within(int c) noexcept:
    """Whether no int begins behind this character: a fraction or an exponent does, or a string."""
    return c == 46 or c == 101 or c == 69 or c == 43 or c == 34 or c == 45
