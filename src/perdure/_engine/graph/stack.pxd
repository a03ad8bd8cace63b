# A stack of rows, as long as need be: for who reads nodes in an order, or walks over them.

from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.stdint cimport uint32_t

cdef struct Stack:
    uint32_t* at
    Py_ssize_t count, room


cdef inline int begin_stack(Stack* s) except -1:
    s.count = 0
    s.room = 64
    s.at = <uint32_t*>PyMem_Malloc(s.room * sizeof(uint32_t))
    if s.at == NULL:
        raise MemoryError
    return 0


cdef inline void end_stack(Stack* s) noexcept:
    PyMem_Free(s.at)
    s.at = NULL


cdef inline int push_row(Stack* s, uint32_t row) except -1:
    cdef uint32_t* moved
    if s.count == s.room:
        moved = <uint32_t*>PyMem_Realloc(s.at, 2 * s.room * sizeof(uint32_t))
        if moved == NULL:
            raise MemoryError
        s.at = moved
        s.room *= 2
    s.at[s.count] = row
    s.count += 1
    return 0
