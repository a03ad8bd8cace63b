"""Lists, tuples and dicts in protocols 4 and 5, where no hook sees every object: the fast way.

`walk` takes the topmost task from part to part: `<kind>_part` writes leaves up to the next
part that is none, and `enter` opens that one. `open_<kind>` writes a container whose parts
are all leaves without a task; else it leaves the task, and gives out the first other part
if the caller asks (part != NULL), who then must write it next.
"""

from cpython.object cimport PyTypeObject
from perdure._engine.layouts cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.writer.capi cimport *
from perdure._engine.writer.general cimport *
from perdure._engine.writer.loops cimport save_other
from perdure._engine.writer.memo cimport table_get
from perdure._engine.writer.output cimport *
from perdure._engine.writer.put cimport *
from perdure._engine.writer.saving cimport close_call, close_new


cdef struct Entry:       # where dict_leaves stopped
    Py_ssize_t at        # the position of the entry that is not all leaves, or the end
    Py_ssize_t after     # the position behind it
    PyObject* key        # borrowed; NULL: every entry up to `at` is written
    PyObject* value      # borrowed
    bint key_done        # the key is written, the value is no leaf


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


cdef inline Py_ssize_t number_of(Output out, PyObject* obj) except -2:
    """The memo's number of a container with several references, or -1: it is met for the first time."""
    cdef Py_ssize_t index = table_get(&out.memo, obj)
    if index < 0 and out.hooked:
        out.check_elided(obj)
    return index


cdef inline int begin_container(Output out, PyObject* obj, bint unique, unsigned char code, Py_ssize_t n) except -1:
    """The empty list or dict, its memo entry, and MARK if more than one item follows."""
    cdef unsigned char* p = out.p
    if unlikely(p >= out.end):
        p = out.more(p, SLACK)
    p[0] = code
    p += 1
    if likely(unique and out.elide):
        log_elided(out, obj)
    elif not out.fast:
        p[0] = OP_MEMOIZE
        p += 1
        out.own(obj)
    if n > 1:
        p[0] = OP_MARK
        p += 1
    out.p = p
    return 0


cdef int open_list(Output out, PyObject* obj, PyObject** part) except -1:
    cdef PyObject* copy = NULL
    cdef Py_ssize_t n, index, i = 0
    cdef Py_ssize_t stop
    cdef bint unique = is_unique(obj)
    cdef Task* t
    if not unique:
        index = number_of(out, obj)
        if index >= 0:
            return out.get(index)
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
        index = number_of(out, obj)
        if index >= 0:
            return out.get(index)
    if n > 3:
        put_code(out, OP_MARK)
    stop = n if n < BATCH else BATCH
    i = leaves(out, tuple_items(obj), 0, stop)
    if i == n:
        if unique and n <= 3 and out.elide:
            log_elided(out, obj)
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
        if t.flags & CALLED:
            close_call(out, t.extra, t.flags & UNIQUE)
        else:
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
        index = number_of(out, obj)
        if index >= 0:
            out.get(index)
            return put_code(out, OP_BUILD) if owner != NULL else 0
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


cdef Py_ssize_t dict_leaves(Output out, PyObject* d, Py_ssize_t i, Py_ssize_t limit, Entry* stop) except -1:
    """Write up to ``limit`` entries from position i on as long as they are leaves; how many were written."""
    cdef unsigned char* p = out.p
    cdef unsigned char* q
    cdef PyObject* k
    cdef PyObject* v
    cdef Py_ssize_t at, count = 0
    cdef Py_ssize_t n = 0
    cdef DictEntry* entries = dict_entries(d, &n) if direct_dicts else NULL
    cdef DictEntry gathered[SPLIT]
    stop.key = NULL
    if entries == NULL and direct_split:
        n = split_entries(d, gathered)
        if n >= 0:
            entries = gathered
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


cdef Py_ssize_t leaves(Output out, PyObject** items, Py_ssize_t i, Py_ssize_t stop) except -1:
    """Write items[i:stop] as long as they are leaves; the index of the first that is not."""
    cdef unsigned char* p = out.p
    cdef unsigned char* q
    cdef PyObject* obj
    cdef Py_ssize_t index, start
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
        else:  # known ones, if any
            start = i
            while not is_unique(obj):
                index = table_get(&out.memo, obj)
                if index < 0:
                    break
                p = put_get(p, index)
                i += 1
                if i == stop or p >= out.end:
                    break
                obj = items[i]
                if Py_TYPE(obj) != t:
                    break
            if i == start:
                break
    out.p = p
    return i
