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

cdef extern from "Python.h":
    PyTypeObject PyUnicode_Type, PyLong_Type, PyFloat_Type, PyBool_Type, PyList_Type, PyDict_Type
    PyTypeObject* Py_TYPE(PyObject*) noexcept
    PyObject* PyList_GET_ITEM(PyObject*, Py_ssize_t) noexcept
    Py_ssize_t PyList_GET_SIZE(PyObject*) noexcept
    int PyDict_Next(PyObject*, Py_ssize_t*, PyObject**, PyObject**) noexcept
    double PyFloat_AS_DOUBLE(PyObject*) noexcept
    Py_ssize_t Py_REFCNT(PyObject*) noexcept
    long long PyLong_AsLongLongAndOverflow(object, int*) except? -1
    PyObject* Py_None

cdef extern from *:
    """
    #ifdef Py_GIL_DISABLED
    #define PERDURE_GIL 0
    #else
    #define PERDURE_GIL 1
    #endif
    """
    bint PERDURE_GIL

cdef enum:
    DEEPEST = 250   # what orjson writes ends at 254

cdef long long SAFE = 9007199254740992  # 2**53

cdef struct Level:
    PyObject* container
    Py_ssize_t at


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
    cdef Level levels[DEEPEST]
    cdef PyObject* one = <PyObject*>value
    cdef PyObject* key
    cdef PyTypeObject* kind
    cdef Level* level
    cdef int depth = 0, overflow
    cdef Seen seen = None
    if not PERDURE_GIL:
        return False  # another thread may change what is looked at
    while True:
        kind = Py_TYPE(one)
        if kind == &PyUnicode_Type or kind == &PyBool_Type or one == Py_None:
            pass
        elif kind == &PyLong_Type:
            if safe_integers:
                number = PyLong_AsLongLongAndOverflow(<object>one, &overflow)
                if overflow or not -SAFE <= number <= SAFE:
                    return False
        elif kind == &PyFloat_Type:
            if not isfinite(PyFloat_AS_DOUBLE(one)):
                return False
        elif kind == &PyList_Type or kind == &PyDict_Type:
            if depth == DEEPEST:
                return False
            if Py_REFCNT(one) > 1:
                if seen is None:
                    seen = Seen()
                if seen.has(one):
                    return False
            levels[depth].container = one
            levels[depth].at = 0
            depth += 1
        else:
            return False
        while True:
            if not depth:
                return True
            level = &levels[depth - 1]
            if Py_TYPE(level.container) == &PyList_Type:
                if not numbers_and_strings(level, safe_integers):
                    return False
                if level.at < PyList_GET_SIZE(level.container):
                    one = PyList_GET_ITEM(level.container, level.at)
                    level.at += 1
                    break
            else:
                if PyDict_Next(level.container, &level.at, &key, &one):
                    if Py_TYPE(key) != &PyUnicode_Type:
                        return False
                    break
            depth -= 1


cdef bint numbers_and_strings(Level* level, bint safe_integers) noexcept:
    """Steps over those of a list that need no second look; False where one is not plain."""
    cdef Py_ssize_t n = PyList_GET_SIZE(level.container)
    cdef PyObject* one
    cdef PyTypeObject* kind
    while level.at < n:
        one = PyList_GET_ITEM(level.container, level.at)
        kind = Py_TYPE(one)
        if kind == &PyFloat_Type:
            if not isfinite(PyFloat_AS_DOUBLE(one)):
                return False
        elif kind != &PyUnicode_Type and (kind != &PyLong_Type or safe_integers):
            return True
        level.at += 1
    return True


def is_tagged(bytes text, /):
    """Whether a text is an object whose first key is "$perdure", however that is spelt."""
    cdef const unsigned char* p = text
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
        if c == 92:  # \u00XX; the byte behind the text is 0
            if p[1] != b"u" or p[2] != 48 or p[3] != 48 or not p[4] or not p[5]:
                return False
            c = digit(p[4]) << 4 | digit(p[5])
            p += 5
        if c != name[i]:
            return False
        p += 1
    return p[0] == 34


cdef int digit(int c) noexcept:
    return c - 48 if 48 <= c <= 57 else (c | 32) - 87 if 97 <= (c | 32) <= 102 else -1


def has_large_integers(bytes text, /):
    """Whether there may be an int beyond 64 bits, which plain readers make a float of. One has 19 digits at least, so
    that a look at every 19th byte finds it."""
    cdef const unsigned char* start = text
    cdef const unsigned char* end = start + len(text)
    cdef const unsigned char* p = start + 18
    cdef const unsigned char* first
    cdef const unsigned char* last
    cdef Py_ssize_t n
    cdef bint negative
    while p < end:
        if not 48 <= p[0] <= 57:
            p += 19
            continue
        first = last = p
        while first > start and 48 <= first[-1] <= 57 and p - first < 18:
            first -= 1
        if p - first < 18 and not 48 <= first[18] <= 57:  # the byte behind the text is 0
            p += 19
            continue
        while first > start and 48 <= first[-1] <= 57:
            first -= 1
        while 48 <= last[0] <= 57:
            last += 1
        n = last - first
        p = last + 18
        if n < 19 or last[0] == 46 or (last[0] | 32) == 101:
            continue
        negative = first > start and first[-1] == 45
        if first - negative > start and first[-1 - negative] in b'.eE+"-':
            continue  # no int begins here
        if n > 20 or (n == 20 and (negative or first[:20] > b"18446744073709551615")):
            return True
        if n == 19 and negative and first[:19] > b"9223372036854775808":
            return True
    return False
