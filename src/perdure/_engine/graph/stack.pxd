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


cdef inline void* doubled(void* items, Py_ssize_t* room, size_t size) except NULL:
    """Items of that size, with room for twice as many."""
    cdef void* moved = PyMem_Realloc(items, 2 * room[0] * size)
    if moved == NULL:
        raise MemoryError
    room[0] *= 2
    return moved


cdef inline int push_row(Stack* s, uint32_t row) except -1:
    if s.count == s.room:
        s.at = <uint32_t*>doubled(s.at, &s.room, sizeof(uint32_t))
    s.at[s.count] = row
    s.count += 1
    return 0
