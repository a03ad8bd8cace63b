"""Strings and numbers of a JSON text, as RFC 8259 has them.

`p` stays where a value began until it has been understood, so that an error knows its place. The byte behind the text
is 0, as behind all bytes objects.
"""

from cpython.mem cimport PyMem_Free
from libc.stdint cimport uint64_t
from libc.string cimport memcmp

from perdure._engine.graph.tape cimport Text
from perdure._engine.text.floats cimport nearest, set_up_powers
from perdure._engine.text.output cimport put, put_byte
from perdure._engine.text.spelling cimport simple_bytes

from perdure.errors import CorruptError, LimitError, TruncatedError

cdef enum:
    MOST_DIGITS = 4300  # of an int in decimals: reading more takes time that grows as their square

set_up_powers(False)


cdef class Scanner:
    """A text, and how far it has been read."""

    def __dealloc__(self):
        PyMem_Free(self.scratch.base)

    cdef int ended(self) except -1:
        raise TruncatedError("the text ends before its value does")

    cdef int no_string(self) except -1:
        raise CorruptError("a string is expected")

    cdef int expect(self, int character) except -1:
        while self.p < self.end and (self.p[0] == 32 or self.p[0] == 10 or self.p[0] == 13 or self.p[0] == 9):
            self.p += 1
        if self.p == self.end:
            return self.ended()
        if self.p[0] != character:
            raise CorruptError(f"'{chr(character)}' is expected")
        self.p += 1
        return 0

    # -- strings

    cdef Text string(self) except *:
        """What stands between quotation marks, at the first of which `p` is, as UTF-8: in the text itself, or without
        its escapes in `scratch`."""
        cdef const unsigned char* q
        cdef const unsigned char* begin
        cdef Text text
        text.data = NULL
        text.n = 0
        if self.p == self.end or self.p[0] != 34:
            self.no_string()
        begin = q = self.p + 1
        self.escaped = False
        self.scratch.n = 0
        while True:
            q += simple_bytes(q, self.end - q)
            if q == self.end:
                raise TruncatedError("the text ends within a string")
            if q[0] == 34:
                break
            elif q[0] == 92:
                put(&self.scratch, <const char*>begin, q - begin)
                self.escaped = True
                begin = q = self.escape(q)
            else:
                self.p = q
                raise CorruptError("a control character in a string")
        if self.escaped:
            put(&self.scratch, <const char*>begin, q - begin)
            text.data = self.scratch.base
            text.n = self.scratch.n
        else:
            text.data = begin
            text.n = q - begin
        self.p = q + 1
        return text

    cdef const unsigned char* escape(self, const unsigned char* q) except NULL:
        cdef int c, other
        if self.end - q < 2:
            raise TruncatedError("the text ends within a string")
        c = q[1]
        if c == b"u":
            c = self.hexadecimal(q)
            q += 6
            if 0xD800 <= c < 0xDC00 and self.end - q >= 6 and q[0] == 92 and q[1] == b"u":
                other = self.hexadecimal(q)
                if 0xDC00 <= other < 0xE000:
                    c = 0x10000 + ((c - 0xD800) << 10 | (other - 0xDC00))
                    q += 6
            self.character(c)
            return q
        c = (10 if c == b"n" else 9 if c == b"t" else 13 if c == b"r" else 8 if c == b"b" else 12 if c == b"f"
             else c if c == 34 or c == 92 or c == 47 else 0)
        if not c:
            self.p = q
            raise CorruptError("no escape that JSON has")
        put_byte(&self.scratch, c)
        return q + 2

    cdef int hexadecimal(self, const unsigned char* q) except -1:
        cdef int i, c, value = 0
        if self.end - q < 6:
            raise TruncatedError("the text ends within a string")
        for i in range(2, 6):
            c = q[i]
            c = c - 48 if 48 <= c <= 57 else (c | 32) - 87 if 97 <= (c | 32) <= 102 else -1
            if c < 0:
                self.p = q
                raise CorruptError("\\u is followed by four hexadecimal digits")
            value = value << 4 | c
        return value

    cdef int character(self, int c) except -1:
        if c < 0x80:
            return put_byte(&self.scratch, c)
        if c < 0x800:
            put_byte(&self.scratch, 0xC0 | c >> 6)
        else:
            if c < 0x10000:
                put_byte(&self.scratch, 0xE0 | c >> 12)
            else:
                put_byte(&self.scratch, 0xF0 | c >> 18)
                put_byte(&self.scratch, 0x80 | (c >> 12 & 63))
            put_byte(&self.scratch, 0x80 | (c >> 6 & 63))
        return put_byte(&self.scratch, 0x80 | (c & 63))

    cdef str string_object(self):
        cdef Text text
        while self.p < self.end and (self.p[0] == 32 or self.p[0] == 10 or self.p[0] == 13 or self.p[0] == 9):
            self.p += 1
        text = self.string()
        return text.data[:text.n].decode("utf-8", "surrogatepass")

    # -- numbers

    cdef long long whole_number(self) except -1:
        """Of digits alone, fewer than 19."""
        cdef const unsigned char* q = self.p
        cdef long long value = 0
        while 48 <= q[0] <= 57 and q - self.p < 18:  # the byte behind the text is none
            value = value * 10 + (q[0] - 48)
            q += 1
        if q == self.p or 48 <= q[0] <= 57 or q[0] == 46 or (q[0] | 32) == 101 or (self.p[0] == 48 and q - self.p > 1):
            raise CorruptError("a whole number is expected, of fewer than 19 digits")
        self.p = q
        return value

    cdef int number(self, long long* whole, double* real) except -1:
        """Whether it is an int, then in `whole`, or a float. An int of more than 18 digits is only looked at: 2; and
        `p` is left where it begins."""
        cdef const unsigned char* q = self.p
        cdef const unsigned char* begin
        cdef bint negative = q[0] == 45
        cdef uint64_t mantissa = 0
        cdef long long exponent = 0, given = 0
        cdef Py_ssize_t digits, places = 0
        cdef bint down = False
        q += negative
        begin = q
        while 48 <= q[0] <= 57:  # the byte behind the text is none
            mantissa = mantissa * 10 + (q[0] - 48)
            q += 1
        digits = q - begin
        if digits == 0 or (begin[0] == 48 and digits > 1):
            raise self.unfinished(q, "a number begins with a digit, and with 0 alone")
        if q[0] != 46 and (q[0] | 32) != 101:
            if digits > 18:
                return 2
            whole[0] = -<long long>mantissa if negative else <long long>mantissa
            self.p = q
            return 1
        if q[0] == 46:
            q += 1
            begin = q
            while 48 <= q[0] <= 57:
                mantissa = mantissa * 10 + (q[0] - 48)
                q += 1
            places = q - begin
            if places == 0:
                raise self.unfinished(q, "digits are expected behind a point")
        if (q[0] | 32) == 101:
            q += 1
            if q[0] == 43 or q[0] == 45:
                down = q[0] == 45
                q += 1
            begin = q
            while 48 <= q[0] <= 57:
                if given < 100000:
                    given = given * 10 + (q[0] - 48)
                q += 1
            if q == begin:
                raise self.unfinished(q, "an exponent has digits")
        exponent = (-given if down else given) - places
        if digits + places <= 19 and mantissa == 0:
            real[0] = -0.0 if negative else 0.0
        elif digits + places > 19 or not nearest(mantissa, exponent, negative, real):
            real[0] = float(self.p[:q - self.p])
        self.p = q
        return 0

    cdef object large_integer(self):
        """The int of more than 18 digits at which `p` is."""
        cdef const unsigned char* q = self.p
        q += q[0] == 45
        while 48 <= q[0] <= 57:
            q += 1
        if q - self.p > MOST_DIGITS + 1:
            raise LimitError(f"an int of more than {MOST_DIGITS:,} digits: $int takes hexadecimal ones", "digits")
        try:
            value = int(self.p[:q - self.p])
        except ValueError as error:
            raise LimitError(str(error), "digits") from None
        self.p = q
        return value

    cdef object unfinished(self, const unsigned char* q, str text):
        if q == self.end:
            return TruncatedError("the text ends within a number")
        self.p = q
        return CorruptError(text)

    cdef bint word(self, const char* text, int n) noexcept:
        if self.end - self.p < n or memcmp(self.p, text, n) != 0:
            return False
        self.p += n
        return True
