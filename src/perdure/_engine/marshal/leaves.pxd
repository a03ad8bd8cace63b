# Values without parts, from their bytes. The caller has seen that these are there; each gives a new reference,
# or NULL with an exception.

from cpython.object cimport PyObject
from libc.stdint cimport int64_t
from libc.string cimport memcpy
from perdure._engine.marshal.state cimport malformed
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.values cimport HIGH_BITS, Words, is_ascii, text_of_words, words_of

cdef extern from *:
    """
    /* Marshal's floats are little-endian, pickle's big-endian. */
    static inline double perdure_little_double(const unsigned char *p) {
        uint64_t bits = perdure_u64(p);
        double value;
        memcpy(&value, &bits, 8);
        return value;
    }
    """
    double little_double "perdure_little_double"(const unsigned char*) noexcept
    PyObject* PyLong_FromLongLong(long long) noexcept
    PyObject* PyNumber_Negative(PyObject*) noexcept
    PyObject* PyUnicode_DecodeLatin1(const char*, Py_ssize_t, const char*) noexcept

cdef enum:
    DIGIT = 15  # bits of one of an int's digits, each in two bytes


cdef inline int length_at(const unsigned char* p) noexcept:
    """Four bytes with a sign."""
    return <int>u32(p)


cdef inline PyObject* text_at(const unsigned char* p, Py_ssize_t n) noexcept:
    """Text that its writer said to be ascii; bytes that are not are read as the standard module does, as latin-1."""
    cdef Words w
    cdef PyObject* text
    if 2 <= n <= 16:
        w = words_of(p, n)
        if likely(((w.low | w.high) & HIGH_BITS) == 0):
            return text_of_words(w, n)
    elif n > 16 and is_ascii(p, n):
        text = PyUnicode_New(n, 127)
        if likely(text != NULL):
            memcpy(ascii_data(text), p, n)
        return text
    return PyUnicode_DecodeLatin1(<const char*>p, n, NULL)


cdef inline PyObject* long_at(const unsigned char* p, Py_ssize_t n, bint negative) noexcept:
    """An int of n digits, the lowest first."""
    cdef Py_ssize_t i
    cdef int64_t value = 0
    cdef unsigned int digit = 1
    for i in range(n):
        digit = p[2 * i] | <unsigned int>p[2 * i + 1] << 8
        if digit >> DIGIT:
            malformed(b"bad marshal data (digit out of range in long)")
            return NULL
        if n <= 4:
            value |= <int64_t>digit << (DIGIT * i)
    if digit == 0:
        malformed(b"bad marshal data (unnormalized long data)")
        return NULL
    if n <= 4:
        return PyLong_FromLongLong(-value if negative else value)
    return large_at(p, n, negative)


cdef inline PyObject* large_at(const unsigned char* p, Py_ssize_t n, bint negative) noexcept:
    cdef unsigned char* packed = <unsigned char*>PyMem_Malloc(2 * n + 8)
    cdef unsigned char* to = packed
    cdef PyObject* made
    cdef PyObject* negated
    cdef unsigned int bits = 0
    cdef int held = 0
    cdef Py_ssize_t i
    if packed == NULL:
        PyErr_NoMemory()
        return NULL
    for i in range(n):
        bits |= (p[2 * i] | <unsigned int>p[2 * i + 1] << 8) << held
        held += DIGIT
        while held >= 8:
            to[0] = bits & 0xFF
            to += 1
            bits >>= 8
            held -= 8
    to[0] = bits & 0xFF
    made = _PyLong_FromByteArray(packed, to + 1 - packed, 1, 0)
    PyMem_Free(packed)
    if made == NULL or not negative:
        return made
    negated = PyNumber_Negative(made)
    Py_DECREF(made)
    return negated


cdef inline double decimal_at(const unsigned char* p, Py_ssize_t n) noexcept:
    """A float as text of fewer than 256 characters; -1.0, perhaps with an exception."""
    cdef char text[256]
    memcpy(text, p, n)
    text[n] = 0
    return PyOS_string_to_double(text, NULL, NULL)
