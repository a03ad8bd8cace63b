from perdure._engine.writer.capi cimport PyObject
from perdure._engine.writer.output cimport Output

cdef object write_object(Output out, PyObject* obj)
cdef int save(Output out, PyObject* obj) except -1
cdef int save_other(Output out, PyObject* obj) except -1
