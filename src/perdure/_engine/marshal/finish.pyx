# cython: wraparound=True, boundscheck=True
"""What becomes of a container once its items are there: see finish.pxd."""

import builtins

from cpython.object cimport PyObject, PyTypeObject
from libc.string cimport memset
from perdure._engine.marshal.code cimport Code
from perdure._engine.marshal.finish cimport *
from perdure._engine.marshal.state cimport *
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.keys cimport slice_parts
from perdure._engine.reader.work cimport LIGHT, charge_chain, charge_keys, charge_steps, look_after, refuse

cdef enum:
    LEVELS = 500  # of containers in a key or in constants: hash() and == go into them by recursion

cdef extern from *:
    PyObject* PySlice_New(PyObject*, PyObject*, PyObject*) noexcept
    int PyFrozenSet_CheckExact(PyObject*) noexcept
    int PyAnySet_CheckExact(PyObject*) noexcept
    PyObject* PyObject_GetIter(PyObject*) noexcept
    PyObject* PyDict_Values(PyObject*) noexcept

cdef object frozendict = getattr(builtins, "frozendict", None)  # of Python 3.15
cdef PyTypeObject* frozendict_type = <PyTypeObject*><PyObject*>frozendict  # (None's is never equal to a type)
has_frozendict = frozendict is not None

cdef struct Measure:
    Py_ssize_t cost  # steps that hashing takes, or == with an equal one
    Py_ssize_t dear  # those among them that charge() does not know of
    int deep         # levels

ctypedef PyObject* (*maker)(Reader*, PyObject**) noexcept


cdef PyObject* finish(Reader* r) noexcept:
    """The value of the topmost frame (new), whose items it consumes; on failure they are still there."""
    cdef Frame* frame = r.top
    cdef PyObject** items = frame.base
    cdef Py_ssize_t n = frame.at - items
    cdef PyObject* made
    if frame.kind == SLICE:
        if charge_chain(&r.m, &PySlice_Type, items, 3) < 0:
            return NULL
        made = PySlice_New(items[0], items[1], items[2])
    elif frame.kind == CODE_END:
        made = (<maker>make_code)(r, items)
    else:
        made = finish_set(r, items, n)
    if made != NULL:
        clear(frame)
    return made


cdef inline void clear(Frame* frame) noexcept:
    while frame.at > frame.base:
        frame.at -= 1
        Py_DECREF(frame.at[0])


cdef PyObject* finish_set(Reader* r, PyObject** items, Py_ssize_t n) noexcept:
    cdef Frame* frame = r.top
    cdef PyObject* made = frame.object
    cdef Py_ssize_t i
    if check_keys(r, NULL, items, n, 1) < 0:
        return NULL
    frame.object = NULL
    if made == NULL:
        made = PySet_New(NULL) if frame.kind == SET else PyFrozenSet_New(NULL)
    for i in range(n):
        if made == NULL or PySet_Add(made, items[i]) < 0 or look_after(&r.m, made, items[i]) < 0:
            Py_XDECREF(made)
            return NULL
    return made


cdef int add_pairs(Reader* r) noexcept:
    """Puts what the topmost frame has by now into its dict; on failure it still has that."""
    cdef Frame* frame = r.top
    cdef PyObject** items = frame.base
    cdef Py_ssize_t n = frame.at - items
    cdef Py_ssize_t i = 0
    if check_keys(r, frame.object, items, n, 2) < 0:
        return -1
    if frame.object == NULL:
        frame.object = _PyDict_NewPresized(n // 2) if n > 10 and not PyUnicode_CheckExact(items[0]) else PyDict_New()
        if frame.object == NULL:
            return -1
    while i < n:
        if PyDict_SetItem(frame.object, items[i], items[i + 1]) < 0 or look_after(&r.m, frame.object, items[i]) < 0:
            return -1
        i += 2
    clear(frame)
    return 0


cdef PyObject* finish_pairs(Reader* r) noexcept:
    """As finish, of a dict or a frozendict."""
    cdef PyObject* made
    cdef PyObject* frozen
    if add_pairs(r) < 0:
        return NULL
    made = r.top.object
    r.top.object = NULL
    if r.top.kind == FROZENDICT:
        r.odd = True
        frozen = PyObject_CallOneArg(<PyObject*>frozendict_type, made)
        Py_DECREF(made)
        made = frozen
    return made


# ---- what keys and constants may cost ------------------------------------------------------

cdef inline int check_keys(Reader* r, PyObject* target, PyObject** items, Py_ssize_t n, int step) noexcept:
    """Of keys to come in a dict that has some already, or in what is made of these alone (NULL)."""
    if unlikely(r.odd or r.holes) and measure_keys(r, target, items, n, step) < 0:
        return -1
    return charge_keys(&r.m, target, items, n, step)


cdef int measure_keys(Reader* r, PyObject* target, PyObject** items, Py_ssize_t n, int step) noexcept:
    """Charges what charge() does not know of: all keys of a container may have the same hash."""
    cdef Py_ssize_t i = 0
    cdef Py_ssize_t keys = n // step + (0 if target == NULL else PyDict_GET_SIZE(target))
    cdef Measure found
    while i < n:
        memset(&found, 0, sizeof(Measure))
        if measure(r, items[i], 0, &found) < 0:
            return -1
        if found.dear:
            if found.dear > (<Py_ssize_t>1 << 62) // keys:
                return refuse("comparing the keys costs more than the stream's size allows", "hashing")
            if charge_steps(&r.m, found.dear * keys) < 0:
                return -1
        i += step
    return 0


cdef int measure(Reader* r, PyObject* value, int level, Measure* found) noexcept:
    """Walks as hash() and == will, as far as the budget allows; -1 with an exception beyond it."""
    cdef Py_ssize_t size = 0
    if value == NULL:
        return malformed(b"bad marshal data (an unfinished tuple is part of what is hashed)")
    if PyUnicode_CheckExact(value):
        size = PyUnicode_GET_LENGTH(value)
    elif PyBytes_CheckExact(value):
        size = PyBytes_GET_SIZE(value)
    elif Py_TYPE(value) == &PyLong_Type:
        size = 16 * long_digits(value)
    elif not (Py_TYPE(value) == &PyFloat_Type or value == Py_None):
        return measure_container(r, value, level + 1, found)
    if size > LIGHT:
        found.cost += size >> 6
        return charge_steps(&r.m, size >> 6)
    return 0


cdef int measure_container(Reader* r, PyObject* value, int level, Measure* found) noexcept:
    cdef Py_ssize_t i
    cdef Py_ssize_t before = found.cost
    cdef Code code
    found.cost += 1
    if charge_steps(&r.m, 1) < 0:
        return -1
    if type_is_code(value):
        code = <Code><object>value
        found.cost += code.cost
        found.dear += code.cost
        level += code.depth
    if level > found.deep:
        found.deep = level
    if level > LEVELS:
        return refuse("a key or a constant nests too deep", "depth")
    if PyTuple_CheckExact(value):
        return measure_all(r, (<PyTupleObject*>value).ob_item, PyTuple_GET_SIZE(value), level, found)
    if PyList_CheckExact(value):
        return measure_all(r, (<PyListObject*>value).ob_item, PyList_GET_SIZE(value), level, found)
    if Py_TYPE(value) == &PySlice_Type:
        return measure_all(r, slice_parts(value), 3, level, found)
    if PyAnySet_CheckExact(value) or PyDict_CheckExact(value):
        return measure_iterable(r, value, level, found)
    if Py_TYPE(value) == frozendict_type:
        i = measure_iterable(r, value, level, found)
        found.dear += found.cost - before
        return <int>i
    return 0


cdef inline bint type_is_code(PyObject* value) noexcept:
    return Py_TYPE(value) == <PyTypeObject*><PyObject*>Code


cdef int measure_all(Reader* r, PyObject** parts, Py_ssize_t n, int level, Measure* found) noexcept:
    cdef Py_ssize_t i
    for i in range(n):
        if measure(r, parts[i], level, found) < 0:
            return -1
    return 0


cdef int measure_iterable(Reader* r, PyObject* value, int level, Measure* found) noexcept:
    """A set's items; a dict's keys and values."""
    cdef PyObject* part
    cdef PyObject* values
    cdef PyObject* iterator = PyObject_GetIter(value)
    cdef int status = -1 if iterator == NULL else 0
    while status == 0:
        part = PyIter_Next(iterator)
        if part == NULL:
            break
        status = measure(r, part, level, found)
        Py_DECREF(part)
    Py_XDECREF(iterator)
    if status < 0 or PyErr_Occurred() != NULL or PyAnySet_CheckExact(value):
        return -1 if status < 0 or PyErr_Occurred() != NULL else 0
    values = (<with_one>values_of)(value)
    if values == NULL:
        return -1
    status = measure_all(r, (<PyListObject*>values).ob_item, PyList_GET_SIZE(values), level, found)
    Py_DECREF(values)
    return status


ctypedef PyObject* (*with_one)(PyObject*) noexcept


cdef object values_of(object pairs):
    return list(pairs.values())


# ---- code ----------------------------------------------------------------------------------

cdef object make_code(Reader* r, PyObject** items):
    cdef Frame* frame = r.top
    cdef int* numbers = frame.numbers
    cdef Measure found
    cdef Code made
    cdef Py_ssize_t i, args
    for i in range(10):
        if i in (1, 2, 3):
            if not PyTuple_CheckExact(items[i]):
                raise TypeError("bad marshal data (a part of a code object is no tuple)")
            if i != 1:
                check_names(items[i])
        elif i in (5, 6, 7):
            if not PyUnicode_CheckExact(items[i]):
                raise TypeError("bad marshal data (a part of a code object is no str)")
        elif not PyBytes_CheckExact(items[i]):
            raise TypeError("bad marshal data (a part of a code object is no bytes)")
    args = <Py_ssize_t>numbers[0] + numbers[2] + (numbers[4] >> 2 & 1) + (numbers[4] >> 3 & 1)
    made = Code.__new__(Code)
    made.co_argcount, made.co_posonlyargcount, made.co_kwonlyargcount = numbers[0], numbers[1], numbers[2]
    made.co_stacksize, made.co_flags, made.co_firstlineno = numbers[3], numbers[4], numbers[5]
    made.co_code = <bytes><object>items[0]
    made.co_consts = <tuple><object>items[1]
    made.co_names = <tuple><object>items[2]
    made.co_localsplusnames = <tuple><object>items[3]
    made.co_localspluskinds = <bytes><object>items[4]
    made.co_filename = <str><object>items[5]
    made.co_name = <str><object>items[6]
    made.co_qualname = <str><object>items[7]
    made.co_linetable = <bytes><object>items[8]
    made.co_exceptiontable = <bytes><object>items[9]
    for i in range(5):
        if numbers[i] < 0:
            raise ValueError("bad marshal data (a code object's numbers are negative)")
    if (numbers[1] > numbers[0] or len(made.co_localspluskinds) != len(made.co_localsplusnames)
            or args > made.co_nlocals):
        raise ValueError("bad marshal data (a code object's arguments and variables disagree)")
    if not made.co_code or len(made.co_code) % 2:
        raise ValueError("bad marshal data (a code object's instructions are of two bytes each)")
    memset(&found, 0, sizeof(Measure))
    if measure(r, items[1], 0, &found) < 0 or charge_steps(&r.m, found.cost) < 0:
        take_error()
    made.cost = found.cost + 16
    made.depth = found.deep
    r.odd = True
    if r.codes != NULL:
        (<list><object>r.codes).append(made)
    return made


cdef extern from *:
    """
    #define PERDURE_RAISE() (-1)
    """
    int take_error "PERDURE_RAISE"() except -1


cdef int check_names(PyObject* names) except -1:
    cdef Py_ssize_t i
    for i in range(PyTuple_GET_SIZE(names)):
        if PyTuple_GET_ITEM(names, i) == NULL or not PyUnicode_CheckExact(PyTuple_GET_ITEM(names, i)):
            raise TypeError("bad marshal data (a code object's names are no tuples of str)")
    return 0


# ---- tuples that are part of themselves ----------------------------------------------------

cdef int note_unfinished(Reader* r, PyObject* value) noexcept:
    """A tuple that is still open gets another reference: from something that can be changed, or not."""
    r.holes = True
    if r.top.kind == LIST or r.top.kind == DICT:
        return 0
    if r.loops == NULL:
        r.loops = PyList_New(0)
        if r.loops == NULL:
            return -1
    return PyList_Append(r.loops, value)


cdef int untie(Reader* r) except -1:
    """Whether a cycle was found of nothing but tuples, slices and frozendicts. Each is cut at one of its tuples."""
    cdef list loops = <list><object>r.loops
    cdef list path, waiting
    cdef set seen = set()
    cdef dict places
    cdef bint found = False
    for root in loops:
        if id(root) in seen:
            continue
        path, waiting, places = [root], [links(root)], {id(root): 0}
        while path:
            if not waiting[-1]:
                waiting.pop()
                last = path.pop()
                del places[id(last)]
                seen.add(id(last))
                continue
            link = waiting[-1].pop()
            if id(link) in places:
                found = True
                cycle = path[places[id(link)]:] + [link]
                for knot, after in zip(cycle, cycle[1:]):
                    if type(knot) is tuple:  # one is: what else refers to the unfinished refers to a tuple
                        cut(knot, after)
                        break
            elif id(link) not in seen:
                places[id(link)] = len(path)
                path.append(link)
                waiting.append(links(link))
    return found


cdef list links(object value):
    """What an immutable value refers to that is immutable too, and could be part of a cycle."""
    cdef PyObject* held = <PyObject*>value
    cdef PyObject** parts = slice_parts(held)
    cdef Py_ssize_t n = 3
    cdef Py_ssize_t i
    cdef list found = []
    if frozendict_type == Py_TYPE(held):
        return [part for part in value.values() if is_link(<PyObject*>part)]
    if PyTuple_CheckExact(held):
        parts = (<PyTupleObject*>held).ob_item
        n = PyTuple_GET_SIZE(held)
    for i in range(n):
        if parts[i] != NULL and is_link(parts[i]):
            found.append(<object>parts[i])
    return found


cdef inline bint is_link(PyObject* value) noexcept:
    return PyTuple_CheckExact(value) or Py_TYPE(value) == &PySlice_Type or Py_TYPE(value) == frozendict_type


cdef int cut(object knot, object link) except -1:
    """Takes one value out of a tuple, of which nobody but this load knows."""
    cdef PyObject** parts = (<PyTupleObject*><PyObject*>knot).ob_item
    cdef Py_ssize_t i
    for i in range(PyTuple_GET_SIZE(<PyObject*>knot)):
        if parts[i] == <PyObject*>link:
            parts[i] = Py_None
            Py_INCREF(Py_None)
            Py_DECREF(<PyObject*>link)
    return 0
