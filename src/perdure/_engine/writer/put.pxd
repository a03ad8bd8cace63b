# Leaves: objects that are written in one go, run no Python code, and open no task.
#
# The protocol of the loops that use this: p is a local cursor with at least SLACK bytes
# behind it (p < out.end); each function returns the cursor moved on. put_leaf returns p
# itself for an object that is not a leaf. Protocols 4 and 5 only; the older ones, and
# everything rare, stand in saving.pyx.

from libc.stdint cimport uint8_t, uint16_t, int32_t, uint32_t, uint64_t, int64_t, uintptr_t
from libc.string cimport memcpy, memmove
from perdure._engine.opcodes cimport *
from perdure._engine.writer.capi cimport *
from perdure._engine.writer.memo cimport table_get, table_put
from perdure._engine.writer.output cimport Output, SLACK

cdef extern from *:
    """
    /* Copy n bytes without a branch on n: `most` are read and written. Reading past the
       object stays in its page; where a checker watches every byte, copy exactly. */
    #if defined(__SANITIZE_ADDRESS__) || defined(Py_DEBUG) || defined(PERDURE_EXACT_COPY)
    #define PERDURE_CAN_OVERREAD(from, most) 0
    #else
    #define PERDURE_CAN_OVERREAD(from, most) (((uintptr_t)(from) & 4095) <= 4096 - (most))
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
    bint can_overread "PERDURE_CAN_OVERREAD"(const void*, int most) noexcept nogil
    void copy16 "perdure_copy16"(void*, const void*) noexcept nogil
    int bit_length "perdure_bit_length"(uint64_t) noexcept nogil


cdef inline bint is_unique(PyObject* obj) noexcept:
    """Whether the edge being followed is obj's only reference."""
    return not FREE_THREADED and Py_REFCNT(obj) == 1


cdef inline int put_code(Output out, unsigned char code) except -1:
    """An opcode without an argument."""
    cdef unsigned char* p = out.p
    if unlikely(p >= out.end):
        p = out.more(p, SLACK)
    p[0] = code
    out.p = p + 1
    return 0


cdef inline int put_codes(Output out, unsigned char first, unsigned char second) except -1:
    cdef unsigned char* p = out.p
    if unlikely(p >= out.end):
        p = out.more(p, SLACK)
    p[0] = first
    p[1] = second
    out.p = p + 2
    return 0


cdef inline int log_elided(Output out, PyObject* obj) except -1:
    """Remember that obj is written without a memo entry."""
    if unlikely(out.log_count == out.log_size):
        out.grow_log()
    out.log[out.log_count] = obj
    out.log_count += 1
    return 0


cdef inline int enter_memo(Output out, PyObject* obj, bint unique) except -1:
    """The memo entry of a container or an instance, unless only one edge can lead to it."""
    cdef Py_ssize_t weak
    if unique and out.elide:
        weak = weaklist_offset(Py_TYPE(obj))
        if weak == 0 or (<PyObject**>(<char*>obj + weak))[0] == NULL:
            return log_elided(out, obj)
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


cdef inline unsigned char* put_small(unsigned char* p, int32_t v) noexcept:
    """An int of 32 bits: BININT1, BININT2 or BININT, without a branch that data decides."""
    cdef uint64_t u = <uint32_t>v
    cdef int n = <int>(2 + ((<uint64_t>0xff - u) >> 63) + 2 * ((<uint64_t>0xffff - u) >> 63))
    cdef uint64_t codes = <uint64_t>OP_BININT << 40 | OP_BININT2 << 24 | OP_BININT1 << 16  # byte n: n's opcode
    put_le(p, u << 8 | (codes >> (8 * n)) & 0xff, 8)
    return p + n


cdef inline unsigned char* put_short_int(unsigned char* p, int64_t v) noexcept:
    """An int of 64 bits."""
    if likely(v == <int32_t>v):
        return put_small(p, <int32_t>v)
    return put_long(p, v)


cdef inline unsigned char* put_int(Output out, unsigned char* p, PyObject* obj) except NULL:
    if likely(long_is_digit(obj)):
        return put_small(p, long_digit(obj, 0))
    if likely(long_is_short(obj)):
        return put_short_int(p, long_short_value(obj))
    return out.put_wide_int(p, obj)


cdef inline unsigned char* put_str(Output out, unsigned char* p, PyObject* s) except NULL:
    """A str: BINGET if it is known, else its UTF-8, with a memo entry if it is shared.

    A long one, and one that UTF-8 can't hold as it is (lone surrogates), is no leaf.
    """
    cdef Py_ssize_t n, index
    cdef const char* data
    if is_unique(s):
        if likely(PyUnicode_IS_COMPACT_ASCII(s)):
            n = PyUnicode_GET_LENGTH(s)
            data = <const char*>PyUnicode_DATA(s)
            if n <= 16:
                if likely(can_overread(data, 16)):
                    p[0] = OP_SHORT_BINUNICODE
                    p[1] = <unsigned char>n
                    copy16(p + 2, data)
                    return p + 2 + n
            elif n <= 48 and likely(can_overread(data, 48)):
                p[0] = OP_SHORT_BINUNICODE
                p[1] = <unsigned char>n
                copy16(p + 2, data)
                copy16(p + 18, data + 16)
                copy16(p + 34, data + 32)
                return p + 2 + n
        return out.put_text(p, s)
    index = table_get(&out.memo, s)
    if index >= 0:
        return put_get(p, index)
    return out.put_shared_text(p, s)


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


cdef inline unsigned char* put_key(Output out, unsigned char* p, PyObject* key) except NULL:
    """put_leaf for what is most often text that the memo knows."""
    cdef Py_ssize_t index
    if Py_TYPE(key) == &PyUnicode_Type:
        index = table_get(&out.memo, key)
        if likely(index >= 0):
            return put_get(p, index)
        if not is_unique(key):
            return out.put_shared_text(p, key)
    return put_leaf(out, p, key)
