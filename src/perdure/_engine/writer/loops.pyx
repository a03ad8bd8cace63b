"""The writer's loops: from an object to opcodes, without recursion.

``save`` writes one object, or begins it: what is nested in it may be left as a task, and
``run`` takes the topmost task further until none is left. Who knows what stands in files
of its own: walk and general (lists, tuples, dicts), sets, shaped (instances of known
classes), reduced (reduce answers), saving (everything that is written in one go).

Rules that hold in all of them:

- A part is borrowed from its container while it is written as a leaf: no Python code runs
  there. Before anything that may run code, the part is owned (``save`` does it), and
  afterwards every pointer into a container and its size are read anew.
- A container that another thread could change (a free-threaded build) is copied first.
- An object that no second edge can lead to gets no memo entry: see docs/engine.md.
"""

from cpython.object cimport PyTypeObject
from perdure._engine.opcodes cimport *
from perdure._engine.writer.capi cimport *
from perdure._engine.writer.general cimport *
from perdure._engine.writer.memo cimport table_get
from perdure._engine.writer.naming cimport type_name
from perdure._engine.writer.output cimport *
from perdure._engine.writer.put cimport *
from perdure._engine.writer.reduced cimport *
from perdure._engine.writer.saving cimport *
from perdure._engine.writer.sets cimport open_set, run_set
from perdure._engine.writer.shaped cimport run_ordered, run_slots, save_shaped
from perdure._engine.writer.shapes cimport *
from perdure._engine.writer.walk cimport open_dict, open_list, open_tuple, walk

import copyreg

from _pickle import PicklingError

cdef object missing = object()


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
    if out.canonical and (shape.registered or not is_metaclass(t)):
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
    if shape.kind == CLASS or is_metaclass(t):
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
