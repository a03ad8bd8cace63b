"""Sets and frozensets, by their table where no order is asked for."""

from perdure._engine.opcodes cimport *
from perdure._engine.writer.capi cimport *
from perdure._engine.writer.general cimport *
from perdure._engine.writer.loops cimport save
from perdure._engine.writer.memo cimport table_get
from perdure._engine.writer.output cimport *
from perdure._engine.writer.put cimport *
from perdure._engine.writer.saving cimport push_answer
from perdure._engine.writer.walk cimport leaves


cdef int open_set(Output out, PyObject* obj) except -1:
    cdef bint unique = is_unique(obj)
    cdef bint frozen = Py_TYPE(obj) == &PyFrozenSet_Type
    cdef Py_ssize_t n, at = 0, count = 0
    cdef PyObject* gathered[GATHERED]
    cdef bint marked = frozen
    cdef Task* t
    if out.hooked and not unique:
        out.check_elided(obj)
    elements = out.canon.in_order(<object>obj) if out.canonical else None
    if out.proto < 4:
        if elements is None:
            elements = list(<object>obj)
        return push_answer(out, obj, (type(<object>obj), (elements,)), False)
    if frozen:
        put_code(out, OP_MARK)
    else:
        put_code(out, OP_EMPTY_SET)
        enter_memo(out, obj, unique)
        if PySet_GET_SIZE(obj) == 0:
            return 0
    if out.plain and not FREE_THREADED and (<PySetObject*>obj).mask < GATHERED:
        # A small set: most often, all of it are leaves.
        if not frozen:
            put_code(out, OP_MARK)
        marked = True
        n = gather(<PySetObject*>obj, &at, gathered, GATHERED)
        count = leaves(out, gathered, 0, n)
        if count == n:
            return close_frozenset(out, obj, unique) if frozen else put_code(out, OP_ADDITEMS)
    t = push(out, FROZENSET if frozen else SET, obj)
    t.flags = UNIQUE if unique else 0
    t.size = PySet_GET_SIZE(obj)
    if out.canonical:
        t.extra = PySequence_Tuple(<PyObject*>elements)
        t.size = PyTuple_GET_SIZE(t.extra)
    elif FREE_THREADED and not frozen:
        t.extra = PyFrozenSet_New(obj)
        t.size = PySet_GET_SIZE(t.extra)
    if marked:
        t.batch = <uint32_t>count + MARKED
        pass_over(t, count)
    return watch(out, t)


cdef int run_set(Output out, Task* t) except -1:
    cdef Py_ssize_t depth = out.depth
    cdef PyObject* key
    cdef bint frozen = t.kind == FROZENSET
    while True:
        if not frozen and t.batch == BATCH + MARKED:
            put_code(out, OP_ADDITEMS)
            t.batch = 0
            check_size(out, PySet_GET_SIZE(t.obj), t.size, "set")
        key = next_element(t)
        if key == NULL:
            break
        if not frozen and not t.batch:
            put_code(out, OP_MARK)
            t.batch = MARKED
        if out.plain and set_leaves(out, t, t.size if frozen else BATCH + MARKED - t.batch):
            continue
        t.batch += 1
        t.next += 1
        save(out, key)
        if out.depth != depth:
            return 0
        if out.due:
            out.flush()
        t = &out.tasks[depth - 1]
    if frozen:
        close_frozenset(out, t.obj, t.flags & UNIQUE)
    else:
        if t.batch:
            put_code(out, OP_ADDITEMS)
        check_size(out, PySet_GET_SIZE(t.obj), t.size, "set")
    return pop(out)


cdef Py_ssize_t set_leaves(Output out, Task* t, Py_ssize_t limit) except -1:
    """Write up to ``limit`` elements from t.next on as long as they are leaves; how many."""
    cdef PySetObject* s = walked(t)
    cdef PyObject* gathered[GATHERED]
    cdef Py_ssize_t n, count
    cdef Py_ssize_t at = t.next
    if s == NULL:
        return 0
    n = gather(s, &at, gathered, limit if limit < GATHERED else GATHERED)
    count = leaves(out, gathered, 0, n)
    t.batch += <uint32_t>count
    if count == n:
        t.next = at
    else:
        pass_over(t, count)
    return count


cdef inline Py_ssize_t gather(PySetObject* s, Py_ssize_t* at, PyObject** to, Py_ssize_t room) noexcept:
    """The elements from slot at[0] on, at most ``room``, and the slot behind them; how many.

    Which slots are taken is as good as random, so no branch asks: what is none is overwritten.
    """
    cdef setentry* entry
    cdef Py_ssize_t i = at[0]
    cdef Py_ssize_t n = 0
    while i <= s.mask and n < room:
        entry = &s.table[i]
        to[n] = entry.key
        n += (entry.key != NULL) & (entry.hash != -1)
        i += 1
    at[0] = i
    return n


cdef inline void pass_over(Task* t, Py_ssize_t count) noexcept:
    """Move t.next to the element that comes after ``count`` others."""
    while next_element(t) != NULL and count:
        count -= 1
        t.next += 1


cdef enum:
    GATHERED = 128


cdef inline PySetObject* walked(Task* t) noexcept:
    """The set whose table is walked: the object itself or a copy; NULL if a tuple stands for it."""
    if t.extra == NULL:
        return <PySetObject*>t.obj
    return NULL if Py_TYPE(t.extra) == &PyTuple_Type else <PySetObject*>t.extra


cdef inline PyObject* next_element(Task* t) noexcept:
    """The set's next element, borrowed, and t.next at it; NULL at its end. Reads the table anew."""
    cdef PySetObject* s = walked(t)
    if s == NULL:
        return PyTuple_GET_ITEM(t.extra, t.next) if t.next < PyTuple_GET_SIZE(t.extra) else NULL
    while t.next <= s.mask:
        if s.table[t.next].key != NULL and s.table[t.next].hash != -1:  # -1: one was taken out here
            return s.table[t.next].key
        t.next += 1
    return NULL


cdef int close_frozenset(Output out, PyObject* obj, bint unique) except -1:
    cdef Py_ssize_t index
    if not unique:
        index = table_get(&out.memo, obj)
        if index >= 0:  # its elements led back to it: as with tuples
            put_code(out, OP_POP_MARK)
            return out.get(index)
    put_code(out, OP_FROZENSET)
    return enter_memo(out, obj, unique)
