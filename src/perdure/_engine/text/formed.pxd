# What both texts do with a form (formats/forms): nodes as the values that a form is made of, and back.

from libc.stdint cimport uint32_t
from perdure._engine.graph.assembly cimport Builder
from perdure._engine.graph.stack cimport Stack
from perdure._engine.graph.tape cimport Part, Row, Tape

cdef object value_of(Tape tape, uint32_t row, int depth)
cdef list values_of(Tape tape, uint32_t start, uint32_t count, int depth)
cdef bint holds(Row* r, int op) noexcept
cdef uint32_t first_step(Tape tape, uint32_t row) noexcept


cdef class Maker:
    cdef Builder builder
    cdef dict callees    # by name
    cdef Stack nodes     # of what is being made

    cdef int construct(self, uint32_t row, made) except -1
    cdef uint32_t callee(self, name) except 0
    cdef uint32_t row_for(self, value) except 0
    cdef uint32_t tuple_of(self, tuple values) except 0
    cdef uint32_t dict_of(self, dict values) except 0
