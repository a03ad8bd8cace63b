from perdure._engine.writer.capi cimport PyObject
from perdure._engine.writer.output cimport Output, Task

cdef int open_set(Output out, PyObject* obj) except -1
cdef int run_set(Output out, Task* t) except -1
