from libc.stdint cimport uint32_t
from perdure._engine.text.json_machine cimport Machine

cdef class Leaves(Machine):
    cdef long long label(self) except -1
    cdef uint32_t row_labelled(self, long long label)
    cdef int set_label(self, long long label, uint32_t row) except -1
    cdef int reference(self) except -1
    cdef uint32_t leaf(self, int tag) except 0
    cdef uint32_t broken_string(self) except 0
    cdef uint32_t name(self) except 0
