from perdure._engine.output cimport Output

cdef int annotate(Output out, problem) except -1
