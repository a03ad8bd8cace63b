# What must be known of rows before, and while, a document is written.

from libc.stdint cimport uint8_t, uint32_t

from perdure._engine.graph.tape cimport Tape, Text
from perdure._engine.text.xml_output cimport Output

cdef enum:
    ONCE = 1      # places that lead to a row
    AGAIN_SEEN = 2
    ALTERED = 4   # it has steps that nodes of its kind don't have

cdef class Survey(Output):
    cdef Tape tape
    cdef uint8_t* seen      # by row
    cdef dict names         # rows of names: what stands in an attribute, or None where it can't
    cdef object held        # what a Text lies in

    cdef int look(self, uint32_t root) except -1
    cdef Py_ssize_t count(self, uint32_t row) noexcept
    cdef bint is_empty(self, uint32_t row) noexcept
    cdef Text text_of(self, uint32_t row) except *
    cdef bytes name_of(self, uint32_t row)
    cdef bint is_label(self, uint32_t row) except -1
    cdef bint is_attributes(self, uint32_t row) except -1
