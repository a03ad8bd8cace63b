"""How perdure's XML spells texts and values: nothing stands in a document that XML can't hold.

A character that it can't is a <char> in a text, and never in an attribute: there `fits` says whether a text may stand.
"""

from cpython.bytes cimport PyBytes_AS_STRING
from cpython.mem cimport PyMem_Free
from libc.stdint cimport uint8_t, uint64_t
from libc.stdio cimport snprintf
from libc.string cimport memcpy, memset, strlen

from perdure._engine.text.output cimport put, put_byte

cdef extern from "Python.h":
    char* PyOS_double_to_string(double, char, int, int, int*) except NULL
    int Py_DTSF_ADD_DOT_0

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    /* How many bytes from p on, of n, need nothing wherever they stand: none is below a space, ED, EF, or & " < >. */
    static inline Py_ssize_t perdure_simple_in_xml(const unsigned char *p, Py_ssize_t n)
    {
        const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
        Py_ssize_t i = 0;
        for (; i + 8 <= n; i += 8) {
            uint64_t x, one, two, three;
            memcpy(&x, p + i, 8);
            one = (x | ones * 4) ^ ones * 0x26;    /* " and & */
            two = (x | ones * 2) ^ ones * 0x3E;    /* < and > */
            three = (x | ones * 2) ^ ones * 0xEF;  /* ED and EF */
            if ((((x - ones * 0x20) & ~x) | ((one - ones) & ~one) | ((two - ones) & ~two)
                 | ((three - ones) & ~three)) & high)
                break;
        }
        return i;
    }
    """
    Py_ssize_t simple_bytes "perdure_simple_in_xml"(const unsigned char*, Py_ssize_t) noexcept

cdef uint8_t text_table[256]
cdef uint8_t attribute_table[256]
cdef uint8_t* in_text = text_table
cdef uint8_t* in_attribute = attribute_table


cdef void set_up():
    memset(in_text, 0, 256)
    memset(in_text, IMPOSSIBLE, 32)
    in_text[9] = in_text[10] = 0
    for c in b"&<>\r":
        in_text[<int>c] = ENTITY
    in_text[0xED] = SURROGATE
    in_text[0xEF] = NONCHARACTER
    memcpy(in_attribute, in_text, 256)
    for c in b'"\t\n':
        in_attribute[<int>c] = ENTITY

set_up()


cdef const char* entity(int c) noexcept:
    return (b"&amp;" if c == 38 else b"&lt;" if c == 60 else b"&gt;" if c == 62 else b"&quot;" if c == 34
            else b"&#9;" if c == 9 else b"&#10;" if c == 10 else b"&#13;")


cdef class Output:
    """A document that grows at its end."""

    def __dealloc__(self):
        PyMem_Free(self.out.base)

    cdef int say(self, const char* text) except -1:
        return put(&self.out, text, strlen(text))

    cdef int put_bytes(self, bytes text) except -1:
        return put(&self.out, PyBytes_AS_STRING(text), len(text))

    cdef int byte(self, int c) except -1:
        return put_byte(&self.out, c)

    cdef int put_text(self, const unsigned char* p, Py_ssize_t n, const uint8_t* needs) except -1:
        """UTF-8, escaped for a text or an attribute."""
        cdef const unsigned char* end = p + n
        cdef const unsigned char* q
        cdef int need
        while p < end:
            q = p + simple_bytes(p, end - p)
            while q < end and not needs[q[0]]:
                q += 1
                q += simple_bytes(q, end - q)
            put(&self.out, <const char*>p, q - p)
            if q == end:
                break
            need = needs[q[0]]
            p = q + 1
            if need == ENTITY:
                self.say(entity(q[0]))
            elif need == IMPOSSIBLE:
                self.put_char(q[0])
            elif (need == SURROGATE and q[1] >= 0xA0) or (need == NONCHARACTER and q[1] == 0xBF and q[2] >= 0xBE):
                self.put_char((q[0] & 15) << 12 | (q[1] & 63) << 6 | (q[2] & 63))
                p = q + 3
            else:
                self.byte(q[0])
        return 0

    cdef int put_char(self, int code) except -1:
        """One that XML has no way to write."""
        cdef char text[32]
        snprintf(text, 32, b'<char code="%x"/>', code)
        return self.say(text)

    cdef int real(self, double number) except -1:
        cdef char text[32]
        cdef char* digits
        cdef uint64_t bits
        if number != number:
            memcpy(&bits, &number, 8)
            snprintf(text, 32, b"nan" if bits == <uint64_t>0x7FF8 << 48 else b"nan:%016llx", <unsigned long long>bits)
            return self.say(text)
        digits = PyOS_double_to_string(number, b"r", 0, Py_DTSF_ADD_DOT_0, NULL)
        try:
            return self.say(digits)
        finally:
            PyMem_Free(digits)

    cdef int plain(self, value, const uint8_t* needs) except -1:
        """What a form holds: text, a number, or some of them."""
        cdef bytes text
        if type(value) is float:
            return self.real(value)
        if isinstance(value, (tuple, list)):
            for i, each in enumerate(value):
                if i:
                    self.byte(32)
                self.plain(each, needs)
            return 0
        text = (value if type(value) is bytes else b"true" if value is True else b"false" if value is False
                else b"%d" % value if type(value) is int else value.encode())
        return self.put_text(text, len(text), needs)


cdef bint fits(const unsigned char* p, Py_ssize_t n) noexcept:
    """Whether UTF-8 can stand in an attribute, where there is no <char>; long ones don't."""
    cdef Py_ssize_t i
    if n > LONGEST:
        return False
    for i in range(n):
        if in_text[p[i]] == IMPOSSIBLE:
            return False
        if in_text[p[i]] == SURROGATE and p[i + 1] >= 0xA0:
            return False
        if in_text[p[i]] == NONCHARACTER and p[i + 1] == 0xBF and p[i + 2] >= 0xBE:
            return False
    return True


cdef bint stands(value) except -1:
    """Whether a form's value can stand in an attribute, or as the text of an element."""
    cdef bytes text
    if isinstance(value, (tuple, list)):
        return all([stands(each) for each in value])
    if type(value) is int:
        return value.bit_length() <= DECIMAL
    if type(value) is not str:
        return True
    text = value.encode("utf-8", "surrogatepass")
    return fits(text, len(text))
