"""The writer's loops: from an object to opcodes, without recursion.

``save`` writes one object, or begins it: ``open_<kind>`` writes the opening opcodes and
as many parts as are leaves; if a part is not, the rest is left as a task. ``run_<kind>``
takes a task further: leaves in a tight loop, any other part through ``save``. As soon as
``save`` has left a task, ``run`` goes on with that one: the topmost comes first.

Rules that hold here:

- A part is borrowed from its container while it is written as a leaf: no Python code runs
  there. Before anything that may run code, the part is owned (``save`` does it), and
  afterwards every pointer into a container and its size are read anew.
- A container that another thread could change (a free-threaded build) is copied first.
- An object that no second edge can lead to gets no memo entry: see docs/engine.md.
"""

from cpython.object cimport PyTypeObject
from perdure._engine.capi cimport *
from perdure._engine.memo cimport table_get
from perdure._engine.naming cimport type_name
from perdure._engine.natives cimport save_native
from perdure._engine.opcodes cimport *
from perdure._engine.output cimport *
from perdure._engine.put cimport *
from perdure._engine.saving cimport *
from perdure._engine.shapes cimport *

import copyreg

from _pickle import PicklingError

cdef bint can_walk_dicts() except -1:
    """Whether a dict's table is laid out as capi.pxd says: tried on one with a hole."""
    cdef Py_ssize_t n = 0
    cdef DictEntry* entries
    sample = {"a": 1, "hole": 0, "b": 2.0, "c": None}
    del sample["hole"]
    other = {1: 2}
    keys = list(sample)
    entries = dict_entries(<PyObject*>sample, &n)
    return (entries != NULL and n == 4 and entries[1].value == NULL
            and entries[0].key == <PyObject*>keys[0] and entries[2].key == <PyObject*>keys[1]
            and entries[3].key == <PyObject*>keys[2] and entries[3].value == Py_None
            and entries[2].value == <PyObject*>sample["b"] and dict_entries(<PyObject*>other, &n) == NULL)


cdef object missing = object()
cdef bint direct_dicts = can_walk_dicts()


cdef object write_object(Output out, PyObject* obj):
    """The whole stream of one object: bytes, or None if it went to a file."""
    out.begin()
    save(out, obj)
    if out.depth:
        run(out)
    return out.finish()


cdef int run(Output out) except -1:
    cdef Task* t
    while out.depth:
        if out.due:
            out.flush()
        t = &out.tasks[out.depth - 1]
        if t.kind <= DICT and out.plain:
            walk(out)
        elif t.kind == LIST:
            run_list(out, t)
        elif t.kind == DICT:
            run_dict(out, t)
        elif t.kind == TUPLE:
            run_tuple(out, t)
        elif t.kind == REDUCE:
            run_reduce(out, t)
        elif t.kind == SLOTS:
            run_slots(out, t)
        elif t.kind == SET or t.kind == FROZENSET:
            run_set(out, t)
        elif t.kind == ITEMS:
            run_items(out, t)
        elif t.kind == PAIRS:
            run_pairs(out, t)
        elif t.kind == ORDERED:
            run_ordered(out, t)
        else:
            run_persistent(out, t)
    return 0


# -- leaves ------------------------------------------------------------------------

cdef Py_ssize_t leaves(Output out, PyObject** items, Py_ssize_t i, Py_ssize_t stop) except -1:
    """Write items[i:stop] as long as they are leaves; the index of the first that is not."""
    cdef unsigned char* p = out.p
    cdef unsigned char* q
    cdef PyObject* obj
    cdef PyObject* last = NULL   # the last object found in the memo, and its number
    cdef Py_ssize_t index = -1
    cdef Py_ssize_t start
    cdef PyTypeObject* t
    while i < stop:
        if unlikely(p >= out.end):
            p = out.more(p, SLACK)
        obj = items[i]
        t = Py_TYPE(obj)
        if t == &PyUnicode_Type:
            q = put_str(out, p, obj)
            if unlikely(q == p):
                break
            p = q
            i += 1
        elif t == &PyLong_Type:
            p = put_int(out, p, obj)
            i += 1
            while i < stop:  # a run of them
                obj = items[i]
                if Py_TYPE(obj) != &PyLong_Type or p >= out.end:
                    break
                if likely(long_is_digit(obj)):
                    p = put_small(p, long_digit(obj, 0))
                    i += 1
                    continue
                # Signs and sizes may be as good as random: for a while, no branch asks for them.
                start = i
                while i < stop and i - start < 64 and Py_TYPE(items[i]) == &PyLong_Type and p < out.end:
                    if unlikely(not long_is_short(items[i])):
                        break
                    p = put_short_int(p, long_short_value(items[i]))
                    i += 1
                if i == start:
                    break
        elif t == &PyFloat_Type:
            while True:
                p[0] = OP_BINFLOAT
                put_double(p + 1, PyFloat_AS_DOUBLE(obj))
                p += 9
                i += 1
                if i == stop or p >= out.end:
                    break
                obj = items[i]
                if Py_TYPE(obj) != &PyFloat_Type:
                    break
        elif obj == Py_None:
            p[0] = OP_NONE
            p += 1
            i += 1
        elif obj == Py_True:
            p[0] = OP_NEWTRUE
            p += 1
            i += 1
        elif obj == Py_False:
            p[0] = OP_NEWFALSE
            p += 1
            i += 1
        elif not is_unique(obj):
            if obj != last:
                index = table_get(&out.memo, obj)
                last = obj
            if index < 0:
                break
            p = put_get(p, index)
            i += 1
        else:
            break
    out.p = p
    return i


# -- any object ----------------------------------------------------------------------

cdef int save(Output out, PyObject* obj) except -1:
    """Write obj; what is nested in it may be left as a task."""
    cdef PyTypeObject* t
    cdef unsigned char* p
    if out.plain:
        t = Py_TYPE(obj)
        if t == &PyTuple_Type:
            return open_tuple(out, obj, NULL)
        if t == &PyDict_Type:
            return open_dict(out, obj, NULL, NULL)
        if t == &PyList_Type:
            return open_list(out, obj, NULL)
        p = out.p
        if p >= out.end:
            p = out.more(p, SLACK)
        out.p = put_leaf(out, p, obj)
        if out.p != p:
            return 0
        return save_other(out, obj)
    return save_held(out, obj)


cdef int save_held(Output out, PyObject* obj) except -1:
    """save_any of an object that a hook may take out of its container."""
    Py_INCREF(obj)
    try:
        return save_any(out, obj)
    finally:
        Py_DECREF(obj)


cdef int save_any(Output out, PyObject* obj, bint ask=True) except -1:
    """The same for any protocol, with the hook that sees every object (if ``ask``)."""
    cdef PyTypeObject* t = Py_TYPE(obj)
    cdef Py_ssize_t index
    if ask and out.persistent_id is not None:
        out.hooked = True
        pid = out.persistent_id(<object>obj)
        if pid is not None:
            return save_persistent(out, pid)
    if obj == Py_None or obj == Py_True or obj == Py_False:
        return save_none_or_bool(out, obj)
    if t == &PyLong_Type:
        return save_int(out, obj)
    if t == &PyFloat_Type:
        return save_float(out, obj)
    if out.canonical:
        obj = out.canon.representative(obj)
    index = table_get(&out.memo, obj)
    if index >= 0:
        return out.get(index)
    if t == &PyUnicode_Type:
        return save_text(out, obj)
    if t == &PyTuple_Type:
        return begin_tuple(out, obj)
    if t == &PyDict_Type:
        return begin_dict(out, obj)
    if t == &PyList_Type:
        return begin_list(out, obj)
    return save_other(out, obj)


cdef int save_persistent(Output out, pid) except -1:
    """What persistent_id answered: BINPERSID takes any object, PERSID a line of text."""
    if out.binary:
        push(out, PERSISTENT, <PyObject*>pid)
        return 0
    try:
        line = str(pid).encode("ascii")
    except UnicodeEncodeError as problem:
        error = PicklingError("persistent IDs in protocol 0 must be ASCII strings")
        error.__context__ = problem
        raise error
    return out.put_bytes_of(b"P" + line + b"\n")


cdef int run_persistent(Output out, Task* t) except -1:
    cdef Py_ssize_t depth = out.depth
    if t.next == 0:
        t.next = 1
        save_any(out, t.obj, False)
        if out.depth != depth:
            return 0
    put_code(out, OP_BINPERSID)
    return pop(out)


cdef int save_other(Output out, PyObject* obj) except -1:
    """Any object but a number, None, a bool, a short str, a list, tuple or dict."""
    cdef PyTypeObject* t = Py_TYPE(obj)
    cdef bint unique = is_unique(obj)
    if t == &PyUnicode_Type:
        return save_text(out, obj)
    if t == &PyBytes_Type:
        return save_bytes(out, obj)
    if t == &PySet_Type or t == &PyFrozenSet_Type:
        return open_set(out, obj)
    if t == &PyByteArray_Type:
        return save_bytearray(out, obj)
    if t == &PyPickleBuffer_Type:
        return save_buffer(out, obj)
    if out.hooked and not unique:
        out.check_elided(obj)
    Py_INCREF(obj)  # from here on, code may run that takes it out of its container
    try:
        return save_instance(out, obj, t, unique)
    finally:
        Py_DECREF(obj)


cdef int save_instance(Output out, PyObject* obj, PyTypeObject* t, bint unique) except -1:
    """A class, a function, or an instance: by the hooks, else by its class's shape."""
    cdef Shape* shape
    if out.reducer_override is not None:
        out.hooked = True
        answer = out.reducer_override(<object>obj)
        if answer is not NotImplemented:
            return save_answer(out, obj, answer, unique)
    if t == &PyType_Type:
        return save_class(out, obj)
    if t == &PyFunction_Type:
        return save_global(out, obj, None)
    if out.shapes is None:
        out.shapes = borrow_shapes()
    shape = shape_of(out.shapes, t)
    if out.canonical and (shape.registered or not issubclass(<object>t, type)):
        return save_answer(out, obj, out.canon.answer(<object>obj), unique)
    if out.dispatch_table is not None:
        func = missing
        try:
            func = out.dispatch_table[<object>t]
        except KeyError:
            pass
        if func is not missing:
            out.hooked = True
            return save_answer(out, obj, func(<object>obj), unique)
    elif shape.registered:
        out.hooked = True
        return save_answer(out, obj, copyreg.dispatch_table[<object>t](<object>obj), unique)
    if shape.kind == CLASS or issubclass(<object>t, type):
        return save_global(out, obj, None)
    if shape.kind != REDUCED and out.plain and save_shaped(out, obj, shape, unique):
        return 0
    out.hooked = True
    reduce = getattr(<object>obj, "__reduce_ex__", missing)
    if reduce is not missing:
        answer = reduce(out.proto)
    else:
        reduce = getattr(<object>obj, "__reduce__", missing)
        if reduce is missing:
            raise PicklingError(f"Can't pickle {type_name(<object>t)} object")
        answer = reduce()
    return save_answer(out, obj, answer, unique)


cdef int save_answer(Output out, PyObject* obj, answer, bint unique) except -1:
    """What a reduce method, or what stands in for it, said of obj."""
    if out.shapes is not None:
        out.shapes.epoch += 1  # code ran: what is known of classes must be checked anew
    if isinstance(answer, str):
        return save_global(out, obj, answer)
    push_answer(out, obj, answer, True)
    if unique:
        out.tasks[out.depth - 1].flags |= UNIQUE
    return 0


cdef int watch(Output out, Task* t) except -1:
    """Fast mode has no memo, so a cycle would never end: from a certain depth on, look for one."""
    if not out.fast or out.depth <= FAST_DEPTH:
        return 0
    key = <size_t>t.obj
    if key in out.fast_seen:
        raise ValueError(f"fast mode: can't pickle cyclic objects including object type "
                         f"{type(<object>t.obj).__name__} at {hex(key)}")
    out.fast_seen.add(key)
    t.fast = True
    return 0

cdef enum:
    FAST_DEPTH = 50


# -- lists, tuples and dicts in protocols 4 and 5 -----------------------------------------
#
# `walk` takes the topmost task from part to part: `<kind>_part` writes leaves up to the next
# part that is none, and `enter` opens that one. `open_<kind>` writes a container whose parts
# are all leaves without a task; else it leaves the task, and gives out the first other part
# if the caller asks (part != NULL), who then must write it next.

cdef int walk(Output out) except -1:
    """Write the topmost task and all that is nested in it, up to a task of another kind."""
    cdef PyObject* part
    cdef Task* t
    while out.depth and not out.due:
        t = &out.tasks[out.depth - 1]
        part = NULL
        if t.kind == LIST:
            list_part(out, t, &part)
        elif t.kind == DICT:
            dict_part(out, t, &part)
        elif t.kind == TUPLE or t.kind == NAMED:
            tuple_part(out, t, &part)
        else:
            return 0
        while part != NULL:
            enter(out, &part)
    return 0


cdef inline int enter(Output out, PyObject** part) except -1:
    """Write a part or open it; then it gives place to the first of its own parts, or to NULL."""
    cdef PyObject* obj = part[0]
    cdef PyTypeObject* t = Py_TYPE(obj)
    cdef unsigned char* p
    part[0] = NULL
    if t == &PyList_Type:
        return open_list(out, obj, part)
    if t == &PyDict_Type:
        return open_dict(out, obj, NULL, part)
    if t == &PyTuple_Type:
        return open_tuple(out, obj, part)
    p = out.p
    if unlikely(p >= out.end):
        p = out.more(p, SLACK)
    out.p = put_leaf(out, p, obj)
    return save_other(out, obj) if out.p == p else 0


cdef inline int begin_container(Output out, PyObject* obj, bint unique, unsigned char code, Py_ssize_t n) except -1:
    """The empty list or dict, its memo entry, and MARK if more than one item follows."""
    cdef unsigned char* p = out.p
    if unlikely(p >= out.end):
        p = out.more(p, SLACK)
    p[0] = code
    p += 1
    if likely(unique and out.elide):
        if unlikely(out.log_count == out.log_size):
            out.grow_log()
        out.log[out.log_count] = obj
        out.log_count += 1
    elif not out.fast:
        p[0] = OP_MEMOIZE
        p += 1
        out.own(obj)
    if n > 1:
        p[0] = OP_MARK
        p += 1
    out.p = p
    return 0


cdef enum:
    MARKED = 1   # Task.batch counts from here once MARK has been written


cdef int open_list(Output out, PyObject* obj, PyObject** part) except -1:
    cdef PyObject* copy = NULL
    cdef Py_ssize_t n, index, i = 0
    cdef Py_ssize_t stop
    cdef bint unique = is_unique(obj)
    cdef Task* t
    if not unique:
        index = table_get(&out.memo, obj)
        if index >= 0:
            return out.get(index)
        if out.hooked:
            out.check_elided(obj)
    if FREE_THREADED:
        copy = PySequence_Tuple(obj)
        n = PyTuple_GET_SIZE(copy)
    else:
        n = PyList_GET_SIZE(obj)
    begin_container(out, obj, unique, OP_EMPTY_LIST, n)
    if n == 0:
        Py_XDECREF(copy)
        return 0
    if not FREE_THREADED:
        stop = n if n < BATCH else BATCH
        i = leaves(out, list_items(obj), 0, stop)
        if i == n:
            return put_code(out, OP_APPENDS if n > 1 else OP_APPEND)
        if i == stop:
            part = NULL
    t = push(out, LIST, obj)
    t.extra = copy
    t.size = n
    t.next = i
    if n == 1:
        t.flags = ONE
    else:
        t.batch = <uint32_t>i + MARKED
    if unlikely(out.fast):
        watch(out, t)
    if part != NULL and not FREE_THREADED:
        t.next += 1
        t.batch += 1
        part[0] = list_items(obj)[i]
    return 0


cdef inline int list_part(Output out, Task* t, PyObject** part) except -1:
    cdef PyObject* items_of
    cdef PyObject** items
    cdef Py_ssize_t n, i, stop
    while True:
        if FREE_THREADED:
            items_of = t.extra
            n = PyTuple_GET_SIZE(items_of)
            items = tuple_items(items_of)
        else:
            items_of = t.obj
            n = PyList_GET_SIZE(items_of)
            items = list_items(items_of)
        if t.flags:
            if t.batch:
                put_code(out, OP_APPEND)
            elif n:
                t.next = t.batch = 1
                part[0] = items[0]
                return 0
            return pop(out)
        stop = t.next + BATCH + MARKED - t.batch
        if stop > n:
            stop = n
        i = t.next
        if i < stop:
            if t.pending:
                i = rows(out, t, items, stop, part)
                if i < 0:
                    return 0
            if i < stop:
                i = leaves(out, items, i, stop)
                t.batch += <uint32_t>(i - t.next)
                t.next = i
            if i < stop:
                t.pending = VALUE_DONE
                t.batch += 1
                t.next = i + 1
                part[0] = items[i]
                return 0
        put_code(out, OP_APPENDS)
        if not FREE_THREADED:
            check_size(out, PyList_GET_SIZE(t.obj), t.size, "list")
        if i >= n:
            return pop(out)
        put_code(out, OP_MARK)
        t.batch = MARKED
        if unlikely(out.due):
            return 0


cdef inline Py_ssize_t rows(Output out, Task* t, PyObject** items, Py_ssize_t stop, PyObject** part) except? -2:
    """Behind a container, its likes: rows of a table. The index of the first other item, or
    -1: a row is left as a task, or ``part`` is to be written. Runs no code, so ``items`` stay.
    """
    cdef Py_ssize_t depth = out.depth
    cdef Py_ssize_t i = t.next
    cdef PyTypeObject* kind = Py_TYPE(items[i - 1])
    if Py_TYPE(items[i]) != kind or not is_unique(items[i]):  # shared: the memo may know it
        return i
    if kind != &PyList_Type and kind != &PyTuple_Type and kind != &PyDict_Type:
        part[0] = items[i]  # an instance as the last part: it is most often no leaf either
        t.batch += 1
        t.next = i + 1
        return -1
    while i < stop and Py_TYPE(items[i]) == kind and is_unique(items[i]):
        i += 1
        t.batch += 1
        t.next = i
        if kind == &PyList_Type:
            open_list(out, items[i - 1], part)
        elif kind == &PyTuple_Type:
            open_tuple(out, items[i - 1], part)
        else:
            open_dict(out, items[i - 1], NULL, part)
        if part[0] != NULL or out.depth != depth or out.due:
            return -1
    return i


cdef int open_tuple(Output out, PyObject* obj, PyObject** part) except -1:
    cdef Py_ssize_t n = PyTuple_GET_SIZE(obj)
    cdef Py_ssize_t index, i, stop
    cdef bint unique = is_unique(obj)
    cdef Task* t
    if n == 0:
        return put_code(out, OP_EMPTY_TUPLE)
    if not unique:
        index = table_get(&out.memo, obj)
        if index >= 0:
            return out.get(index)
        if out.hooked:
            out.check_elided(obj)
    if n > 3:
        put_code(out, OP_MARK)
    stop = n if n < BATCH else BATCH
    i = leaves(out, tuple_items(obj), 0, stop)
    if i == n:
        if unique and n <= 3 and out.elide and out.log_count < out.log_size:
            out.log[out.log_count] = obj
            out.log_count += 1
            return put_code(out, <unsigned char>(OP_TUPLE1 + n - 1))
        return close_tuple(out, obj, unique)
    t = push(out, TUPLE, obj)
    t.next = i
    if unique:
        t.flags = UNIQUE
    if unlikely(out.fast):
        watch(out, t)
    if part != NULL and i < stop:
        t.next += 1
        part[0] = PyTuple_GET_ITEM(obj, i)
    return 0


cdef inline int tuple_part(Output out, Task* t, PyObject** part) except -1:
    cdef PyObject* obj = t.obj
    cdef Py_ssize_t n = PyTuple_GET_SIZE(obj)
    cdef Py_ssize_t stop
    while t.next < n:
        stop = n if n - t.next < BATCH else t.next + BATCH
        t.next = leaves(out, tuple_items(obj), t.next, stop)
        if t.next < stop:
            part[0] = PyTuple_GET_ITEM(obj, t.next)
            t.next += 1
            return 0
        if unlikely(out.due):
            return 0
    if t.kind == TUPLE:
        close_tuple(out, obj, t.flags & UNIQUE)
    else:
        close_items(out, n)
        close_new(out, obj, t.flags & UNIQUE)
    return pop(out)


cdef int open_dict(Output out, PyObject* obj, PyObject* owner, PyObject** part) except -1:
    """A dict. With ``owner`` it is that instance's state, and BUILD follows it."""
    cdef PyObject* copy = obj
    cdef Py_ssize_t n, index, count = 0
    cdef bint unique
    cdef Entry stop
    cdef Task* t
    # The state of an instance: one reference is the instance's, one is ours.
    unique = is_unique(obj) or (owner != NULL and Py_REFCNT(obj) == 2 and not FREE_THREADED)
    if not unique:
        index = table_get(&out.memo, obj)
        if index >= 0:
            out.get(index)
            return put_code(out, OP_BUILD) if owner != NULL else 0
        if out.hooked:
            out.check_elided(obj)
    if FREE_THREADED:
        copy = PyDict_Copy(obj)
    n = PyDict_GET_SIZE(copy)
    begin_container(out, obj, unique, OP_EMPTY_DICT, n)
    stop.at, stop.key = 0, NULL
    if n and not FREE_THREADED:
        count = dict_leaves(out, obj, 0, BATCH, &stop)
    if count == n and stop.key == NULL:
        if FREE_THREADED:
            Py_DECREF(copy)
        if n == 0:
            return put_code(out, OP_BUILD) if owner != NULL else 0
        if owner != NULL:
            return put_codes(out, OP_SETITEMS if n > 1 else OP_SETITEM, OP_BUILD)
        return put_code(out, OP_SETITEMS if n > 1 else OP_SETITEM)
    t = push(out, DICT, copy)
    if FREE_THREADED:
        Py_DECREF(copy)
    t.size = n
    t.next = stop.at
    if owner != NULL:
        t.flags |= STATE
        t.extra = owner
        Py_INCREF(owner)
    if n == 1:
        t.flags |= ONE
    else:
        t.batch = <uint32_t>count + MARKED
    if unlikely(out.fast):
        watch(out, t)
    if stop.key != NULL:
        hold_entry(t, &stop, part)
    return 0


cdef inline void hold_entry(Task* t, Entry* stop, PyObject** part) noexcept:
    """Begin with an entry that is not all leaves: its key is owned until its value is written."""
    Py_INCREF(stop.key)
    t.key = stop.key
    t.batch += 1
    if part == NULL:
        t.next = stop.at
        t.pending = KEY_DONE if stop.key_done else KEY_WAITS
    elif stop.key_done:
        t.next = stop.after
        t.pending = VALUE_DONE
        part[0] = stop.value
    else:
        t.next = stop.at
        t.pending = KEY_DONE
        part[0] = stop.key


cdef inline int dict_part(Output out, Task* t, PyObject** part) except -1:
    cdef PyObject* key = NULL
    cdef Entry stop
    cdef Py_ssize_t limit, count
    # An entry that is under way comes first: its key, then its value.
    if t.pending != NO_PAIR:
        if t.pending == KEY_WAITS:
            t.pending = KEY_DONE
            part[0] = t.key
            return 0
        if t.pending == KEY_DONE:
            # The value is borrowed until it is known how many references it has.
            if not next_entry(t.obj, &t.next, &key, part) or key != t.key:
                part[0] = NULL
                changed(out, "dictionary")
            t.pending = VALUE_DONE
            return 0
        key = t.key
        t.pending = NO_PAIR
        t.key = NULL
        Py_DECREF(key)  # may be its last, and run code: nothing has been read of the dict yet
        t = &out.tasks[out.depth - 1]
    while True:
        if t.flags & ONE:
            if t.batch == 0 and next_entry(t.obj, &t.next, &stop.key, &stop.value):
                stop.at, stop.key_done = 0, False
                hold_entry(t, &stop, part)
                return 0
            if t.batch:
                put_code(out, OP_SETITEM)
            break
        limit = BATCH + MARKED - t.batch
        count = dict_leaves(out, t.obj, t.next, limit, &stop)
        t.batch += <uint32_t>count
        if stop.key != NULL:
            hold_entry(t, &stop, part)
            return 0
        t.next = stop.at
        put_code(out, OP_SETITEMS)
        check_size(out, PyDict_GET_SIZE(t.obj), t.size, "dictionary")
        if count < limit or not next_entry(t.obj, &stop.at, &stop.key, &stop.value):
            break
        put_code(out, OP_MARK)
        t.batch = MARKED
        if unlikely(out.due):
            return 0
    if t.flags & STATE:
        put_code(out, OP_BUILD)
    return pop(out)


cdef struct Entry:       # where dict_leaves stopped
    Py_ssize_t at        # the position of the entry that is not all leaves, or the end
    Py_ssize_t after     # the position behind it
    PyObject* key        # borrowed; NULL: every entry up to `at` is written
    PyObject* value      # borrowed
    bint key_done        # the key is written, the value is no leaf


cdef Py_ssize_t dict_leaves(Output out, PyObject* d, Py_ssize_t i, Py_ssize_t limit, Entry* stop) except -1:
    """Write up to ``limit`` entries from position i on as long as they are leaves; how many were written."""
    cdef unsigned char* p = out.p
    cdef unsigned char* q
    cdef PyObject* k
    cdef PyObject* v
    cdef Py_ssize_t at, count = 0
    cdef Py_ssize_t n = 0
    cdef DictEntry* entries = dict_entries(d, &n) if direct_dicts else NULL
    stop.key = NULL
    while count < limit:
        at = i
        if likely(entries != NULL):
            if i >= n:
                break
            k = entries[i].key
            v = entries[i].value
            i += 1
            if unlikely(v == NULL):
                continue
        elif not PyDict_Next(d, &i, &k, &v):
            break
        if unlikely(p >= out.end):
            p = out.more(p, SLACK)
        q = put_key(out, p, k)
        if unlikely(q == p):
            stop.at, stop.after, stop.key, stop.value, stop.key_done = at, i, k, v, False
            break
        p = q
        if unlikely(p >= out.end):
            p = out.more(p, SLACK)
        q = put_leaf(out, p, v)
        if q == p:
            stop.at, stop.after, stop.key, stop.value, stop.key_done = at, i, k, v, True
            break
        p = q
        count += 1
    if stop.key == NULL:
        stop.at = i
    out.p = p
    return count


cdef inline unsigned char* put_key(Output out, unsigned char* p, PyObject* key) except NULL:
    """put_leaf for what is most often text that the memo knows."""
    cdef Py_ssize_t index
    if Py_TYPE(key) == &PyUnicode_Type:
        index = table_get(&out.memo, key)
        if likely(index >= 0):
            return put_get(p, index)
    return put_leaf(out, p, key)


cdef inline bint next_entry(PyObject* d, Py_ssize_t* pos, PyObject** key, PyObject** value) noexcept:
    """PyDict_Next, by the table where that is known."""
    cdef Py_ssize_t n = 0
    cdef DictEntry* entries = dict_entries(d, &n) if direct_dicts else NULL
    if entries == NULL:
        return PyDict_Next(d, pos, key, value)
    while pos[0] < n:
        key[0] = entries[pos[0]].key
        value[0] = entries[pos[0]].value
        pos[0] += 1
        if likely(value[0] != NULL):
            return True
    return False


# -- lists, tuples and dicts in any protocol, with any hook ----------------------------------

cdef int begin_list(Output out, PyObject* obj) except -1:
    cdef Task* t
    if out.binary:
        put_code(out, OP_EMPTY_LIST)
    else:
        out.put_bytes(b"(l", 2)
    out.memoize(obj)
    if PyList_GET_SIZE(obj) == 0:
        return 0
    t = push(out, LIST, obj)
    t.size = PyList_GET_SIZE(obj)
    t.flags = EACH if not out.binary else ONE if t.size == 1 else 0
    if FREE_THREADED:
        t.extra = PySequence_Tuple(obj)
        t.size = PyTuple_GET_SIZE(t.extra)
    return watch(out, t)


cdef int run_list(Output out, Task* t) except -1:
    cdef Py_ssize_t depth = out.depth
    cdef Py_ssize_t n
    while True:
        n = PyTuple_GET_SIZE(t.extra) if FREE_THREADED else PyList_GET_SIZE(t.obj)
        if t.flags:  # APPEND after each item, or after the only one
            if t.batch:
                put_code(out, OP_APPEND)
            if t.next >= n or t.next >= t.size:
                break
            t.batch = 1
        else:
            if t.batch and (t.batch == BATCH + MARKED or t.next >= n):
                t.batch = 0
                put_code(out, OP_APPENDS)
                if not FREE_THREADED:
                    check_size(out, n, t.size, "list")
            if t.next >= n:
                break
            if not t.batch:
                put_code(out, OP_MARK)
                t.batch = MARKED
            t.batch += 1
        t.next += 1
        save(out, (tuple_items(t.extra) if FREE_THREADED else list_items(t.obj))[t.next - 1])
        if out.depth != depth:
            return 0
        if out.due:
            out.flush()
        t = &out.tasks[depth - 1]
    return pop(out)


cdef int begin_tuple(Output out, PyObject* obj) except -1:
    cdef bint unique = is_unique(obj)
    cdef Py_ssize_t n = PyTuple_GET_SIZE(obj)
    cdef Task* t
    if n == 0:
        if out.binary:
            return put_code(out, OP_EMPTY_TUPLE)
        return out.put_bytes(b"(t", 2)
    if out.hooked and not unique:
        out.check_elided(obj)
    if n > 3 or out.proto < 2:
        put_code(out, OP_MARK)
    t = push(out, TUPLE, obj)
    t.flags = UNIQUE if unique else 0
    return watch(out, t)


cdef int run_tuple(Output out, Task* t) except -1:
    cdef Py_ssize_t depth = out.depth
    cdef PyObject* obj = t.obj
    while t.next < PyTuple_GET_SIZE(obj):
        t.next += 1
        save(out, PyTuple_GET_ITEM(obj, t.next - 1))
        if out.depth != depth:
            return 0
        if out.due:
            out.flush()
        t = &out.tasks[depth - 1]
    close_tuple(out, obj, t.flags & UNIQUE)
    return pop(out)


cdef int close_tuple(Output out, PyObject* obj, bint unique) except -1:
    cdef Py_ssize_t n = PyTuple_GET_SIZE(obj)
    cdef Py_ssize_t index
    if not unique:
        index = table_get(&out.memo, obj)
        if index >= 0:
            # Its items led back to it, and it was written there: drop them, take that one.
            if n <= 3 and out.proto >= 2:
                for _ in range(n):
                    put_code(out, OP_POP)
            elif out.binary:
                put_code(out, OP_POP_MARK)
            else:
                for _ in range(n + 1):
                    put_code(out, OP_POP)
            return out.get(index)
    close_items(out, n)
    return enter_memo(out, obj, unique)


cdef inline int close_items(Output out, Py_ssize_t n) except -1:
    """TUPLE over n items, in the form that the opening chose."""
    if n <= 3 and out.proto >= 2:
        return put_code(out, <unsigned char>(OP_EMPTY_TUPLE if n == 0 else OP_TUPLE1 + n - 1))
    return put_code(out, OP_TUPLE)


cdef int begin_dict(Output out, PyObject* obj) except -1:
    cdef PyObject* copy
    cdef Task* t
    if out.binary:
        put_code(out, OP_EMPTY_DICT)
    else:
        out.put_bytes(b"(d", 2)
    out.memoize(obj)
    if PyDict_GET_SIZE(obj) == 0:
        return 0
    if out.canonical:
        return push_items(out, PAIRS, obj, iter(out.canon.pairs_in_order(<dict>obj)))
    t = push(out, DICT, obj)
    if FREE_THREADED:
        copy = PyDict_Copy(obj)
        Py_DECREF(t.obj)
        t.obj = copy
    t.size = PyDict_GET_SIZE(t.obj)
    t.flags = EACH if not out.binary else ONE if t.size == 1 else 0
    return watch(out, t)


cdef int run_dict(Output out, Task* t) except -1:
    cdef Py_ssize_t depth = out.depth
    cdef PyObject* key = NULL
    cdef PyObject* value = NULL
    cdef Py_ssize_t pos
    while True:
        if t.pending == KEY_WAITS:
            t.pending = KEY_DONE
            save(out, t.key)
            if out.depth != depth:
                return 0
            t = &out.tasks[depth - 1]
        if t.pending == KEY_DONE:
            # The value is borrowed until `save` has seen how many references it has.
            if not next_entry(t.obj, &t.next, &key, &value) or key != t.key:
                changed(out, "dictionary")
            t.pending = VALUE_DONE
            save(out, value)
            if out.depth != depth:
                return 0
            t = &out.tasks[depth - 1]
        if t.pending == VALUE_DONE:
            t.pending = NO_PAIR
            key = t.key
            t.key = NULL
            Py_DECREF(key)
            if t.flags:
                put_code(out, OP_SETITEM)
            if out.due:
                out.flush()
            t = &out.tasks[depth - 1]
        if t.batch == BATCH + MARKED and not t.flags:
            put_code(out, OP_SETITEMS)
            t.batch = 0
            check_size(out, PyDict_GET_SIZE(t.obj), t.size, "dictionary")
        pos = t.next
        if t.flags & ONE and t.batch or not next_entry(t.obj, &pos, &key, &value):
            break
        if not t.batch and not t.flags:
            put_code(out, OP_MARK)
            t.batch = MARKED
        Py_INCREF(key)
        t.key = key
        t.batch += 1
        t.pending = KEY_WAITS
    if t.batch and not t.flags:
        put_code(out, OP_SETITEMS)
    if not t.flags & ONE:
        check_size(out, PyDict_GET_SIZE(t.obj), t.size, "dictionary")
    return pop(out)


cdef inline int check_size(Output out, Py_ssize_t size, Py_ssize_t before, str what) except -1:
    if unlikely(size != before):
        changed(out, what)
    return 0


cdef int changed(Output out, str what) except -1:
    pop(out)  # no part of the container is at fault: its task has no place in the error
    raise RuntimeError(f"{what} changed size during iteration")


# -- sets ----------------------------------------------------------------------------

cdef int open_set(Output out, PyObject* obj) except -1:
    cdef bint unique = is_unique(obj)
    cdef bint frozen = Py_TYPE(obj) == &PyFrozenSet_Type
    cdef Py_ssize_t n = PySet_GET_SIZE(obj)
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
        if n == 0:
            return 0
    t = push(out, FROZENSET if frozen else SET, obj)
    t.size = n
    t.flags = UNIQUE if unique else 0
    if out.canonical:
        t.extra = PySequence_Tuple(<PyObject*>elements)
        t.size = PyTuple_GET_SIZE(t.extra)
    elif FREE_THREADED and not frozen:
        t.extra = PyFrozenSet_New(obj)
        t.size = PySet_GET_SIZE(t.extra)
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
    """Write up to ``limit`` elements from t.next on as long as they are leaves; how many.

    Which slots are taken is as good as random, so they are gathered without a branch first.
    """
    cdef PySetObject* s = walked(t)
    cdef PyObject* elements[GATHERED]
    cdef setentry* entry
    cdef Py_ssize_t i, n, count
    if s == NULL:
        return 0
    if limit > GATHERED - 1:
        limit = GATHERED - 1
    i = t.next
    n = 0
    while i <= s.mask and n < limit:
        entry = &s.table[i]
        elements[n] = entry.key
        n += (entry.key != NULL) & (entry.hash != -1)
        i += 1
    count = leaves(out, elements, 0, n)
    t.batch += <uint32_t>count
    if count == n:
        t.next = i
        return count
    n = count
    while True:  # back to the slot of the one that is not a leaf
        next_element(t)
        if n == 0:
            return count
        n -= 1
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


# -- instances by their shape ----------------------------------------------------------

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
    """An OrderedDict's entries, in its own order, which is not that of the dict below."""
    cdef Task* t = push(out, ORDERED, obj)
    t.extra = PyObject_GetIter(obj)
    t.size = PyDict_GET_SIZE(obj)
    if t.size == 1:
        t.flags = ONE
    else:
        put_code(out, OP_MARK)
        t.batch = MARKED
    return 0


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


# -- reduce answers --------------------------------------------------------------------

cdef int run_reduce(Output out, Task* t) except -1:
    cdef Py_ssize_t depth = out.depth
    cdef Py_ssize_t piece
    cdef PyObject* obj = t.obj
    cdef PyObject* answer = t.extra
    cdef PyObject* part
    cdef int flags
    while True:
        t = &out.tasks[depth - 1]
        flags = t.flags
        piece = t.next
        t.next += 1
        part = NULL
        if piece == CALLABLE:
            part = PyTuple_GET_ITEM(answer, 0)
            if flags & (NEWOBJ | NEWOBJ_EX):
                part = PyTuple_GET_ITEM(PyTuple_GET_ITEM(answer, 1), 0)
        elif piece == ARGUMENTS:
            part = PyTuple_GET_ITEM(answer, 1)
            if flags & NEWOBJ_EX:
                part = PyTuple_GET_ITEM(part, 1)
            elif flags & NEWOBJ:
                part = t.value = PyTuple_GetSlice(part, 1, PyTuple_GET_SIZE(part))
        elif piece == KEYWORDS:
            if flags & NEWOBJ_EX:
                part = PyTuple_GET_ITEM(PyTuple_GET_ITEM(answer, 1), 2)
        elif piece == MADE:
            close_made(out, obj, flags)
            watch(out, &out.tasks[depth - 1])
        elif piece == LIST_ITEMS or piece == DICT_ITEMS:
            part = answered(answer, piece - LIST_ITEMS + 3)
            if part != NULL:
                push_items(out, ITEMS if piece == LIST_ITEMS else PAIRS, obj, <object>part)
                return 0
        elif answered(answer, 2) == NULL:
            break
        elif piece == SETTER or piece == SETTER_OBJECT:
            part = answered(answer, 5)
            if part != NULL and piece == SETTER_OBJECT:
                part = obj
        elif piece == THE_STATE:
            part = answered(answer, 2)
        else:
            if answered(answer, 5) != NULL:
                out.put_bytes(b"\x86R0", 3)  # TUPLE2, REDUCE, POP
            else:
                put_code(out, OP_BUILD)
            break
        if part == NULL:
            continue
        save(out, part)  # borrowed from the answer, which the task owns
        if out.depth != depth:
            return 0
        if out.due:
            out.flush()
    return pop(out)


cdef inline PyObject* answered(PyObject* answer, Py_ssize_t i) noexcept:
    """An optional item of a reduce answer, borrowed; NULL if it is missing or None."""
    cdef PyObject* item
    if i >= PyTuple_GET_SIZE(answer):
        return NULL
    item = PyTuple_GET_ITEM(answer, i)
    return item if item != Py_None else NULL


cdef int close_made(Output out, PyObject* obj, int flags) except -1:
    """The opcode that makes the object of a reduce answer, and its memo entry."""
    cdef Py_ssize_t index
    put_code(out, OP_NEWOBJ if flags & NEWOBJ else OP_NEWOBJ_EX if flags & NEWOBJ_EX else OP_REDUCE)
    if not out.fast:
        index = table_get(&out.memo, obj)
        if index >= 0:
            # The arguments led back to it (a tuple's subclass, say), and it was written there.
            put_code(out, OP_POP)
            return out.get(index)
    return enter_memo(out, obj, flags & UNIQUE)


cdef int push_items(Output out, Kind kind, PyObject* obj, iterator) except -1:
    cdef Task* t = push(out, kind, obj)
    Py_INCREF(<PyObject*>iterator)
    t.extra = <PyObject*>iterator
    if not out.binary:
        t.flags = EACH
    return 0


cdef int run_items(Output out, Task* t) except -1:
    """Items from an iterator: batches of APPENDS, and APPEND for the only one of its batch."""
    cdef Py_ssize_t depth = out.depth
    cdef PyObject* item
    while True:
        t.pending = NO_PAIR
        if t.flags & EACH and t.batch:
            t.batch = 0
            put_code(out, OP_APPEND)
        item = next_of(t)
        t = &out.tasks[depth - 1]
        if item == NULL or t.batch == BATCH + MARKED:
            if t.batch:
                put_code(out, OP_APPENDS if t.batch > ALONE else OP_APPEND)
                t.batch = 0
            if item == NULL:
                break
        t.next += 1
        open_batch(out, t)
        t = &out.tasks[depth - 1]
        t.pending = VALUE_DONE
        save(out, item)
        if out.depth != depth:
            return 0
        if out.due:
            out.flush()
        t = &out.tasks[depth - 1]
    return pop(out)


cdef int run_pairs(Output out, Task* t) except -1:
    """Pairs from an iterator: as run_items, with SETITEMS."""
    cdef Py_ssize_t depth = out.depth
    cdef PyObject* pair
    while True:
        if t.pending == KEY_DONE:
            t.pending = VALUE_DONE
            save(out, PyTuple_GET_ITEM(t.value, 1))
            if out.depth != depth:
                return 0
            t = &out.tasks[depth - 1]
        if t.pending == VALUE_DONE:
            t.pending = NO_PAIR
            if t.flags & EACH:
                t.batch = 0
                put_code(out, OP_SETITEM)
        if out.due:
            out.flush()
            t = &out.tasks[depth - 1]
        pair = next_of(t)
        t = &out.tasks[depth - 1]
        if pair != NULL and (Py_TYPE(pair) != &PyTuple_Type or PyTuple_GET_SIZE(pair) != 2):
            raise TypeError("dict items iterator must return 2-tuples")
        if pair == NULL or t.batch == BATCH + MARKED:
            if t.batch:
                put_code(out, OP_SETITEMS if t.batch > ALONE else OP_SETITEM)
                t.batch = 0
            if pair == NULL:
                break
        t.next += 1
        open_batch(out, t)
        t = &out.tasks[depth - 1]
        t.pending = KEY_DONE
        save(out, PyTuple_GET_ITEM(pair, 0))
        if out.depth != depth:
            return 0
        t = &out.tasks[depth - 1]
    return pop(out)


cdef enum:
    ALONE = 1   # Task.batch of the one item that had no MARK


cdef int open_batch(Output out, Task* t) except -1:
    """MARK in front of a batch, unless the iterator gives just this one item."""
    cdef PyObject* ahead
    cdef Py_ssize_t depth = out.depth
    if t.flags & EACH:
        t.batch = 1
    elif t.batch:
        t.batch += 1
    else:
        if t.key == NULL:  # one item is read ahead, to know whether there is another
            ahead = PyIter_Next(t.extra)
            t = &out.tasks[depth - 1]
            if ahead == NULL:
                reraise()
            t.key = ahead
        if t.key == NULL:
            t.batch = ALONE
        else:
            put_code(out, OP_MARK)
            out.tasks[depth - 1].batch = MARKED + 1
    return 0


cdef PyObject* next_of(Task* t) except? NULL:
    """The iterator's next item, which the task keeps in `value`; NULL at its end."""
    cdef PyObject* item = t.key
    cdef PyObject* old
    t.key = NULL
    if item == NULL:
        old = t.value
        item = PyIter_Next(t.extra)
        if item == NULL:
            reraise()
            return NULL
    old = t.value
    t.value = item
    Py_XDECREF(old)
    return item
