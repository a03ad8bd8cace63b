from perdure._engine.writer.capi cimport PyObject
from perdure._engine.writer.output cimport Kind, Output, Task

cdef int push_items(Output out, Kind kind, PyObject* obj, iterator) except -1
cdef int run_reduce(Output out, Task* t) except -1
cdef int run_items(Output out, Task* t) except -1
cdef int run_pairs(Output out, Task* t) except -1
