# What is known of a class while its instances are read, and the short cuts that this allows.
#
# Rules:
# - A record holds for one version of one type: (pointer, tp_version_tag) never names two, so
#   records own nothing and may outlive the class. A type without a tag is studied each time.
# - A short cut is taken only where the standard rules would come to the same result: default
#   `__new__`, no `__setstate__`, no `__getattr__`, no descriptor in the way, no dunder key.

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uintptr_t, uint8_t
from perdure._engine.reader.capi cimport *

cdef enum:
    RECORDS = 256

cdef enum Traits:
    NEW_PLAIN = 1        # object.__new__ without arguments: only an allocation
    STATE_PLAIN = 2      # no __setstate__ anywhere, looked up in the default way
    DICT_PLAIN = 4       # an ordinary __dict__ ...
    NO_DESCRIPTORS = 8   # ... and no data descriptor that an attribute's name could meet
    SETATTR_PLAIN = 16   # object.__setattr__

cdef enum Kind:
    ORDINARY = 0
    NAMED_TUPLE = 1
    DATETIME = 2
    DATE = 3
    UUID = 4

cdef struct Record:
    PyTypeObject* type
    unsigned int version
    int traits
    int kind
    Py_ssize_t fields    # of a named tuple

cdef int study(Record* record, PyTypeObject* type) noexcept
cdef PyObject* uuid_unknown() noexcept
cdef PyObject* calendar_value(int kind, const unsigned char* s) noexcept

cdef extern from *:
    """
    #ifdef Py_GIL_DISABLED
    #define PERDURE_PER_THREAD _Thread_local
    #else
    #define PERDURE_PER_THREAD
    #endif
    /* RECORDS of at most 64 bytes, in each module that reads them; each thread has its own where
       threads run without the GIL. */
    static PERDURE_PER_THREAD uint64_t perdure_records[256 * 8];
    """
    void* thread_records "perdure_records"

cdef inline Record* record_of(PyTypeObject* type) noexcept:
    """The record of a type, studied now if need be; never fails."""
    cdef Record* record = <Record*>thread_records + (((<uintptr_t>type) >> 5 ^ (<uintptr_t>type) >> 12) & (RECORDS - 1))
    if unlikely(record.type != type or record.version != type_version(type) or record.version == 0):
        study(record, type)
    return record

cdef inline bint is_dunder(PyObject* key) noexcept:
    """Whether a str starts with two underscores (whatever its width: these are ascii)."""
    cdef const uint8_t* c = <const uint8_t*>PyUnicode_DATA(key)
    return c[0] == 95 and (c[1] == 95 or c[1] == 0)
