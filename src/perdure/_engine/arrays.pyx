"""numpy's protocol 5 arrays, made from their bytes in one step: see arrays.pxd."""

import sys

from cpython.object cimport PyObject
from perdure._engine.machine cimport Machine
from perdure._engine.reader_capi cimport *

cdef str S_reshape = "reshape"
cdef tuple ORDER = ("order",)


cdef void note_function(Machine* m, PyObject* module, PyObject* found) noexcept:
    """Keeps numpy's _frombuffer, which a stream has just named, to know it again."""
    cdef object made
    if m.frombuffer != NULL or PyUnicode_GET_LENGTH(module) < 18:
        return
    try:
        made = from_buffer(<object>module, <object>found)
    except Exception:
        return
    if made is not None:
        m.frombuffer_c = <PyObject*>made
        m.frombuffer = found
        Py_INCREF(m.frombuffer_c)
        Py_INCREF(found)


cdef object from_buffer(object module, object found):
    """numpy.frombuffer, where `found` is the _frombuffer of numpy's own module."""
    if module != "numpy._core.numeric" and module != "numpy.core.numeric":
        return None
    code = getattr(found, "__code__", None)
    if code is None or found.__name__ != "_frombuffer" or found.__module__ not in (
            "numpy._core.numeric", "numpy.core.numeric"):
        return None
    return sys.modules["numpy"].frombuffer


cdef bint look_at_dtype(Machine* m, PyObject* dtype) noexcept:
    cdef bint plain = False
    try:
        if type(<object>dtype).__module__.startswith("numpy") and not (<object>dtype).hasobject \
                and (<object>dtype).subdtype is None:
            m.itemsize = (<object>dtype).itemsize
            plain = m.itemsize > 0
    except Exception:
        plain = False
    if plain:
        Py_INCREF(dtype)
        Py_XDECREF(m.dtype)
        m.dtype = dtype
    return plain


cdef PyObject* array_of(Machine* m, PyObject** args) noexcept:
    """The array of (buffer, dtype, shape, order), new; NULL without an exception where it is
    numpy's own function that must make it."""
    cdef PyObject* order = args[3]
    cdef PyObject* shape = args[2]
    cdef PyObject* made
    cdef PyObject* view
    cdef Py_ssize_t size, axis, length
    cdef Py_ssize_t i
    if PyBytes_CheckExact(args[0]) or Py_TYPE(args[0]) == &PyByteArray_Type:
        size = Py_SIZE(args[0])
    else:
        return NULL
    if args[1] != m.dtype and not look_at_dtype(m, args[1]):
        return NULL
    if not PyTuple_CheckExact(shape) or not PyUnicode_CheckExact(order) or PyUnicode_GET_LENGTH(order) != 1:
        return NULL
    length = m.itemsize
    for i in range(PyTuple_GET_SIZE(shape)):
        if Py_TYPE(PyTuple_GET_ITEM(shape, i)) != &PyLong_Type:
            return NULL
        axis = PyLong_AsSsize_t(PyTuple_GET_ITEM(shape, i))
        if axis <= 0 or axis > size // length:
            PyErr_Clear()
            return NULL
        length *= axis
    if length != size:
        return NULL
    # numpy.frombuffer keeps the bytearray from being resized under the array; ndarray() would not.
    made = PyObject_Vectorcall(m.frombuffer_c, args, 2, NULL)
    if made != NULL and PyTuple_GET_SIZE(shape) != 1:
        view = reshaped(made, shape, order)
        Py_DECREF(made)
        made = view
    if made == NULL:
        PyErr_Clear()
    return made


cdef PyObject* reshaped(PyObject* flat, PyObject* shape, PyObject* order) noexcept:
    cdef PyObject* args[3]
    args[0] = flat
    args[1] = shape
    args[2] = order
    return PyObject_VectorcallMethod(<PyObject*>S_reshape, args, 2, <PyObject*>ORDER)
