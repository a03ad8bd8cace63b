# What a canonical dump knows besides the stream; see canonical.pyx.

from perdure._engine.writer.capi cimport PyObject
from perdure._engine.writer.memo cimport Table

cdef class Canon:
    cdef object root         # of the dump
    cdef int proto
    # -- values, each with one representative
    cdef dict texts, blobs, numbers    # str, bytes and long ints: value -> representative
    cdef dict composites     # code of the parts -> number of the representative
    cdef list values         # number -> representative
    cdef list parts          # number -> its parts
    cdef list digests        # number -> digest; b"": there is something mutable in it; None: not asked yet
    cdef Table known         # address of any composite value met -> number
    cdef list others         # composites that are not representatives: they keep their addresses
    cdef dict value_types    # type -> whether its instances are values
    # -- mutable objects
    cdef dict answers        # id -> (object, reduce answer with lists for its iterators)
    cdef set given           # ids of the objects whose answer the writer has had
    cdef dict ranks          # id -> place among all mutable objects of the dump; None: not needed yet

    cdef PyObject* representative(self, PyObject* obj) except NULL  # borrowed
    cdef object answer(self, obj)
    cdef list in_order(self, elements)
    cdef list pairs_in_order(self, dict d)
    # the rest is canonical.pyx's own
    cdef bint is_composite(self, PyObject* obj) except -1
    cdef Py_ssize_t number(self, obj) except -1
    cdef Py_ssize_t settle(self, obj, tuple parts) except -1
    cdef list unknown(self, tuple parts)
    cdef int code(self, unsigned char* p, PyObject* part) except -1
    cdef tuple parts_of(self, obj)
    cdef object digest(self, obj)
    cdef object answered(self, obj)
    cdef object ask(self, obj)
    cdef bint has_twins(self, list keys, list places) except -1
    cdef tuple place(self, obj)
    cdef dict rank_all(self)
    cdef tuple described(self, obj)
