from libc.stdint cimport uint32_t
from perdure._engine.graph.tape cimport Tape

cdef class Graph:
    cdef Tape tape

cdef class Node:
    cdef Tape tape
    cdef uint32_t row

    cdef list nodes_of(self, uint32_t part)
    cdef list all_of(self, str what)
    cdef list made_of(self)

cdef Node node(Tape tape, uint32_t row)
