from perdure._engine.writer.capi cimport PyObject
from perdure._engine.writer.output cimport Output, Part

cdef int save_text(Output out, PyObject* s) except -1
cdef int save_none_or_bool(Output out, PyObject* obj) except -1
cdef int save_int(Output out, PyObject* obj) except -1
cdef int save_float(Output out, PyObject* obj) except -1
cdef int save_bytes(Output out, PyObject* obj) except -1
cdef int save_bytearray(Output out, PyObject* obj) except -1
cdef int put_buffer(Output out, const void* data, Py_ssize_t n, bint readonly, raw) except -1
cdef int save_buffer(Output out, PyObject* obj) except -1
cdef int save_global(Output out, PyObject* obj, name) except -1
cdef int push_answer(Output out, PyObject* obj, answer, bint noted) except -1
cdef int save_class(Output out, PyObject* cls) except -1
cdef int save_class_of(Output out, PyObject* obj, Part part) except -1
cdef int put_one(Output out, PyObject* obj) except -1
cdef int put_new(Output out) except -1
cdef int close_new(Output out, PyObject* obj, bint unique) except -1
cdef int close_call(Output out, PyObject* obj, bint unique) except -1
cdef object flat_view(Output out, obj, Py_ssize_t n)
