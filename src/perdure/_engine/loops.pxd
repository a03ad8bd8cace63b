from perdure._engine.capi cimport PyObject
from perdure._engine.output cimport Output

cdef int write_object(Output out, PyObject* obj) except -1
