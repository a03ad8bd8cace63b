# CPython's C API as the engine uses it: raw pointers, no hidden reference counting.
#
# Rules: every declaration here takes and gives PyObject*; "new" in a comment says that
# the caller owns the result, "borrowed" that it does not; what steals a reference says so.
# Private layouts that differ between versions stand here and nowhere else.

from cpython.object cimport PyObject, PyTypeObject

cdef extern from "Python.h":
    int PY_VERSION_HEX
    ctypedef Py_ssize_t Py_hash_t

    void Py_INCREF "Py_INCREF"(PyObject*) noexcept
    void Py_DECREF "Py_DECREF"(PyObject*) noexcept
    void Py_XDECREF "Py_XDECREF"(PyObject*) noexcept
    Py_ssize_t Py_REFCNT "Py_REFCNT"(PyObject*) noexcept
    PyTypeObject* Py_TYPE "Py_TYPE"(PyObject*) noexcept
    PyObject* Py_None
    PyObject* Py_True
    PyObject* Py_False
