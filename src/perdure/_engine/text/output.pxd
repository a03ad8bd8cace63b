# A text that grows at its end, and how strings and numbers are written in JSON.

from cpython.mem cimport PyMem_Realloc
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from perdure._engine.text.floats cimport shortest

cdef struct Out:
    unsigned char* base
    Py_ssize_t n
    Py_ssize_t room

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    /* How many bytes from p on, of n, a JSON string holds as they are: no control character, quotation mark or
       backslash; nor 0xED, which lone surrogates begin with. */
    static inline Py_ssize_t perdure_simple(const unsigned char *p, Py_ssize_t n)
    {
        const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
        Py_ssize_t i = 0;
        for (; i + 8 <= n; i += 8) {
            uint64_t x, quote, slash, lone;
            memcpy(&x, p + i, 8);
            quote = x ^ ones * 0x22;
            slash = x ^ ones * 0x5C;
            lone = x ^ ones * 0xED;
            if ((((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)
                 | ((lone - ones) & ~lone)) & high)
                break;
        }
        while (i < n && p[i] >= 0x20 && p[i] != 0x22 && p[i] != 0x5C && p[i] != 0xED)
            i++;
        return i;
    }
    """
    Py_ssize_t simple_bytes "perdure_simple"(const unsigned char*, Py_ssize_t) noexcept


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
    cdef unsigned char digits[24]
    cdef int i = 24
    cdef uint64_t rest = <uint64_t>value if value >= 0 else 0 - <uint64_t>value
    while True:
        i -= 1
        digits[i] = <unsigned char>(48 + rest % 10)
        rest //= 10
        if not rest:
            break
    if value < 0:
        i -= 1
        digits[i] = 45
    return put(out, <const char*>digits + i, 24 - i)


cdef inline int put_real(Out* out, double value) except -1:
    """Of a finite one: as repr writes it."""
    cdef unsigned char digits[20]
    cdef unsigned char* p
    cdef unsigned char* start
    cdef int exponent = 0, n = 0, point, i
    cdef uint64_t bits, number
    memcpy(&bits, &value, 8)
    start = p = room_for(out, 32)
    if bits >> 63:
        p[0] = 45
        p += 1
    number = shortest(bits, &exponent) if bits << 1 else 0
    while number and number % 10 == 0:
        number //= 10
        exponent += 1
    while True:
        digits[n] = <unsigned char>(48 + number % 10)  # the last one first
        number //= 10
        n += 1
        if not number:
            break
    point = n + exponent  # digits before the point
    if -4 < point <= 16:
        if point <= 0:
            p[0] = 48
            p[1] = 46
            p += 2
            for _ in range(-point):
                p[0] = 48
                p += 1
        for i in range(n):
            if i == point and point > 0:
                p[0] = 46
                p += 1
            p[0] = digits[n - 1 - i]
            p += 1
        if point >= n:
            for _ in range(point - n):
                p[0] = 48
                p += 1
            p[0] = 46
            p[1] = 48
            p += 2
        out.n += p - start
        return 0
    p[0] = digits[n - 1]
    p += 1
    if n > 1:
        p[0] = 46
        p += 1
    for i in range(1, n):
        p[0] = digits[n - 1 - i]
        p += 1
    point -= 1
    p[0] = 101
    p[1] = 45 if point < 0 else 43
    p += 2
    if point < 0:
        point = -point
    if point >= 100:
        p[0] = <unsigned char>(48 + point // 100)
        p += 1
    p[0] = <unsigned char>(48 + point // 10 % 10)
    p[1] = <unsigned char>(48 + point % 10)
    out.n += p + 2 - start
    return 0


cdef inline int put_escape(Out* out, int c) except -1:
    """A quotation mark, a backslash or a control character."""
    cdef const char* digits = b"0123456789abcdef"
    cdef unsigned char* p = room_for(out, 6)
    p[0] = 92
    p[1] = <unsigned char>c
    if c < 32:
        p[1] = (b"n" if c == 10 else b"t" if c == 9 else b"r" if c == 13 else b"b" if c == 8 else b"f" if c == 12
                else b"u")
        if p[1] == b"u":
            p[2] = p[3] = 48
            p[4] = <unsigned char>digits[c >> 4]
            p[5] = <unsigned char>digits[c & 15]
            out.n += 4
    out.n += 2
    return 0


cdef inline bint lone(const unsigned char* p, Py_ssize_t n) noexcept:
    """Whether a lone surrogate begins here."""
    return n > 2 and p[0] == 0xED and p[1] >= 0xA0


cdef inline Py_ssize_t put_string(Out* out, const unsigned char* p, Py_ssize_t n) except -1:
    """A string of UTF-8, in quotation marks, as far as its first lone surrogate; how many bytes that were."""
    cdef Py_ssize_t i = 0, same
    put_byte(out, 34)
    while True:
        same = simple_bytes(p + i, n - i)
        put(out, <const char*>p + i, same)
        i += same
        if i == n or lone(p + i, n - i):
            break
        if p[i] == 0xED:
            put_byte(out, 0xED)
        else:
            put_escape(out, p[i])
        i += 1
    put_byte(out, 34)
    return i
