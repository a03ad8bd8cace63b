from libc.stdint cimport uint32_t, uint64_t
from perdure._engine.graph.tape cimport Tape

cdef uint32_t read(Tape tape, uint64_t begin, Py_ssize_t size) except 0
