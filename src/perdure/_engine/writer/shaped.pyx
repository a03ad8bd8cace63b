"""Instances whose class has a known shape: what their reduce method would say, written without asking it."""

from perdure._engine.layouts cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.writer.capi cimport *
from perdure._engine.writer.general cimport *
from perdure._engine.writer.loops cimport save
from perdure._engine.writer.natives cimport save_native
from perdure._engine.writer.output cimport *
from perdure._engine.writer.put cimport *
from perdure._engine.writer.saving cimport *
from perdure._engine.writer.shapes cimport *
from perdure._engine.writer.walk cimport leaves, open_dict


cdef bint save_shaped(Output out, PyObject* obj, Shape* shape, bint unique) except -1:
    """Write an instance of a known shape; False: this one does not fit it, nothing was written."""
    if shape.kind == PLAIN:
        save_class_of(out, obj, PART_CLASS)
        put_new(out)
        enter_memo(out, obj, unique)
        save_dict_state(out, obj)
    elif shape.kind == SLOTTED:
        save_class_of(out, obj, PART_CLASS)
        put_new(out)
        enter_memo(out, obj, unique)
        save_slots(out, obj, shape)
    elif shape.kind == NAMEDTUPLE:
        save_class_of(out, obj, PART_CLASS)
        open_named(out, obj, unique)
    elif shape.kind == ORDEREDDICT:
        if _PyObject_GetDictPtr(obj)[0] != NULL:
            return False
        save_class_of(out, obj, PART_CALLABLE)
        put_codes(out, OP_EMPTY_TUPLE, OP_REDUCE)
        enter_memo(out, obj, unique)
        if PyDict_GET_SIZE(obj):
            open_ordered(out, obj)
    else:
        return save_native(out, obj, shape, unique)
    return True


cdef int save_dict_state(Output out, PyObject* obj) except -1:
    cdef PyObject* d = PyObject_GenericGetDict(obj, NULL)
    try:
        if PyDict_GET_SIZE(d):
            open_dict(out, d, obj, NULL)
    finally:
        Py_DECREF(d)
    return 0


cdef inline PyObject* slot_value(PyObject* obj, Py_ssize_t offset) noexcept:
    return (<PyObject**>(<char*>obj + offset))[0]


cdef int save_slots(Output out, PyObject* obj, Shape* shape) except -1:
    """(None, {slot: value}) as state: NONE, the dict, TUPLE2, BUILD."""
    cdef Py_ssize_t i, n = 0
    cdef Task* t
    for i in range(shape.slots):
        n += slot_value(obj, shape.offsets[i]) != NULL
    if n == 0:
        return 0
    put_codes(out, OP_NONE, OP_EMPTY_DICT)
    if n > 1:
        put_code(out, OP_MARK)
    i = slot_leaves(out, obj, shape, 0)
    if i == shape.slots:
        return close_slots(out, n)
    t = push(out, SLOTS, obj)
    t.next = i
    t.size = n
    return 0


cdef int close_slots(Output out, Py_ssize_t n) except -1:
    put_code(out, OP_SETITEMS if n > 1 else OP_SETITEM)
    return put_codes(out, OP_TUPLE2, OP_BUILD)


cdef Py_ssize_t slot_leaves(Output out, PyObject* obj, Shape* shape, Py_ssize_t i) except -1:
    """Write the slots from the i-th on as long as they are leaves; then that one's name only."""
    cdef unsigned char* p = out.p
    cdef unsigned char* q
    cdef PyObject* value
    while i < shape.slots:
        value = slot_value(obj, shape.offsets[i])
        if value != NULL:
            if unlikely(p >= out.end):
                p = out.more(p, SLACK)
            q = put_str(out, p, shape.names[i])
            if unlikely(q == p):
                out.p = p
                save_text(out, shape.names[i])
                q = out.p
            p = q
            if unlikely(p >= out.end):
                p = out.more(p, SLACK)
            q = put_leaf(out, p, value)
            if q == p:
                break
            p = q
        i += 1
    out.p = p
    return i


cdef int run_slots(Output out, Task* t) except -1:
    cdef Py_ssize_t depth = out.depth
    cdef PyObject* obj = t.obj
    cdef PyObject* value
    cdef Shape* shape
    while True:
        shape = shape_of(out.shapes, Py_TYPE(obj))
        if shape.kind != SLOTTED:
            raise RuntimeError("class changed during iteration over its slots")
        if t.pending == VALUE_DONE:
            t.pending = NO_PAIR
            t.next = slot_leaves(out, obj, shape, t.next + 1)
        if t.next >= shape.slots:
            break
        value = slot_value(obj, shape.offsets[t.next])
        if value == NULL:
            raise RuntimeError("slots changed during iteration")
        t.pending = VALUE_DONE
        save(out, value)
        if out.depth != depth:
            return 0
        if out.due:
            out.flush()
        t = &out.tasks[depth - 1]
    close_slots(out, t.size)
    return pop(out)


cdef int open_named(Output out, PyObject* obj, bint unique) except -1:
    """A named tuple's items, as the arguments of NEWOBJ."""
    cdef Py_ssize_t n = PyTuple_GET_SIZE(obj)
    cdef Py_ssize_t i
    cdef Task* t
    if n > 3:
        put_code(out, OP_MARK)
    i = leaves(out, tuple_items(obj), 0, n)
    if i == n:
        close_items(out, n)
        return close_new(out, obj, unique)
    t = push(out, NAMED, obj)
    t.next = i
    t.flags = UNIQUE if unique else 0
    return 0


cdef int open_ordered(Output out, PyObject* obj) except -1:
    """An OrderedDict's entries, in its own order."""
    cdef Py_ssize_t n = PyDict_GET_SIZE(obj)
    cdef PyObject* key = NULL
    cdef PyObject* iterator
    cdef Py_ssize_t count
    cdef Task* t
    if n > 1:
        put_code(out, OP_MARK)
    count = ordered_leaves(out, obj, &key) if direct_ordered else 0
    if count == n:
        return put_code(out, OP_SETITEMS if n > 1 else OP_SETITEM)
    t = push(out, ORDERED, obj)
    t.size = n
    t.flags = ONE if n == 1 else 0
    t.batch = <uint32_t>count + MARKED
    if key != NULL:
        Py_INCREF(key)
        t.key = key
        t.pending = KEY_DONE
        t.batch += 1
        count += 1
    iterator = PyObject_GetIter(obj)  # may run a finalizer
    t = &out.tasks[out.depth - 1]
    t.extra = iterator
    while count:
        count -= 1
        key = PyIter_Next(iterator)
        if key == NULL:
            reraise()
            changed(out, "dictionary")
        Py_DECREF(key)
    return 0


cdef Py_ssize_t ordered_leaves(Output out, PyObject* obj, PyObject** key) except -1:
    """Write entries as long as they are leaves and their order is that of the dict below; how many.
    ``key``: one whose value is none."""
    cdef unsigned char* p = out.p
    cdef unsigned char* q
    cdef Py_ssize_t n = 0, i = 0, count = 0
    cdef DictEntry* entries = dict_entries(obj, &n)
    cdef OrderedNode* node = (<OrderedDict*>obj).first
    if entries == NULL:
        return 0
    while node != NULL and count < BATCH:
        while i < n and entries[i].value == NULL:
            i += 1
        if i == n or entries[i].key != node.key:
            break
        if unlikely(p >= out.end):
            p = out.more(p, SLACK)
        q = put_key(out, p, node.key)
        if unlikely(q == p):
            break
        p = q
        if unlikely(p >= out.end):
            p = out.more(p, SLACK)
        q = put_leaf(out, p, entries[i].value)
        if q == p:
            key[0] = node.key
            break
        p = q
        i += 1
        count += 1
        node = node.next
    out.p = p
    return count


cdef int run_ordered(Output out, Task* t) except -1:
    cdef Py_ssize_t depth = out.depth
    cdef PyObject* key
    cdef PyObject* value
    cdef unsigned char* p
    cdef unsigned char* q
    while True:
        if t.pending == KEY_DONE:
            value = PyDict_GetItemWithError(t.obj, t.key)
            t = &out.tasks[depth - 1]  # a key's __eq__ may have run
            if value == NULL:
                reraise()
                changed(out, "dictionary")
            t.pending = VALUE_DONE
            save(out, value)
            if out.depth != depth:
                return 0
            t = &out.tasks[depth - 1]
        if out.due:
            out.flush()
            t = &out.tasks[depth - 1]
        t.pending = NO_PAIR
        if t.batch == BATCH + MARKED:
            put_codes(out, OP_SETITEMS, OP_MARK)
            t.batch = MARKED
        key = PyIter_Next(t.extra)
        t = &out.tasks[depth - 1]
        t.key, value = key, t.key
        Py_XDECREF(value)
        t = &out.tasks[depth - 1]
        if key == NULL:
            reraise()
            break
        t.batch += 1
        t.pending = KEY_DONE
        p = out.p
        if unlikely(p >= out.end):
            p = out.more(p, SLACK)
        q = put_leaf(out, p, key)
        out.p = q
        if q == p:
            save(out, key)
            if out.depth != depth:
                return 0
            t = &out.tasks[depth - 1]
    put_code(out, OP_SETITEM if t.flags & ONE else OP_SETITEMS)
    return pop(out)
