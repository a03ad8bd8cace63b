from perdure._engine.writer.capi cimport PyObject
from perdure._engine.writer.output cimport Output
from perdure._engine.writer.shapes cimport Shape

cdef bint save_native(Output out, PyObject* obj, Shape* shape, bint unique) except -1
