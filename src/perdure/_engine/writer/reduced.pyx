"""What a reduce method answered, piece by piece, and the iterators that may be part of it."""

from perdure._engine.opcodes cimport *
from perdure._engine.writer.capi cimport *
from perdure._engine.writer.general cimport *
from perdure._engine.writer.loops cimport save
from perdure._engine.writer.memo cimport table_get
from perdure._engine.writer.output cimport *
from perdure._engine.writer.put cimport *


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
