# What the writer knows of a class: how its instances are written.

from libc.stdint cimport uint8_t, uint32_t
from perdure._engine.writer.capi cimport PyObject, PyTypeObject

cdef extern from *:
    """
    #if defined(_MSC_VER) && !defined(__clang__)
    #define perdure_exchange(slot, value) _InterlockedExchangePointer((void *volatile *)(slot), (value))
    #else
    #define perdure_exchange(slot, value) __atomic_exchange_n((slot), (value), __ATOMIC_ACQ_REL)
    #endif
    """
    PyObject* exchange "perdure_exchange"(PyObject**, PyObject*) noexcept

cdef enum ShapeKind:
    REDUCED        # by its reduce answer; everything else is a short cut to the same bytes
    CLASS          # a class, by reference
    FUNCTION       # a function or another global, by reference
    PLAIN          # object.__reduce_ex__, all state in __dict__
    SLOTTED        # object.__reduce_ex__, all state in slots
    NAMEDTUPLE     # as collections.namedtuple makes them
    MEMBER         # an enum member: class, (value,)
    ORDEREDDICT
    DATE
    TIME
    DATETIME
    TIMEDELTA
    DECIMAL
    UUID
    NDARRAY

cdef struct Shape:
    PyTypeObject* type
    uint32_t version        # the type's version tag when it was looked at
    uint32_t epoch          # the dump (or part of one) for which it has been checked
    uint8_t kind
    bint registered         # in copyreg.dispatch_table
    Py_ssize_t weaklist     # offset of the weak references, 0: none
    Py_ssize_t slots
    PyObject** names        # owned, one per slot
    Py_ssize_t* offsets
    PyObject* extra         # owned; what the kind needs besides

cdef class Shapes:
    cdef Shape** table
    cdef size_t mask, used
    cdef public uint32_t epoch
    cdef dict dispatch_table
    cdef Shape* look(self, PyTypeObject* t) except NULL
    cdef Shape* find(self, PyTypeObject* t) except NULL
    cdef void empty(self) noexcept

cdef inline Shape* shape_of(Shapes shapes, PyTypeObject* t) except NULL:
    cdef size_t i = (<size_t>t >> 4) & shapes.mask
    cdef Shape* s = shapes.table[i]
    if s != NULL and s.type == t and s.epoch == shapes.epoch:
        return s
    return shapes.find(t)

cdef Shapes borrow_shapes()
cdef int return_shapes(Shapes shapes) except -1
