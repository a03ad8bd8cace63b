# Leaves: objects that are written in one go, run no Python code, and open no task.
#
# The protocol of the loops that use this: p is a local cursor with at least SLACK bytes
# behind it (p < out.end); each function returns the cursor moved on. put_leaf returns p
# itself for an object that is not a leaf. Protocols 4 and 5 only; the older ones, and
# everything rare, stand in saving.pyx.

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t, int64_t, uintptr_t
from libc.string cimport memcpy, memmove
from perdure._engine.capi cimport *
from perdure._engine.memo cimport table_get, table_put
from perdure._engine.opcodes cimport *
from perdure._engine.output cimport Output, SLACK

cdef extern from *:
    """
    /* Copy n <= 16 bytes without a branch on n: sixteen are read and written. Reading past
       the object stays in its page; where a checker watches every byte, copy exactly. */
    #if defined(__SANITIZE_ADDRESS__) || defined(Py_DEBUG) || defined(PERDURE_EXACT_COPY)
    #define PERDURE_CAN_OVERREAD(from) 0
    #else
    #define PERDURE_CAN_OVERREAD(from) (((uintptr_t)(from) & 4095) <= 4080)
    #endif
    #define perdure_copy16(to, from) memcpy((to), (from), 16)
    static inline int perdure_bit_length(uint64_t v) {
    #if defined(_MSC_VER) && !defined(__clang__)
        unsigned long i; return _BitScanReverse64(&i, v) ? (int)i + 1 : 0;
    #else
        return v ? 64 - __builtin_clzll(v) : 0;
    #endif
    }
    """
    bint can_overread "PERDURE_CAN_OVERREAD"(const void*) noexcept nogil
    void copy16 "perdure_copy16"(void*, const void*) noexcept nogil
    int bit_length "perdure_bit_length"(uint64_t) noexcept nogil


cdef inline bint is_unique(PyObject* obj) noexcept:
    """Whether the edge being followed is obj's only reference."""
    return not FREE_THREADED and Py_REFCNT(obj) == 1


cdef inline int enter_memo(Output out, PyObject* obj, bint unique) except -1:
    """The memo entry of a container or an instance, unless only one edge can lead to it."""
    cdef Py_ssize_t weak
    if unique and out.elide:
        weak = weaklist_offset(Py_TYPE(obj))
        if weak == 0 or (<PyObject**>(<char*>obj + weak))[0] == NULL:
            return out.log_elided(obj)
    return out.memoize(obj)


cdef inline unsigned char* put_get(unsigned char* p, Py_ssize_t index) noexcept:
    if index < 256:
        p[0] = OP_BINGET
        p[1] = <unsigned char>index
        return p + 2
    p[0] = OP_LONG_BINGET
    put_le(p + 1, <uint64_t>index, 4)
    return p + 5


cdef inline unsigned char* put_long(unsigned char* p, int64_t v) noexcept:
    """An int outside 32 bits, in as few bytes as two's complement needs."""
    cdef int n = bit_length(<uint64_t>(v ^ (v >> 63))) // 8 + 1
    p[0] = OP_LONG1
    p[1] = <unsigned char>n
    put_le(p + 2, <uint64_t>v, 8)
    return p + 2 + n


cdef inline unsigned char* put_int(Output out, unsigned char* p, PyObject* obj) except NULL:
    cdef int64_t v
    cdef int overflow = 0
    if likely(long_is_compact(obj)):
        v = long_compact_value(obj)
        if 0 <= v < 256:
            p[0] = OP_BININT1
            p[1] = <unsigned char>v
            return p + 2
        if 0 <= v < 65536:
            p[0] = OP_BININT2
            put_le(p + 1, <uint64_t>v, 2)
            return p + 3
        p[0] = OP_BININT
        put_le(p + 1, <uint64_t>v, 4)
        return p + 5
    v = PyLong_AsLongLongAndOverflow(obj, &overflow)
    if unlikely(overflow):
        return put_huge(out, p, obj)
    if -0x80000000 <= v <= 0x7fffffff:
        p[0] = OP_BININT
        put_le(p + 1, <uint64_t>v, 4)
        return p + 5
    return put_long(p, v)


cdef inline unsigned char* put_huge(Output out, unsigned char* p, PyObject* obj) except NULL:
    """An int of more than 64 bits."""
    cdef unsigned char header[5]
    cdef Py_ssize_t n = <Py_ssize_t>(_PyLong_NumBits(obj) // 8 + 1)
    cdef Py_ssize_t hn
    out.p = p
    data = PyBytes_FromStringAndSize(NULL, n)
    try:
        long_bytes(obj, <unsigned char*>PyBytes_AS_STRING(data), n)
        # -128 * 256**k needs one byte less than its bits say.
        if n > 1 and <uint8_t>PyBytes_AS_STRING(data)[n - 1] == 0xff and PyBytes_AS_STRING(data)[n - 2] & 0x80:
            n -= 1
        if n < 256:
            header[0] = OP_LONG1
            header[1] = <unsigned char>n
            hn = 2
        else:
            if n > 0x7fffffff:
                raise OverflowError("int too large to pickle")
            header[0] = OP_LONG4
            put_le(header + 1, <uint64_t>n, 4)
            hn = 5
        if out.end - out.p < hn + n:
            out.p = out.more(out.p, hn + n)
        memcpy(out.p, header, hn)
        memcpy(out.p + hn, PyBytes_AS_STRING(data), n)
        out.p += hn + n
    finally:
        Py_DECREF(data)
    return out.p


cdef inline Py_ssize_t utf8_encode(PyObject* s, unsigned char* to) noexcept:
    """UTF-8 of s written to `to` (4 bytes a character must be free); -1: a lone surrogate."""
    cdef Py_ssize_t i, n = PyUnicode_GET_LENGTH(s)
    cdef unsigned char* q = to
    cdef const uint8_t* one
    cdef const uint16_t* two
    cdef const uint32_t* four
    cdef uint32_t c
    cdef int kind = PyUnicode_KIND(s)
    if kind == 1:
        one = <const uint8_t*>PyUnicode_DATA(s)
        for i in range(n):
            c = one[i]
            if c < 0x80:
                q[0] = <uint8_t>c
                q += 1
            else:
                q[0] = <uint8_t>(0xc0 | (c >> 6))
                q[1] = <uint8_t>(0x80 | (c & 0x3f))
                q += 2
        return q - to
    two = <const uint16_t*>PyUnicode_DATA(s)
    four = <const uint32_t*>PyUnicode_DATA(s)
    for i in range(n):
        c = two[i] if kind == 2 else four[i]
        if c < 0x80:
            q[0] = <uint8_t>c
            q += 1
        elif c < 0x800:
            q[0] = <uint8_t>(0xc0 | (c >> 6))
            q[1] = <uint8_t>(0x80 | (c & 0x3f))
            q += 2
        elif c < 0x10000:
            if 0xd800 <= c < 0xe000:
                return -1
            q[0] = <uint8_t>(0xe0 | (c >> 12))
            q[1] = <uint8_t>(0x80 | ((c >> 6) & 0x3f))
            q[2] = <uint8_t>(0x80 | (c & 0x3f))
            q += 3
        else:
            q[0] = <uint8_t>(0xf0 | (c >> 18))
            q[1] = <uint8_t>(0x80 | ((c >> 12) & 0x3f))
            q[2] = <uint8_t>(0x80 | ((c >> 6) & 0x3f))
            q[3] = <uint8_t>(0x80 | (c & 0x3f))
            q += 4
    return q - to


cdef inline unsigned char* put_text_header(unsigned char* p, Py_ssize_t n) noexcept:
    if n < 256:
        p[0] = OP_SHORT_BINUNICODE
        p[1] = <unsigned char>n
        return p + 2
    p[0] = OP_BINUNICODE
    put_le(p + 1, <uint64_t>n, 4)
    return p + 5


cdef enum:
    LONG_TEXT = 8192  # bytes of UTF-8, about; longer text may go to a file on its own

cdef inline unsigned char* put_str(Output out, unsigned char* p, PyObject* s) except NULL:
    """A str: BINGET if it is known, else its UTF-8, with a memo entry if it is shared.

    A long one, and one that UTF-8 can't hold as it is (lone surrogates), is no leaf.
    """
    cdef bint unique = is_unique(s)
    cdef Py_ssize_t n, index
    cdef const char* data
    cdef unsigned char* q
    if not unique:
        index = table_get(&out.memo, s)
        if index >= 0:
            return put_get(p, index)
    n = PyUnicode_GET_LENGTH(s)
    if likely(PyUnicode_IS_COMPACT_ASCII(s)):
        data = <const char*>PyUnicode_DATA(s)
        if n <= 16 and can_overread(data):
            p[0] = OP_SHORT_BINUNICODE
            p[1] = <unsigned char>n
            copy16(p + 2, data)
            p += 2 + n
        else:
            if n > LONG_TEXT:
                return p
            if out.end + SLACK - p < n + 8:
                p = out.more(p, n + 8)
            p = put_text_header(p, n)
            memcpy(p, data, n)
            p += n
    elif not FREE_THREADED and cached_utf8(s) != NULL and cached_utf8_length(s) <= LONG_TEXT:
        n = cached_utf8_length(s)
        if out.end + SLACK - p < n + 8:
            p = out.more(p, n + 8)
        p = put_text_header(p, n)
        memcpy(p, cached_utf8(s), n)
        p += n
    else:
        if n > LONG_TEXT // 4:
            return p
        if out.end + SLACK - p < 4 * n + 8:
            p = out.more(p, 4 * n + 8)
        # The length is known only afterwards: guess the header, and move if it was wrong.
        q = p + (2 if n < 128 else 5)
        n = utf8_encode(s, q)
        if unlikely(n < 0):
            return p
        if n < 256:
            if q != p + 2:
                memmove(p + 2, q, n)
            p[0] = OP_SHORT_BINUNICODE
            p[1] = <unsigned char>n
            p += 2 + n
        else:
            if q != p + 5:
                memmove(p + 5, q, n)
            p[0] = OP_BINUNICODE
            put_le(p + 1, <uint64_t>n, 4)
            p += 5 + n
    if not unique and not out.fast:
        p[0] = OP_MEMOIZE  # the header's slack has room for it
        p += 1
        out.own(s)
    return p


cdef inline unsigned char* put_leaf(Output out, unsigned char* p, PyObject* obj) except NULL:
    """One object, if it is a leaf or known to the memo; p unchanged if it is neither."""
    cdef PyTypeObject* t = Py_TYPE(obj)
    cdef Py_ssize_t index
    if t == &PyUnicode_Type:
        return put_str(out, p, obj)
    if t == &PyLong_Type:
        return put_int(out, p, obj)
    if t == &PyFloat_Type:
        p[0] = OP_BINFLOAT
        put_double(p + 1, PyFloat_AS_DOUBLE(obj))
        return p + 9
    if obj == Py_None:
        p[0] = OP_NONE
        return p + 1
    if obj == Py_True:
        p[0] = OP_NEWTRUE
        return p + 1
    if obj == Py_False:
        p[0] = OP_NEWFALSE
        return p + 1
    if not is_unique(obj):
        index = table_get(&out.memo, obj)
        if index >= 0:
            return put_get(p, index)
    return p
