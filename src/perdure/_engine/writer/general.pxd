# What the loops over containers have in common, and the general ones.

from perdure._engine.opcodes cimport *
from perdure._engine.writer.capi cimport *
from perdure._engine.writer.output cimport *
from perdure._engine.writer.put cimport *

cdef enum:
    MARKED = 1       # Task.batch counts from here once MARK has been written
    FAST_DEPTH = 50  # of containers, from which on fast mode looks for cycles

cdef int begin_list(Output out, PyObject* obj) except -1
cdef int run_list(Output out, Task* t) except -1
cdef int begin_tuple(Output out, PyObject* obj) except -1
cdef int run_tuple(Output out, Task* t) except -1
cdef int close_tuple(Output out, PyObject* obj, bint unique) except -1
cdef int begin_dict(Output out, PyObject* obj) except -1
cdef int run_dict(Output out, Task* t) except -1
cdef int changed(Output out, str what) except -1
cdef int watch(Output out, Task* t) except -1


cdef inline int check_size(Output out, Py_ssize_t size, Py_ssize_t before, str what) except -1:
    if unlikely(size != before):
        changed(out, what)
    return 0


cdef inline int close_items(Output out, Py_ssize_t n) except -1:
    """TUPLE over n items, in the form that the opening chose."""
    if n <= 3 and out.proto >= 2:
        return put_code(out, <unsigned char>(OP_EMPTY_TUPLE if n == 0 else OP_TUPLE1 + n - 1))
    return put_code(out, OP_TUPLE)
