"""What a plain JSON writer or reader can be trusted with: asked of every value and text, before either is used.

Rules:
- A value is plain if what a plain writer makes of it reads back as it was: exact types, finite floats, no container
  twice. What such a writer refuses by itself (ints beyond 64 bits, keys that are no strings, lone surrogates) is not
  looked for.
- No recursion, and nothing of the value is called.
"""

from cpython.mem cimport PyMem_Calloc, PyMem_Free
from cpython.object cimport PyObject, PyTypeObject
from libc.math cimport isfinite
from libc.stdint cimport uint64_t, uintptr_t
from libc.string cimport memcmp

from perdure._engine.layouts cimport FREE_THREADED, DictEntry, dict_entries, direct_dicts

cdef extern from "Python.h":
    ctypedef struct PyListObject:
        PyObject** ob_item
    PyTypeObject PyUnicode_Type, PyLong_Type, PyFloat_Type, PyBool_Type, PyList_Type, PyDict_Type
    PyTypeObject* Py_TYPE(PyObject*) noexcept
    Py_ssize_t PyList_GET_SIZE(PyObject*) noexcept
    bint PyDict_Next(PyObject*, Py_ssize_t*, PyObject**, PyObject**) noexcept
    double PyFloat_AS_DOUBLE(PyObject*) noexcept
    Py_ssize_t Py_REFCNT(PyObject*) noexcept
    long long PyLong_AsLongLongAndOverflow(object, int*) except? -1
    char* PyBytes_AsString(object) except NULL
    const char* PyUnicode_AsUTF8AndSize(object, Py_ssize_t*) except NULL
    PyObject* Py_None

cdef extern from *:
    """
    /* What is looked at next is on its way meanwhile. */
    #if defined(__GNUC__)
    #define PERDURE_FETCH(p) __builtin_prefetch(p)
    #else
    #define PERDURE_FETCH(p) ((void)(p))
    #endif
    """
    void fetch "PERDURE_FETCH"(const void*) noexcept

cdef enum:
    AHEAD = 8
    DEEPEST = 250   # what orjson writes ends at 254

cdef long long SAFE = 9007199254740992  # 2**53

cdef struct Level:       # a container
    PyObject** next      # where its items go on, once one of them has been looked into
    PyObject** end
    Py_ssize_t stride
    PyObject* unseen     # a dict whose table cannot be looked at, where it has come to, and the value there
    Py_ssize_t at
    PyObject* value


cdef class Seen:
    """The addresses of containers that more than one reference leads to."""
    cdef uintptr_t* table
    cdef size_t mask, used

    def __dealloc__(self):
        PyMem_Free(self.table)

    cdef bint has(self, PyObject* container) except -1:
        """Whether the container was here before; it is now."""
        cdef uintptr_t* old = self.table
        cdef size_t i, slot
        if 2 * self.used >= self.mask:
            size = 2 * (self.mask + 1) if self.mask else 64
            self.table = <uintptr_t*>PyMem_Calloc(size, sizeof(uintptr_t))
            if self.table == NULL:
                self.table = old
                raise MemoryError
            i = self.mask
            self.mask = size - 1
            if old != NULL:
                for i in range(i + 1):
                    if old[i]:
                        self.table[self.place(old[i])] = old[i]
                PyMem_Free(old)
        slot = self.place(<uintptr_t>container)
        if self.table[slot]:
            return True
        self.table[slot] = <uintptr_t>container
        self.used += 1
        return False

    cdef inline size_t place(self, uintptr_t address) noexcept:
        cdef size_t slot = <size_t>((<uint64_t>address >> 4) * <uint64_t>0x9E3779B97F4A7C15 >> 20) & self.mask
        while self.table[slot] and self.table[slot] != address:
            slot = (slot + 1) & self.mask
        return slot


def is_plain(value, /, bint safe_integers=False):
    """Whether a plain writer can be given the value, or refuses it. ``safe_integers``: ints beyond 2**53 are not
    plain."""
    if FREE_THREADED or (type(value) is dict and "$perdure" in <dict>value):
        return False  # another thread may change what is looked at; a text with that key would be tagged
    return holds_plain(<PyObject*>value, safe_integers)


cdef bint holds_plain(PyObject* value, bint safe_integers) except -1:
    cdef Level levels[DEEPEST + 1]
    cdef Level* level = levels
    cdef PyObject** p = &value   # what comes next, each `stride` from the last
    cdef PyObject** end = p + 1
    cdef Py_ssize_t stride = 1
    cdef PyObject* one
    cdef PyObject* key
    cdef PyTypeObject* kind
    cdef Seen seen = None
    level.unseen = NULL
    while True:
        while p < end:
            one = p[0]
            p += stride
            if p + AHEAD < end:
                fetch(p[AHEAD])
            if one == NULL:  # where a dict has lost an entry
                continue
            kind = Py_TYPE(one)
            if kind == &PyUnicode_Type or one == Py_None or kind == &PyLong_Type and not safe_integers:
                if stride == 1 and end - p > AHEAD:
                    while p < end and Py_TYPE(p[0]) == kind:
                        p += 1
                continue
            if kind == &PyFloat_Type:
                if not isfinite(PyFloat_AS_DOUBLE(one)):
                    return False
                if stride == 1 and end - p > AHEAD:
                    while p < end and Py_TYPE(p[0]) == kind:
                        if not isfinite(PyFloat_AS_DOUBLE(p[0])):
                            return False
                        p += 1
                continue
            if kind == &PyLong_Type:
                if not is_safe(<object>one):
                    return False
                continue
            if kind != &PyList_Type and kind != &PyDict_Type:
                if kind != &PyBool_Type:
                    return False
                continue
            if Py_REFCNT(one) > 1:
                if seen is None:
                    seen = Seen()
                if seen.has(one):
                    return False
            if level == levels + DEEPEST:
                return False
            level.next = p
            level.end = end
            level.stride = stride
            level += 1
            level.unseen = NULL
            if kind == &PyList_Type:
                p = (<PyListObject*>one).ob_item
                end = p + PyList_GET_SIZE(one)
                stride = 1
            else:
                p = values_of(one, &end)
                stride = 2
                if p == NULL:
                    level.unseen = one
                    level.at = 0
        if level.unseen != NULL and PyDict_Next(level.unseen, &level.at, &key, &level.value):
            p = &level.value
            end = p + 1
            continue
        if level == levels:
            return True
        level -= 1
        p = level.next
        end = level.end
        stride = level.stride


cdef bint is_safe(number) except -1:
    cdef int overflow
    cdef long long n = PyLong_AsLongLongAndOverflow(number, &overflow)
    return not overflow and -SAFE <= n <= SAFE


cdef inline PyObject** values_of(PyObject* container, PyObject*** end) noexcept:
    """Where a dict's values lie, each two from the last; NULL, and so the end, where its table cannot be looked at."""
    cdef Py_ssize_t n = 0
    cdef DictEntry* entries = NULL
    if direct_dicts:
        entries = dict_entries(container, &n)
    end[0] = NULL
    if entries == NULL or not n:  # the table that all empty dicts share is not aligned
        return NULL
    end[0] = &entries[0].value + 2 * n
    return &entries[0].value


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
