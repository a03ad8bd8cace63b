cdef class Code:
    cdef readonly int co_argcount
    cdef readonly int co_posonlyargcount
    cdef readonly int co_kwonlyargcount
    cdef readonly int co_stacksize
    cdef readonly int co_flags
    cdef readonly int co_firstlineno
    cdef readonly bytes co_code
    cdef readonly tuple co_consts
    cdef readonly tuple co_names
    cdef readonly tuple co_localsplusnames
    cdef readonly bytes co_localspluskinds
    cdef readonly str co_filename
    cdef readonly str co_name
    cdef readonly str co_qualname
    cdef readonly bytes co_linetable
    cdef readonly bytes co_exceptiontable
    # What == of two equal ones takes at most, and how deep it goes (finish.pyx).
    cdef Py_ssize_t cost
    cdef Py_ssize_t depth
