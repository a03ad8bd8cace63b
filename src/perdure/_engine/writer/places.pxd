from perdure._engine.writer.output cimport Output

cdef int annotate(Output out, problem) except -1
