"""From plain values to a JSON text at once, without a graph: one walk, that gives up where it meets anything else.

Rules:
- A value is plain if JSON holds it natively and it reads back as it was: exact types, finite floats, keys that are
  strings, no container twice. What is not is for json_writer.
- No recursion, and no code of anybody's runs: a container that is open cannot change.
- The text is written where it will stay: in a bytes object, or in a str as long as all is ASCII.
"""

from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject, PyTypeObject
from libc.math cimport isfinite
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport qsort
from libc.string cimport memcpy

from perdure._engine.graph.stack cimport doubled
from perdure._engine.layouts cimport (
    FREE_THREADED, DictEntry, dict_entries, direct_dicts, long_is_short, long_short_value,
)
from perdure._engine.text.floats cimport set_up_powers
from perdure._engine.text.json_output cimport decimals, is_safe
from perdure._engine.text.spelling cimport spell_bytes, spell_escape, spell_integer, spell_real

cdef extern from *:
    """
    /* A str's UTF-8, if it keeps that; else NULL. */
    #define PERDURE_KEPT_UTF8(o) ((const unsigned char *)((PyCompactUnicodeObject *)(o))->utf8)
    #define PERDURE_KEPT_UTF8_LENGTH(o) (((PyCompactUnicodeObject *)(o))->utf8_length)
    #define PERDURE_GIVEN(p) (p)
    #if PY_VERSION_HEX >= 0x030C0000
    #define PERDURE_READY(o) 0
    #else
    #define PERDURE_READY(o) PyUnicode_READY(o)
    #endif
    """
    const unsigned char* kept_utf8 "PERDURE_KEPT_UTF8"(PyObject*) noexcept
    Py_ssize_t kept_utf8_length "PERDURE_KEPT_UTF8_LENGTH"(PyObject*) noexcept
    object take "PERDURE_GIVEN"(PyObject*)
    int ready "PERDURE_READY"(PyObject*) except -1

cdef extern from "Python.h":
    ctypedef struct PyListObject:
        PyObject** ob_item
    PyTypeObject PyUnicode_Type, PyLong_Type, PyFloat_Type, PyBool_Type, PyList_Type, PyDict_Type
    PyTypeObject* Py_TYPE(PyObject*) noexcept
    Py_ssize_t Py_REFCNT(PyObject*) noexcept
    void Py_XDECREF(PyObject*) noexcept
    PyObject* Py_None
    PyObject* Py_True
    Py_ssize_t PyList_GET_SIZE(PyObject*) noexcept
    bint PyDict_Next(PyObject*, Py_ssize_t*, PyObject**, PyObject**) noexcept
    Py_ssize_t PyDict_Size(PyObject*) noexcept
    double PyFloat_AS_DOUBLE(PyObject*) noexcept
    PyObject* PyUnicode_New(Py_ssize_t, uint32_t) except NULL
    int PyUnicode_Resize(PyObject**, Py_ssize_t) except -1
    int PyUnicode_Compare(PyObject*, PyObject*) noexcept nogil  # (which it is not: qsort is declared so)
    bint PyUnicode_IS_COMPACT_ASCII(PyObject*) noexcept
    int PyUnicode_KIND(PyObject*) noexcept
    void* PyUnicode_DATA(PyObject*) noexcept
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject*) noexcept
    PyObject* PyBytes_FromStringAndSize(const char*, Py_ssize_t) except NULL
    int _PyBytes_Resize(PyObject**, Py_ssize_t) except -1
    unsigned char* PyBytes_AS_STRING(PyObject*) noexcept
    Py_ssize_t PyBytes_GET_SIZE(PyObject*) noexcept

cdef enum:
    BEGIN = 1024     # bytes of a text for which room is made at first, unless the last text was longer
    MOST_EXPECTED = 1 << 24
    SPARE = 128      # bytes that a number and the marks around it need at most
    PIECE = 4096     # characters of a string for which room is made at once

cdef Py_ssize_t expected = 0  # bytes: as long as the last one

set_up_powers(True)

cdef struct Level:       # a container
    PyObject** next      # where its values go on, each `stride` from the last
    PyObject** end
    Py_ssize_t stride    # 2 in a dict, whose keys stand before their values
    DictEntry* sorted    # a dict's, if they are not looked at in its own table
    PyObject* unseen     # a dict whose table cannot be looked at, where it has come to, and what is there
    Py_ssize_t at
    DictEntry entry


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


cdef class Writer:
    cdef PyObject* owner         # of the text: bytes, or a str
    cdef unsigned char* base
    cdef unsigned char* limit
    cdef Level* levels
    cdef Py_ssize_t depth, room
    cdef Seen seen
    cdef bint text, sorting, safe

    def __cinit__(self, bint text, bint sorting, bint safe):
        cdef Py_ssize_t begin
        self.text = text
        self.sorting = sorting
        self.safe = safe
        self.room = 32
        self.levels = <Level*>PyMem_Malloc(self.room * sizeof(Level))
        if self.levels == NULL:
            raise MemoryError
        begin = BEGIN + expected + expected // 16
        self.owner = PyUnicode_New(begin, 127) if text else PyBytes_FromStringAndSize(NULL, begin)
        self.base = self.place()
        self.limit = self.base + begin

    def __dealloc__(self):
        while self.depth:
            self.depth -= 1
            PyMem_Free(self.levels[self.depth].sorted)
        PyMem_Free(self.levels)
        Py_XDECREF(self.owner)

    # -- the text

    cdef unsigned char* place(self) noexcept:
        return <unsigned char*>PyUnicode_DATA(self.owner) if self.text else PyBytes_AS_STRING(self.owner)

    cdef int resize(self, Py_ssize_t n) except -1:
        if self.text:
            PyUnicode_Resize(&self.owner, n)
        else:
            _PyBytes_Resize(&self.owner, n)
        self.base = self.place()
        self.limit = self.base + n
        return 0

    cdef unsigned char* more(self, unsigned char* p, Py_ssize_t n) except NULL:
        """Room for n bytes from p on; where p is then."""
        cdef Py_ssize_t used = p - self.base, room = self.limit - self.base
        while room - used < n:
            room *= 2
        self.resize(room)
        return self.base + used

    cdef unsigned char* widen(self, unsigned char* p) except NULL:
        """The text is not ASCII: it goes on as UTF-8, in bytes."""
        cdef Py_ssize_t used = p - self.base
        cdef PyObject* wide = PyBytes_FromStringAndSize(NULL, self.limit - self.base)
        memcpy(PyBytes_AS_STRING(wide), self.base, used)
        Py_XDECREF(self.owner)
        self.text = False
        self.owner = wide
        self.base = self.place()
        self.limit = self.base + PyBytes_GET_SIZE(wide)
        return self.base + used

    cdef object finish(self, unsigned char* p):
        global expected
        cdef PyObject* whole
        expected = min(p - self.base, MOST_EXPECTED)
        self.resize(p - self.base)
        whole = self.owner
        self.owner = NULL
        return take(whole)

    # -- the walk

    cdef object run(self, PyObject* value):
        """None where it is not plain."""
        cdef PyObject** next = &value
        cdef PyObject** end = next + 1
        cdef Py_ssize_t stride = 1
        cdef PyObject* one
        cdef PyTypeObject* kind
        cdef Level* level
        cdef unsigned char* p = self.base
        cdef unsigned char* limit = self.limit
        cdef double real
        cdef bint safe = self.safe
        while True:
            while next < end:
                one = next[0]
                if limit - p < SPARE:
                    p = self.more(p, SPARE)
                    limit = self.limit
                if stride == 2:
                    if one == NULL:  # where the dict has lost an entry
                        next += 2
                        continue
                    if Py_TYPE(next[-1]) != &PyUnicode_Type:
                        return None
                    p = self.string(p, next[-1])
                    if p == NULL:
                        return None
                    limit = self.limit
                    p[0] = 58
                    p += 1
                next += stride
                kind = Py_TYPE(one)
                if kind == &PyUnicode_Type:
                    p = self.string(p, one)
                    if p == NULL:
                        return None
                    limit = self.limit
                elif kind == &PyLong_Type:
                    if long_is_short(one) and not safe:
                        p = spell_integer(p, long_short_value(one))
                    else:
                        p = self.integer(p, one)
                        if p == NULL:
                            return None
                        limit = self.limit
                elif kind == &PyFloat_Type:
                    real = PyFloat_AS_DOUBLE(one)
                    if not isfinite(real):
                        return None
                    p = spell_real(p, real)
                elif one == Py_None:
                    memcpy(p, b"null", 4)
                    p += 4
                elif kind == &PyBool_Type:
                    if one == Py_True:
                        memcpy(p, b"true", 4)
                        p += 4
                    else:
                        memcpy(p, b"false", 5)
                        p += 5
                elif kind == &PyList_Type or kind == &PyDict_Type:
                    if Py_REFCNT(one) > 1:
                        if self.seen is None:
                            self.seen = Seen()
                        if self.seen.has(one):
                            return None
                    if self.depth == self.room:
                        self.levels = <Level*>doubled(self.levels, &self.room, sizeof(Level))
                    level = &self.levels[self.depth]
                    self.depth += 1
                    level.next = next
                    level.end = end
                    level.stride = stride
                    level.unseen = NULL
                    level.sorted = NULL
                    if kind == &PyList_Type:
                        next = (<PyListObject*>one).ob_item
                        end = next + PyList_GET_SIZE(one)
                        stride = 1
                        p[0] = 91
                    else:
                        stride = 2
                        p[0] = 123
                        if self.sorting:
                            if not self.sort(level, one):
                                return None
                            next = &level.sorted[0].value
                            end = next + 2 * PyDict_Size(one)
                        else:
                            next = values_of(level, one, &end)
                    p += 1
                    continue
                else:
                    return None
                p[0] = 44
                p += 1
            if not self.depth:
                return self.finish(p - 1)
            level = &self.levels[self.depth - 1]
            if level.unseen != NULL and PyDict_Next(level.unseen, &level.at, &level.entry.key, &level.entry.value):
                next = &level.entry.value
                end = next + 1
                continue
            if limit - p < SPARE:
                p = self.more(p, SPARE)
                limit = self.limit
            if p[-1] == 44:
                p -= 1
            p[0] = 93 if stride == 1 else 125
            p[1] = 44
            p += 2
            if level.sorted != NULL:
                PyMem_Free(level.sorted)
            self.depth -= 1
            next = level.next
            end = level.end
            stride = level.stride

    cdef bint sort(self, Level* level, PyObject* container) except -1:
        """False where a key is no string."""
        cdef PyObject* key
        cdef PyObject* value
        cdef Py_ssize_t at = 0, n = 0
        level.sorted = <DictEntry*>PyMem_Malloc((PyDict_Size(container) + 1) * sizeof(DictEntry))
        if level.sorted == NULL:
            raise MemoryError
        while PyDict_Next(container, &at, &key, &value):
            if Py_TYPE(key) != &PyUnicode_Type:
                return False
            level.sorted[n].key = key
            level.sorted[n].value = value
            n += 1
        qsort(level.sorted, n, sizeof(DictEntry), by_key)
        return True

    # -- leaves

    cdef unsigned char* integer(self, unsigned char* p, PyObject* number) except? NULL:
        """One that is long, or may be too large; NULL where it is not plain."""
        cdef bytes digits = None
        if not self.safe or is_safe(<object>number):
            digits = decimals(<object>number)
        if digits is None:
            return NULL
        if self.limit - p < len(digits) + SPARE:
            p = self.more(p, len(digits) + SPARE)
        memcpy(p, <char*>digits, len(digits))
        return p + len(digits)

    cdef inline unsigned char* string(self, unsigned char* p, PyObject* s) except? NULL:
        """In quotation marks; NULL where it is not plain."""
        if PyUnicode_IS_COMPACT_ASCII(s):
            return self.put(p, <const unsigned char*>PyUnicode_DATA(s), PyUnicode_GET_LENGTH(s))
        return self.wide(p, s)

    cdef inline unsigned char* put(self, unsigned char* p, const unsigned char* data, Py_ssize_t n) except NULL:
        if n > PIECE:
            return self.put_long(p, data, n)
        if self.limit - p < 6 * n + SPARE:
            p = self.more(p, 6 * n + SPARE)
        p[0] = 34
        p = spell_bytes(p + 1, data, n)
        p[0] = 34
        return p + 1

    cdef unsigned char* put_long(self, unsigned char* p, const unsigned char* data, Py_ssize_t n) except NULL:
        cdef Py_ssize_t part
        p[0] = 34
        p += 1
        while n:
            part = n if n < PIECE else PIECE
            if self.limit - p < 6 * part + SPARE:
                p = self.more(p, 6 * part + SPARE)
            p = spell_bytes(p, data, part)
            data += part
            n -= part
        p[0] = 34
        return p + 1

    cdef unsigned char* wide(self, unsigned char* p, PyObject* s) except? NULL:
        """One that is not ASCII."""
        cdef Py_ssize_t i, n
        cdef int kind
        cdef void* data
        cdef uint32_t c
        ready(s)
        if self.text:
            p = self.widen(p)
        if self.limit - p < SPARE:
            p = self.more(p, SPARE)
        if kept_utf8(s) != NULL:
            return self.put(p, kept_utf8(s), kept_utf8_length(s))
        n = PyUnicode_GET_LENGTH(s)
        kind = PyUnicode_KIND(s)
        data = PyUnicode_DATA(s)
        p[0] = 34
        p += 1
        for i in range(n):
            if self.limit - p < SPARE:
                p = self.more(p, SPARE)
            c = (<uint8_t*>data)[i] if kind == 1 else (<uint16_t*>data)[i] if kind == 2 else (<uint32_t*>data)[i]
            if c < 0x80:
                if c >= 32 and c != 34 and c != 92:
                    p[0] = <unsigned char>c
                    p += 1
                else:
                    p = spell_escape(p, <unsigned char>c)
            elif c < 0x800:
                p[0] = <unsigned char>(0xC0 | c >> 6)
                p[1] = <unsigned char>(0x80 | c & 0x3F)
                p += 2
            elif c < 0x10000:
                if 0xD800 <= c < 0xE000:
                    return NULL
                p[0] = <unsigned char>(0xE0 | c >> 12)
                p[1] = <unsigned char>(0x80 | c >> 6 & 0x3F)
                p[2] = <unsigned char>(0x80 | c & 0x3F)
                p += 3
            else:
                p[0] = <unsigned char>(0xF0 | c >> 18)
                p[1] = <unsigned char>(0x80 | c >> 12 & 0x3F)
                p[2] = <unsigned char>(0x80 | c >> 6 & 0x3F)
                p[3] = <unsigned char>(0x80 | c & 0x3F)
                p += 4
        p[0] = 34
        return p + 1


cdef inline PyObject** values_of(Level* level, PyObject* container, PyObject*** end) noexcept:
    """Where a dict's values lie, each two from the last, behind their keys; nowhere where that cannot be looked at."""
    cdef Py_ssize_t n = 0
    cdef DictEntry* entries = NULL
    end[0] = NULL
    if PyDict_Size(container) == 0:  # the table that all empty dicts share is not aligned
        return NULL
    if direct_dicts:
        entries = dict_entries(container, &n)
    if entries == NULL:
        level.unseen = container
        level.at = 0
        return NULL
    end[0] = &entries[0].value + 2 * n
    return &entries[0].value


cdef int by_key(const void* one, const void* other) noexcept nogil:
    return PyUnicode_Compare((<DictEntry*>one).key, (<DictEntry*>other).key)


def write(value, /, *, bint text, bint sort_keys=False, bint safe_integers=False):
    """The JSON of a plain value, compact: a str where ``text`` is asked for and all is ASCII, else bytes of UTF-8. None
    where the value is not plain. ``safe_integers``: ints beyond 2**53 are not."""
    if FREE_THREADED or (type(value) is dict and "$perdure" in <dict>value):
        return None  # another thread may change what is looked at; a text with that key would be tagged
    return (<Writer>Writer(text, sort_keys, safe_integers)).run(<PyObject*>value)
