from perdure._engine.writer.capi cimport PyObject
from perdure._engine.writer.output cimport Output

cdef int walk(Output out) except -1
cdef int open_list(Output out, PyObject* obj, PyObject** part) except -1
cdef int open_tuple(Output out, PyObject* obj, PyObject** part) except -1
cdef int open_dict(Output out, PyObject* obj, PyObject* owner, PyObject** part) except -1
cdef Py_ssize_t leaves(Output out, PyObject** items, Py_ssize_t i, Py_ssize_t stop) except -1
