from perdure._engine.capi cimport PyObject
from perdure._engine.output cimport Output

cdef object write_object(Output out, PyObject* obj)
