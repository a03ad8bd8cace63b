from perdure._engine.graph.tape cimport Text
from perdure._engine.text.output cimport Out

cdef class Scanner:
    cdef const unsigned char* start
    cdef const unsigned char* p
    cdef const unsigned char* end
    cdef Out scratch         # a string without its escapes
    cdef bint escaped        # whether the last string had any

    cdef int ended(self) except -1
    cdef int no_string(self) except -1
    cdef int expect(self, int character) except -1
    cdef Text string(self) except *
    cdef const unsigned char* escape(self, const unsigned char* q) except NULL
    cdef int hexadecimal(self, const unsigned char* q) except -1
    cdef int character(self, int c) except -1
    cdef str string_object(self)
    cdef long long whole_number(self) except -1
    cdef int number(self, long long* whole, double* real) except -1
    cdef object large_integer(self)
    cdef object unfinished(self, const unsigned char* q, str text)
    cdef bint word(self, const char* text, int n) noexcept


cdef inline int space(Scanner s) except -1:
    """The next character that is no white space."""
    while s.p < s.end:
        if s.p[0] > 32:
            return s.p[0]
        if s.p[0] != 32 and s.p[0] != 10 and s.p[0] != 13 and s.p[0] != 9:
            return s.p[0]
        s.p += 1
    return s.ended()
