from perdure._engine.writer.capi cimport PyObject
from perdure._engine.writer.output cimport Output, Task
from perdure._engine.writer.shapes cimport Shape

cdef bint save_shaped(Output out, PyObject* obj, Shape* shape, bint unique) except -1
cdef int run_slots(Output out, Task* t) except -1
cdef int run_ordered(Output out, Task* t) except -1
