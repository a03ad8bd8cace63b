# What both texts do with a form (formats/forms.py): nodes as the values that a form is made of, and back.

from libc.stdint cimport uint32_t
from perdure._engine.graph.assembly cimport Builder
from perdure._engine.graph.tape cimport Tape

cdef object value_of(Tape tape, uint32_t row, int depth)
cdef int construct(Builder builder, uint32_t row, made) except -1
