"""Lists, tuples and dicts in any protocol, with any hook: part by part, through ``save``."""

from perdure._engine.opcodes cimport *
from perdure._engine.writer.capi cimport *
from perdure._engine.writer.loops cimport save
from perdure._engine.writer.memo cimport table_get
from perdure._engine.writer.output cimport *
from perdure._engine.writer.put cimport *
from perdure._engine.writer.reduced cimport push_items


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
            if not PyDict_Next(t.obj, &t.next, &key, &value) or key != t.key:
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
        if t.flags & ONE and t.batch or not PyDict_Next(t.obj, &pos, &key, &value):
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


cdef int changed(Output out, str what) except -1:
    pop(out)  # no part of the container is at fault: its task has no place in the error
    raise RuntimeError(f"{what} changed size during iteration")


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
