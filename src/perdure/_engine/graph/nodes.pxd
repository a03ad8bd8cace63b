from libc.stdint cimport uint32_t
from perdure._engine.graph.tape cimport Row, Tape

cdef class Graph:
    cdef Tape tape

cdef class Node:
    cdef Tape tape
    cdef uint32_t row

    cdef Row* here(self) noexcept
    cdef list nodes_of(self, uint32_t part)
    cdef list all_of(self, str what)
    cdef list made_of(self)
    cdef uint32_t of_this(self, Node other) except 0
    cdef int step_for(self, str what, Py_ssize_t n) except -1
    cdef int release(self, uint32_t part) except -1
    cdef uint32_t put_part(self, int op, list rows) except 0
    cdef Py_ssize_t place_of(self, str what, list parts) except -1

cdef Node node(Tape tape, uint32_t row)
