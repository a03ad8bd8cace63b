# Looking ahead: which objects of C pickle's streams are memoized for nothing.
#
# C pickle numbers nearly every object and reads few of them back. One pass over the opcodes
# tells which; the others need no place in the memo, and the short cuts for what nobody else
# holds (a state dict, a tuple of arguments) apply to them.
#
# Rules: only bytes input can be scanned, and only where the memo ends with the load. Where the
# pass meets anything odd it stops: the machine itself will go no further. Indices must come
# in order, as every pickler gives them; otherwise nothing is dropped.

from cpython.object cimport PyObject
from libc.stdint cimport uint64_t, uint8_t
from libc.string cimport memchr, memset
from perdure._engine.opcodes cimport *
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.machine cimport *

cdef enum:
    CHANCES = 16  # objects that a short cut needs before the pass over all opcodes pays

cdef int scan(Machine* m, const unsigned char* p) noexcept

cdef inline bint scan_pays(Machine* m) noexcept:
    m.chances += 1
    return m.chances > CHANCES

cdef inline Py_ssize_t put_to_drop(Machine* m, const unsigned char* q, const unsigned char* end,
                                   Py_ssize_t index) noexcept:
    """The length of a PUT at q whose object is never got again; 0 where there is no PUT at q,
    -1 where the object must stay in the memo. Its number would be `index`."""
    cdef Py_ssize_t n
    if q >= end:
        return 0
    if q[0] == OP_MEMOIZE:
        n = 1
    elif q[0] == OP_BINPUT and end - q >= 2 and q[1] == index:
        n = 2
    elif q[0] == OP_LONG_BINPUT and end - q >= 5 and u32(q + 1) == <uint64_t>index:
        n = 5
    else:
        return 0
    if unlikely(m.scanned == 0) and scan_pays(m):
        scan(m, q)
    return n if m.scanned > 0 and not is_read(m, index) else -1
