# What a JSON text is made of, from a tape.

from libc.stdint cimport uint32_t

from perdure._engine.graph.tape cimport Tape
from perdure._engine.text.output cimport Out, put

cdef class Output:
    cdef Tape tape
    cdef Out out
    cdef dict names   # row: as it is written
    cdef bint safe    # ints beyond 2**53 are tagged
    cdef bint tagged  # something is

    cdef inline int say(self, const char* text) except -1:
        cdef Py_ssize_t n = 0
        while text[n]:
            n += 1
        return put(&self.out, text, n)

    cdef inline int tag(self, const char* text) except -1:
        self.tagged = True
        return self.say(text)

    cdef inline int say_bytes(self, bytes text) except -1:
        return put(&self.out, text, len(text))

    cdef int open_tagged(self, uint32_t label) except -1
    cdef int leaf(self, uint32_t row) except -1
    cdef int real(self, double value) except -1
    cdef int string(self, const unsigned char* p, Py_ssize_t n) except -1
    cdef int plain(self, value) except -1
    cdef int large(self, value) except -1
    cdef int put_name(self, uint32_t row) except -1
    cdef bint has_plain_name(self, uint32_t row) except -1

cdef bint has_lone(const unsigned char* p, Py_ssize_t n) noexcept
cdef bint is_safe(value) except -1
cdef bytes decimals(value)
