from perdure._engine.capi cimport PyObject
from perdure._engine.output cimport Output
from perdure._engine.shapes cimport Shape

cdef bint save_native(Output out, PyObject* obj, Shape* shape, bint unique) except -1
