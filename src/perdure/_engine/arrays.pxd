# numpy's protocol 5 arrays, made from their bytes in one step.
#
# `_frombuffer(buffer, dtype, shape, order)` builds a view of a view by Python code; here the
# same array, with the same flags, is made over the buffer at once. Rules: numpy is not needed
# and never imported from here; only exact bytes and bytearrays, plain dtypes and sizes that
# agree take the short cut, anything else (an empty array, an error) goes to numpy's function.

from cpython.object cimport PyObject, PyTypeObject
from perdure._engine.machine cimport Machine

cdef void note_function(Machine* m, PyObject* module, PyObject* found) noexcept
cdef PyObject* array_of(Machine* m, PyObject** args) noexcept
