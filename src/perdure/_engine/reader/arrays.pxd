# numpy's protocol 5 arrays, made from their bytes in one step.
#
# `_frombuffer(buffer, dtype, shape, order)` is Python code that makes an array and always a
# view of it too; here the same array, with the same flags, is made in C, and a view only where
# the shape asks for one. Rules: numpy is not needed
# and never imported from here; only exact bytes and bytearrays, plain dtypes and sizes that
# agree take the short cut, anything else (an error) goes to numpy's function.

from cpython.object cimport PyObject, PyTypeObject
from perdure._engine.reader.machine cimport Machine

cdef void note_function(Machine* m, PyObject* module, PyObject* found) noexcept
cdef PyObject* array_of(Machine* m, PyObject** args) noexcept
cdef PyObject* scalar_of(Machine* m, PyObject* function, PyObject** args) noexcept
