# What has been written, by identity: an open-addressed table from object to number.
#
# A slot counts only if its `call` is the table's: emptying the table is one addition,
# and a table kept between calls costs a small message nothing. The table owns nothing;
# whoever puts an object in keeps it alive (see Output.owned), else its address could be
# given to another object while the table still knows it.

from libc.stdint cimport uint32_t, uintptr_t
from libc.string cimport memset
from perdure._engine.writer.capi cimport PyObject, PyMem_RawMalloc, PyMem_RawRealloc, PyMem_RawFree, likely, unlikely

cdef enum:
    LARGE = 15  # log2 of its slots

cdef struct Slot:
    PyObject* key
    uint32_t index
    uint32_t call

cdef struct Table:
    Slot* slots
    size_t mask      # slots - 1; the number of slots is a power of two
    int shift        # 64 - log2(slots): the product's top bits choose the slot
    size_t used, limit  # entries, and how many there may be before the table grows
    uint32_t call

cdef inline size_t slot_of(Table* t, PyObject* key) noexcept nogil:
    return <size_t>((<unsigned long long><uintptr_t>key * <unsigned long long>0x9E3779B97F4A7C15) >> t.shift)

cdef inline Py_ssize_t table_get(Table* t, PyObject* key) noexcept nogil:
    """The number of `key`, or -1."""
    cdef size_t i = slot_of(t, key)
    cdef Slot* s
    while True:
        s = &t.slots[i]
        if s.call != t.call:
            return -1
        if s.key == key:
            return s.index
        i = (i + 1) & t.mask

cdef inline void set_size(Table* t, int log2) noexcept:
    """An empty table of 2**log2 slots, half of which may be used; of a large one three quarters, for the memory."""
    t.mask = (<size_t>1 << log2) - 1
    t.shift = 64 - log2
    t.used = 0
    t.limit = (<size_t>1 << log2) // 4 * (3 if log2 >= LARGE else 2)
    t.call = 1


cdef inline int table_new(Table* t, int log2) except -1:
    t.slots = <Slot*>PyMem_RawMalloc((<size_t>1 << log2) * sizeof(Slot))
    if t.slots == NULL:
        raise MemoryError
    memset(t.slots, 0, (<size_t>1 << log2) * sizeof(Slot))
    set_size(t, log2)
    return 0

cdef inline void table_clear(Table* t) noexcept:
    t.used = 0
    t.call += 1
    if unlikely(t.call == 0):  # the stamp went round: old slots could come alive again
        memset(t.slots, 0, (t.mask + 1) * sizeof(Slot))
        t.call = 1

cdef inline void slot_put(Table* t, PyObject* key, uint32_t index) noexcept:
    cdef size_t i = slot_of(t, key)
    while t.slots[i].call == t.call and t.slots[i].key != key:
        i = (i + 1) & t.mask
    t.slots[i].key = key
    t.slots[i].index = index
    t.slots[i].call = t.call

cdef inline int table_grow(Table* t) except -1:
    cdef Table old = t[0]
    cdef size_t i
    table_new(t, 64 - old.shift + 1)
    t.used = old.used
    for i in range(old.mask + 1):
        if old.slots[i].call == old.call:
            slot_put(t, old.slots[i].key, old.slots[i].index)
    PyMem_RawFree(old.slots)
    return 0

cdef inline int table_put(Table* t, PyObject* key, uint32_t index) except -1:
    if unlikely(t.used >= t.limit):
        table_grow(t)
    slot_put(t, key, index)
    t.used += 1
    return 0

cdef inline void table_shrink(Table* t, int log2) noexcept:
    """Give back most of a table that one large dump has blown up; it is empty afterwards."""
    cdef Slot* slots
    if t.shift < 64 - log2:
        slots = <Slot*>PyMem_RawRealloc(t.slots, (<size_t>1 << log2) * sizeof(Slot))
        if slots != NULL:
            t.slots = slots
        set_size(t, log2)
        memset(t.slots, 0, (<size_t>1 << log2) * sizeof(Slot))
