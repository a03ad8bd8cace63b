from libc.stdint cimport uint32_t
from perdure._engine.graph.tape cimport Tape

cdef class Builder:
    cdef Tape tape
    cdef dict texts  # those that come again and again: keys, names
    cdef dict names

    cpdef uint32_t none(self) except 0
    cpdef uint32_t boolean(self, bint value) except 0
    cpdef uint32_t integer(self, value) except 0
    cpdef uint32_t real(self, double value) except 0
    cpdef uint32_t text(self, str value) except 0
    cpdef uint32_t key(self, str value) except 0
    cdef uint32_t put_counted(self, int kind, int short_op, int op, int long_op, const unsigned char* data,
                              Py_ssize_t n) except 0
    cdef uint32_t text_of(self, const unsigned char* data, Py_ssize_t n) except 0
    cpdef uint32_t string(self, data) except 0
    cpdef uint32_t octets(self, data) except 0
    cpdef uint32_t octet_array(self, data) except 0
    cpdef uint32_t buffer(self, bint readonly) except 0
    cpdef uint32_t extension(self, long code) except 0
    cpdef uint32_t name(self, str module, str qualname) except 0
    cpdef uint32_t begin(self, str kind) except 0
    cpdef int made_of(self, uint32_t row, str how, nodes) except -1
    cpdef int fill(self, uint32_t row, str what, nodes) except -1
    cdef int fill_from(self, uint32_t row, int op, nodes) except -1
    cdef int begin_with(self, const uint32_t* nodes, Py_ssize_t count) except -1
    cdef int expect_calls(self, const uint32_t* nodes, Py_ssize_t count) except -1
    cdef int fill_with(self, uint32_t row, int op, const uint32_t* nodes, Py_ssize_t count) except -1
    cdef int close(self, uint32_t row, const uint32_t* nodes, Py_ssize_t count) except -1
