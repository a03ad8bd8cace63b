"""numpy's protocol 5 arrays, made from their bytes in one step: see arrays.pxd."""

import sys

from cpython.object cimport PyObject, PyTypeObject
from cpython.pycapsule cimport PyCapsule_GetPointer
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.machine cimport Machine

# Two functions of numpy's C API, by their places in its table, which are part of its binary
# interface (numpy/__multiarray_api.h); compared with frombuffer on samples before they are used.
ctypedef PyObject* (*NewFromDescr)(PyTypeObject*, PyObject* descr, int nd, const Py_ssize_t* dims,
                                   const Py_ssize_t* strides, void* data, int flags, PyObject* obj) noexcept
ctypedef int (*SetBaseObject)(PyObject* array, PyObject* base) noexcept

cdef enum:
    NDARRAY = 2         # the types themselves
    DTYPE = 3
    NEW_FROM_DESCR = 94
    SET_BASE_OBJECT = 282
    READ_ONLY = 0x101   # C-contiguous and aligned
    WRITEABLE = 0x400
    ALIGNMENT = 16      # of any dtype's items, at most

cdef void** api = NULL           # numpy's table; NULL: not looked for yet, or not to be used
cdef bint looked_for = False
cdef PyTypeObject* ndarray = NULL
cdef object dtype_class = None

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
    numpy = sys.modules["numpy"]
    if not looked_for:
        look_for_api(numpy)
    return numpy.frombuffer


cdef int look_for_api(numpy) except -1:
    """Sets `api` if what it makes of bytes and bytearrays is what numpy.frombuffer makes of them."""
    global api, looked_for, ndarray, dtype_class
    cdef PyObject* made
    looked_for = True
    dtype_class = numpy.dtype
    table = getattr(getattr(getattr(numpy, "_core", None), "_multiarray_umath", None), "_ARRAY_API", None)
    if table is None:
        return 0
    api = <void**>PyCapsule_GetPointer(table, NULL)
    ndarray = <PyTypeObject*>numpy.ndarray
    if api[NDARRAY] != <void*>ndarray or api[DTYPE] != <void*>dtype_class:
        api = NULL
        return 0
    for sample in (bytearray(48), bytes(48)):
        for name in ("f8", "u1", "c16"):
            dtype = numpy.dtype(name)
            expected = numpy.frombuffer(sample, dtype)
            made = flat(<PyObject*>sample, <PyObject*>dtype, 48 // dtype.itemsize)
            if made == NULL:
                PyErr_Clear()
                api = NULL
                return 0
            found = <object>made
            Py_DECREF(made)
            if (type(found) is not type(expected) or found.tobytes() != expected.tobytes() or found.dtype is not dtype
                    or str(found.flags) != str(expected.flags) or type(found.base) is not type(expected.base)):
                api = NULL
                return 0
    return 0


cdef PyObject* flat(PyObject* buffer, PyObject* dtype, Py_ssize_t length) noexcept:
    """numpy.frombuffer(buffer, dtype) of a bytes object or a bytearray that holds `length` whole
    items; NULL, perhaps without an exception, if it can't be."""
    cdef PyObject* made
    cdef PyObject* base = buffer
    cdef bint writeable = Py_TYPE(buffer) == &PyByteArray_Type
    cdef char* data = PyByteArray_AS_STRING(buffer) if writeable else PyBytes_AS_STRING(buffer)
    if <size_t>data % ALIGNMENT:
        return NULL
    if writeable:
        base = PyMemoryView_FromObject(buffer)  # keeps it from being resized
        if base == NULL:
            return NULL
    else:
        Py_INCREF(base)
    Py_INCREF(dtype)  # the first call takes it over, the second one the base, whatever comes of them
    made = (<NewFromDescr>api[NEW_FROM_DESCR])(ndarray, dtype, 1, &length, NULL, data,
                                               READ_ONLY | (WRITEABLE if writeable else 0), NULL)
    if made == NULL:
        Py_DECREF(base)
        return NULL
    if (<SetBaseObject>api[SET_BASE_OBJECT])(made, base) < 0:
        Py_DECREF(made)
        return NULL
    return made


cdef bint look_at_dtype(Machine* m, PyObject* dtype) noexcept:
    """Whether any bytes are items of a dtype; under a policy text is not, whose code points are looked at."""
    cdef bint plain = False
    try:
        if dtype_class is None:
            look_for_api(sys.modules["numpy"])
        if isinstance(<object>dtype, dtype_class) and not (<object>dtype).hasobject \
                and (<object>dtype).subdtype is None and (m.policy == NULL or (<object>dtype).kind != "U"):
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
    if (<const char*>PyUnicode_DATA(order))[0] != b"C" and (<const char*>PyUnicode_DATA(order))[0] != b"F":
        return NULL
    length = m.itemsize
    for i in range(PyTuple_GET_SIZE(shape)):
        if Py_TYPE(PyTuple_GET_ITEM(shape, i)) != &PyLong_Type:
            return NULL
        axis = PyLong_AsSsize_t(PyTuple_GET_ITEM(shape, i))
        if axis <= 0 and (axis < 0 or size or PyTuple_GET_SIZE(shape) != 1) or axis > size // length:
            PyErr_Clear()
            return NULL
        length *= axis
    if length != size:
        return NULL
    if api != NULL and size:
        made = flat(args[0], args[1], size // m.itemsize)
    else:
        # It keeps the bytearray from being resized under the array; ndarray() would not.
        made = PyObject_Vectorcall(m.frombuffer_c, args, 2, NULL)
    if made != NULL and PyTuple_GET_SIZE(shape) != 1:
        view = reshaped(made, shape, order)
        Py_DECREF(made)
        made = view
    if made == NULL:
        PyErr_Clear()
    return made


cdef PyObject* scalar_of(Machine* m, PyObject* function, PyObject** args) noexcept:
    """numpy's scalar(dtype, bytes), new; NULL without an exception where the bytes may not be those of an item."""
    cdef PyObject* made
    if not PyBytes_CheckExact(args[1]) or (args[0] != m.dtype and not look_at_dtype(m, args[0])):
        return NULL
    if Py_SIZE(args[1]) != m.itemsize:
        return NULL
    made = PyObject_Vectorcall(function, args, 2, NULL)
    if made == NULL:
        PyErr_Clear()
    return made


cdef PyObject* reshaped(PyObject* flat, PyObject* shape, PyObject* order) noexcept:
    cdef PyObject* args[3]
    args[0] = flat
    args[1] = shape
    args[2] = order
    return PyObject_VectorcallMethod(<PyObject*>S_reshape, args, 2, <PyObject*>ORDER)
