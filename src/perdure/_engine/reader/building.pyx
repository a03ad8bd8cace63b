# cython: wraparound=True
# (Negative indices in here are those of C pointers, below the top of a stack.)
"""What containers, calls and instances are made of: see building.pxd."""

from cpython.object cimport PyObject, PyTypeObject

from perdure._engine.layouts cimport direct_ordered, is_blank
from perdure._engine.opcodes cimport *
from perdure._engine.reader.arrays cimport array_of, note_function
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.filling cimport *
from perdure._engine.reader.guard cimport *
from perdure._engine.reader.instances cimport *
from perdure._engine.reader.keys cimport *
from perdure._engine.reader.machine cimport *
from perdure._engine.reader.names cimport extension_name, find_extension, find_global, keep_extension
from perdure._engine.reader.scan cimport put_to_drop
from perdure._engine.reader.work cimport charge_chain, is_chain, look_after

from perdure.errors import UnpicklingError

cdef extern from *:
    """
    #define PERDURE_OFFSET PY_VECTORCALL_ARGUMENTS_OFFSET
    #define PERDURE_TP_NEW_CALL(t, a, k) ((t)->tp_new((t), (a), (k)))
    #define PERDURE_HAS_NEW(t) ((t)->tp_new != NULL)
    #define PERDURE_TP_NAME(o) (Py_TYPE(o)->tp_name)
    """
    size_t ARGUMENTS_OFFSET "PERDURE_OFFSET"
    PyObject* call_new "PERDURE_TP_NEW_CALL"(PyTypeObject*, PyObject*, PyObject*) noexcept
    bint has_new "PERDURE_HAS_NEW"(PyTypeObject*) noexcept
    PyTypeObject PyWrapperDescr_Type
    int PySequence_Check(PyObject*) noexcept
    const char* type_name "PERDURE_TP_NAME"(PyObject*) noexcept

ctypedef PyObject* (*finder)(PyObject*, PyObject*, int, bint) noexcept

cdef PyObject* UNPICKLING = <PyObject*>UnpicklingError
cdef str S_find_class = "find_class"
cdef str S_append = "append"
cdef str S_extend = "extend"
cdef str S_add = "add"
cdef str S_setstate = "__setstate__"
cdef str S_dict = "__dict__"
cdef str S_setitem = "__setitem__"
cdef str S_getinitargs = "__getinitargs__"
cdef str S_new = "__new__"
cdef str S_int = "int"
cdef str S_is_safe = "is_safe"

# What is remembered between loads (see keys.pxd; not used where threads run without the GIL).
cdef Keys keys


cdef Keys* shared_keys() noexcept:
    return &keys


# ---- containers ----------------------------------------------------------------------------

cdef int extend_object(Machine* m, PyObject* target, PyObject** items) noexcept:
    """APPENDS on whatever has extend() or append(); the values leave the stack in any case."""
    cdef PyObject* method
    cdef PyObject* values
    cdef PyObject* answer
    cdef int status = 0
    if m.policy != NULL and (may_change(m, target, &PyList_Type, b"APPENDS") < 0 or
                             (is_chain(Py_TYPE(target)) and charge_chain(m, Py_TYPE(target), items, m.sp - items) < 0)):
        return -1
    if PyList_CheckExact(target):  # free-threaded builds come here with lists too
        values = list_of(items, m.sp - items)
        if values == NULL:
            return -1
        m.sp = items
        status = PyList_SetSlice(target, PyList_GET_SIZE(target), PyList_GET_SIZE(target), values)
        Py_DECREF(values)
        return status
    m.foreign = True
    method = method_of(m, target, <PyObject*>S_extend)
    if method != NULL:
        values = list_of(items, m.sp - items)
        if values == NULL:
            Py_DECREF(method)
            return -1
        m.sp = items
        answer = PyObject_CallOneArg(method, values)
        Py_DECREF(values)
        Py_DECREF(method)
        if answer == NULL:
            return -1
        Py_DECREF(answer)
    else:
        if PyErr_Occurred() != NULL:
            return -1
        method = wanted_method(m, target, <PyObject*>S_append)
        if method == NULL:
            return -1
        status = call_with_each(m, method, items, NULL)
        Py_DECREF(method)
    if status == 0:
        m.foreign = False
    return status


cdef PyObject* method_of(Machine* m, PyObject* target, PyObject* name) noexcept:
    """A method (new), or NULL, perhaps without an exception: under a policy the type's, else the instance's."""
    return optional_attr(target, name) if m.policy == NULL else type_method(target, name)


cdef PyObject* wanted_method(Machine* m, PyObject* target, PyObject* name) noexcept:
    cdef PyObject* method = method_of(m, target, name)
    if method == NULL and PyErr_Occurred() == NULL:
        PyErr_Format(PyExc_AttributeError, b"'%.100s' object has no attribute '%U'", Py_TYPE(target).tp_name, name)
    return method


cdef int call_with_each(Machine* m, PyObject* method, PyObject** items, PyObject* keys_of) noexcept:
    """Calls method(value) for each value above `items`, which leave the stack; they may be keys of a set then."""
    cdef PyObject** item = items
    cdef PyObject* answer
    while item < m.sp:
        answer = PyObject_CallOneArg(method, item[0])
        if answer == NULL:
            return -1
        Py_DECREF(answer)
        if keys_of != NULL and look_after(m, keys_of, item[0]) < 0:
            return -1
        item += 1
    while m.sp > items:
        m.sp -= 1
        Py_DECREF(m.sp[0])
    return 0


cdef int set_items(Machine* m, PyObject* target, PyObject** items, Py_ssize_t n) noexcept:
    """SETITEMS on a dict or on whatever takes target[key] = value; consumes the items."""
    cdef Py_ssize_t i
    cdef int status = 0
    if m.policy != NULL and check_items(m, target, items, n) < 0:
        return -1
    if PyDict_CheckExact(target):
        for i in range(0, n, 2):
            if (is_deep(&m.steps, items[i]) or PyDict_SetItem(target, items[i], items[i + 1]) < 0
                    or look_after(m, target, items[i]) < 0):
                return -1
    elif n:
        if direct_ordered and is_blank(target):
            status = fill_ordered(&keys, target, items, n >> 1)
            if status != 0:
                return 0 if status > 0 else -1
        m.foreign = True
        for i in range(0, n, 2):
            if is_deep(&m.steps, items[i]):
                return -1
            if Py_TYPE(target) == &PyODict_Type:
                status = PyODict_SetItem(target, items[i], items[i + 1])
            else:
                status = PyObject_SetItem(target, items[i], items[i + 1])
            if status < 0 or look_after(m, target, items[i]) < 0:
                return -1
        m.foreign = False
    for i in range(n):
        Py_DECREF(items[i])
    return 0


cdef int check_items(Machine* m, PyObject* target, PyObject** items, Py_ssize_t n) noexcept:
    """Whether the policy lets SETITEMS act on the target, with these items: 0, or -1 with the refusal."""
    if may_change(m, target, &PyDict_Type, b"SETITEMS") < 0:
        return -1
    if PyDict_CheckExact(target) or Py_TYPE(target) == &PyODict_Type:
        return 0
    if is_chain(Py_TYPE(target)) and charge_chain(m, Py_TYPE(target), items, n) < 0:
        return -1
    return 0 if PyDict_Check(target) else refuse_places(target, items, n)


cdef int refuse_places(PyObject* target, PyObject** items, Py_ssize_t n) noexcept:
    """SETITEMS is for mappings: no pickler fills sequences by place, and a deque takes long to find one. Where a
    class sets items by code of its own, slices could put a sequence into itself, again and again."""
    cdef Py_ssize_t i
    cdef PyObject* method = _PyType_Lookup(Py_TYPE(target), <PyObject*>S_setitem)
    if method != NULL and Py_TYPE(method) == &PyWrapperDescr_Type and PySequence_Check(target):
        PyErr_Format(UNPICKLING, b"SETITEMS on a %.200s", Py_TYPE(target).tp_name)
        return -1
    for i in range(0, n, 2):
        if Py_TYPE(items[i]) == &PySlice_Type:
            PyErr_SetString(UNPICKLING, b"SETITEMS with a slice")
            return -1
    return 0


cdef int add_items(Machine* m, PyObject* target, PyObject** items) noexcept:
    """ADDITEMS on a set or on whatever has add(); consumes the items."""
    cdef PyObject** item
    cdef PyObject* method
    cdef int status
    if m.policy != NULL and may_change(m, target, &PySet_Type, b"ADDITEMS") < 0:
        return -1
    if Py_TYPE(target) == &PySet_Type or (m.policy == NULL and PySet_Check(target)):
        item = items
        while item < m.sp:
            if (is_deep(&m.steps, item[0]) or PySet_Add(target, item[0]) < 0
                    or look_after(m, target, item[0]) < 0):
                return -1
            item += 1
        while m.sp > items:
            m.sp -= 1
            Py_DECREF(m.sp[0])
        return 0
    m.foreign = True
    method = wanted_method(m, target, <PyObject*>S_add)
    if method == NULL:
        return -1
    status = call_with_each(m, method, items, target if PySet_Check(target) else NULL)
    Py_DECREF(method)
    if status == 0:
        m.foreign = False
    return status


cdef PyObject* frozenset_of(Machine* m, PyObject** items, Py_ssize_t n) noexcept:
    """A frozenset of n values on the stack, which it consumes unless it fails."""
    cdef PyObject* made = PyFrozenSet_New(NULL)
    cdef Py_ssize_t i
    if made == NULL or n == 0:
        return made
    if Py_REFCNT(made) != 1:  # the empty one may be shared: go by a tuple
        Py_DECREF(made)
        return frozenset_by_tuple(m, items, n)
    for i in range(n):
        # Still ours alone, so adding to it is allowed.
        if is_deep(&m.steps, items[i]) or PySet_Add(made, items[i]) < 0 or look_after(m, made, items[i]) < 0:
            Py_DECREF(made)
            return NULL
    for i in range(n):
        Py_DECREF(items[i])
    return made


cdef PyObject* frozenset_by_tuple(Machine* m, PyObject** items, Py_ssize_t n) noexcept:
    cdef PyObject* values
    cdef PyObject* made = NULL
    cdef Py_ssize_t i
    for i in range(n):
        if is_deep(&m.steps, items[i]):
            return NULL
    values = PyTuple_New(n)
    if values != NULL:
        for i in range(n):
            Py_INCREF(items[i])
            PyTuple_SET_ITEM(values, i, items[i])
        made = PyFrozenSet_New(values)
        Py_DECREF(values)
        if made != NULL:
            for i in range(n):
                Py_DECREF(items[i])
    return made


# ---- calls and instances -------------------------------------------------------------------

cdef PyObject* call_on_stack(Machine* m, PyObject** args, Py_ssize_t n) noexcept:
    """REDUCE of the callee at args[-1] with the n arguments above it; consumes nothing."""
    cdef PyObject* value
    if m.policy != NULL:
        return call_callee(m, args[-1], args, n, True)
    if args[-1] == m.frombuffer and n == 4:
        value = array_of(m, args)
        if value != NULL:
            return value
    value = PyObject_Vectorcall(args[-1], args, <size_t>n | ARGUMENTS_OFFSET, NULL)
    if value == NULL:
        m.foreign = True
    return value


cdef PyObject* reduce(Machine* m, PyObject* callee, PyObject* args) noexcept:
    cdef PyObject* value
    if m.policy != NULL:
        return call_with_tuple(m, callee, args)
    if callee == m.frombuffer and PyTuple_CheckExact(args) and PyTuple_GET_SIZE(args) == 4:
        value = array_of(m, (<PyTupleObject*>args).ob_item)
        if value != NULL:
            return value
    value = PyObject_CallObject(callee, args)
    if value == NULL:
        m.foreign = True
    return value


cdef PyObject* call_with_tuple(Machine* m, PyObject* callee, PyObject* args) noexcept:
    if not PyTuple_CheckExact(args):
        PyErr_SetString(UNPICKLING, b"a callee's arguments are not a tuple")
        return NULL
    return call_callee(m, callee, (<PyTupleObject*>args).ob_item, PyTuple_GET_SIZE(args), False)


cdef PyObject* instantiate(Machine* m, PyObject* callee, PyObject* args) noexcept:
    """The calls of INST and OBJ: a class without arguments is not initialised, as in Python 2."""
    cdef PyObject* method
    if m.policy != NULL:
        if PyTuple_GET_SIZE(args) == 0 and class_at(m, callee) != NULL:
            method = _PyType_Lookup(class_at(m, callee), <PyObject*>S_getinitargs)
            if method == NULL:
                return new_by_callee(m, callee, args, NULL)
        return call_with_tuple(m, callee, args)
    m.foreign = True
    if PyTuple_GET_SIZE(args) == 0 and PyType_Check(callee):
        method = optional_attr(callee, <PyObject*>S_getinitargs)
        if method == NULL:
            if PyErr_Occurred() != NULL:
                return NULL
            return PyObject_CallMethodOneArg(callee, <PyObject*>S_new, callee)
        Py_DECREF(method)
    return PyObject_CallObject(callee, args)


cdef PyObject* new_object(Machine* m, PyObject* cls, PyObject* args, PyObject* kwargs) noexcept:
    """NEWOBJ (kwargs NULL) and NEWOBJ_EX."""
    cdef const char* op = b"NEWOBJ" if kwargs == NULL else b"NEWOBJ_EX"
    cdef PyObject* value
    if m.policy != NULL:
        return new_by_callee(m, cls, args, kwargs)
    if not PyType_Check(cls):
        PyErr_Format(UNPICKLING, b"%s class argument must be a type, not %.200s", op, type_name(cls))
    elif not has_new(<PyTypeObject*>cls):
        PyErr_Format(UNPICKLING, b"%s class argument '%.200s' doesn't have __new__", op,
                     (<PyTypeObject*>cls).tp_name)
    elif not PyTuple_Check(args):
        PyErr_Format(UNPICKLING, b"%s args argument must be a tuple, not %.200s", op, type_name(args))
    elif kwargs != NULL and not PyDict_Check(kwargs):
        PyErr_Format(UNPICKLING, b"%s kwargs argument must be a dict, not %.200s", op, type_name(kwargs))
    else:
        value = call_new(<PyTypeObject*>cls, args, kwargs)
        if value == NULL:
            m.foreign = True
        return value
    return NULL


cdef int build_from_stack(Machine* m, PyObject* instance, PyObject** items, Py_ssize_t n) noexcept:
    """BUILD with n pairs that lie on the stack, without a dict: 1 done (and consumed), 0 not for
    this instance or these keys, -1 an error. What was set before a 0 is set again, to the same."""
    cdef Record* record
    cdef int traits
    cdef Py_ssize_t i
    record = record_of(Py_TYPE(instance))
    traits = record.traits
    if record.kind == UUID and n == 1:
        return fill_uuid(instance, items) if m.policy == NULL or is_sound_uuid(m, instance, items[1]) else 0
    if m.policy != NULL and not is_ordinary(m, instance):
        return 0
    if traits & (STATE_PLAIN | DICT_PLAIN | NO_DESCRIPTORS) != (STATE_PLAIN | DICT_PLAIN | NO_DESCRIPTORS):
        return 0
    for i in range(0, 2 * n, 2):
        if not PyUnicode_CheckExact(items[i]) or is_dunder(items[i]):
            return 0
        if not PyUnicode_CHECK_INTERNED(items[i]):
            intern(&items[i])
        if PyObject_GenericSetAttr(instance, items[i], items[i + 1]) < 0:
            return -1
    for i in range(2 * n):
        Py_DECREF(items[i])
    return 1


cdef int fill_uuid(PyObject* instance, PyObject** items) noexcept:
    """What UUID.__setstate__ does with {'int': number}."""
    if not PyUnicode_CheckExact(items[0]) or PyUnicode_Compare(items[0], <PyObject*>S_int) != 0:
        return 0
    if (PyObject_GenericSetAttr(instance, <PyObject*>S_int, items[1]) < 0
            or PyObject_GenericSetAttr(instance, <PyObject*>S_is_safe, <PyObject*>uuid_unknown()) < 0):
        return -1
    Py_DECREF(items[0])
    Py_DECREF(items[1])
    return 1


cdef const unsigned char* calendar_end(Machine* m, const unsigned char* q, const unsigned char* end) noexcept:
    """Past `\x85` `R` (and PUTs of what is never got again, which are numbered), or NULL."""
    cdef Py_ssize_t first, second
    if end - q < 2:
        return NULL
    if q[0] == OP_TUPLE1 and q[1] == OP_REDUCE:
        return q + 2
    first = put_to_drop(m, q, end, m.memo_filled)
    if first <= 0 or q + first >= end or q[first] != OP_TUPLE1:
        return NULL
    q += first + 1
    second = put_to_drop(m, q, end, m.memo_filled + 1)
    if second <= 0 or q + second >= end or q[second] != OP_REDUCE:
        return NULL
    return q + second + 1


cdef int slots_from_stack(Machine* m, PyObject* instance, PyObject** items, Py_ssize_t n) noexcept:
    """As build_from_stack, for the state (None, {slot: value, ...})."""
    cdef Py_ssize_t i
    cdef int traits, status
    if m.policy != NULL and not is_ordinary(m, instance):
        return 0
    traits = record_of(Py_TYPE(instance)).traits
    if not traits & STATE_PLAIN:
        return 0
    for i in range(0, 2 * n, 2):
        if not PyUnicode_CheckExact(items[i]):
            return 0
    for i in range(0, 2 * n, 2):
        if not PyUnicode_CHECK_INTERNED(items[i]):
            intern(&items[i])
        if m.policy != NULL:
            status = set_slot(instance, items[i], items[i + 1])
        elif traits & SETATTR_PLAIN:
            status = PyObject_GenericSetAttr(instance, items[i], items[i + 1])
        else:
            status = PyObject_SetAttr(instance, items[i], items[i + 1])
        if status < 0:
            m.foreign = True
            return -1
    for i in range(2 * n):
        Py_DECREF(items[i])
    return 1


cdef void intern(PyObject** text) noexcept:
    PyUnicode_InternInPlace(text)
    if not FREE_THREADED:
        key_interned(&keys, text[0])


cdef int build(Machine* m, PyObject* instance, PyObject* state) noexcept:
    """BUILD, in full: __setstate__, or a dict for __dict__ and a dict of slots."""
    cdef PyObject* method
    cdef PyObject* answer
    cdef PyObject* slots = NULL
    if m.policy != NULL:
        return build_guarded(m, instance, state)
    # Looked up on the instance, as the standard module does: it may carry its own.
    method = optional_attr(instance, <PyObject*>S_setstate)
    if method != NULL:
        answer = PyObject_CallOneArg(method, state)
        Py_DECREF(method)
        if answer == NULL:
            m.foreign = True
            return -1
        Py_DECREF(answer)
        return 0
    if PyErr_Occurred() != NULL:
        m.foreign = True
        return -1
    if PyTuple_Check(state) and PyTuple_GET_SIZE(state) == 2:
        slots = PyTuple_GET_ITEM(state, 1)
        state = PyTuple_GET_ITEM(state, 0)
    if state != Py_None and set_state(m, instance, state) < 0:
        return -1
    if slots != NULL and set_slots(m, instance, slots) < 0:
        return -1
    return 0


cdef int set_state(Machine* m, PyObject* instance, PyObject* state) noexcept:
    cdef PyObject* attributes
    cdef PyObject* key
    cdef PyObject* value
    cdef Py_ssize_t at = 0
    cdef int status = 0
    if not PyDict_Check(state):
        PyErr_SetString(UNPICKLING, b"state is not a dictionary")
        return -1
    if PyDict_CheckExact(state) and has_plain_state(Py_TYPE(instance)):
        status = set_attributes(instance, state)
        if status != 0:
            return 0 if status > 0 else -1
    m.foreign = True
    attributes = PyObject_GetAttr(instance, <PyObject*>S_dict)
    if attributes == NULL:
        return -1
    while status == 0 and PyDict_Next(state, &at, &key, &value):
        # Held while set: __setitem__ of an odd __dict__ may change the state under us.
        Py_INCREF(key)
        Py_INCREF(value)
        if PyUnicode_CheckExact(key):
            PyUnicode_InternInPlace(&key)
        status = PyObject_SetItem(attributes, key, value)
        Py_DECREF(key)
        Py_DECREF(value)
    Py_DECREF(attributes)
    if status == 0:
        m.foreign = False
    return status


cdef inline bint has_plain_state(PyTypeObject* type) noexcept:
    cdef int traits = record_of(type).traits
    return traits & (DICT_PLAIN | NO_DESCRIPTORS) == (DICT_PLAIN | NO_DESCRIPTORS)


cdef int set_attributes(PyObject* instance, PyObject* state) noexcept:
    """The pairs of a state dict as attributes, so that no __dict__ need be made: 1 done, 0 not
    with these keys, -1 an error."""
    cdef PyObject* key
    cdef PyObject* value
    cdef Py_ssize_t at = 0
    cdef int status = 0
    while PyDict_Next(state, &at, &key, &value):
        if not PyUnicode_CheckExact(key) or is_dunder(key):
            return 0
    at = 0
    while status == 0 and PyDict_Next(state, &at, &key, &value):
        Py_INCREF(key)
        PyUnicode_InternInPlace(&key)
        status = PyObject_GenericSetAttr(instance, key, value)
        Py_DECREF(key)
    return 1 if status == 0 else -1


cdef int set_slots(Machine* m, PyObject* instance, PyObject* slots) noexcept:
    cdef PyObject* key
    cdef PyObject* value
    cdef Py_ssize_t at = 0
    cdef int status = 0
    if not PyDict_Check(slots):
        PyErr_SetString(UNPICKLING, b"slot state is not a dictionary")
        return -1
    m.foreign = True
    while status == 0 and PyDict_Next(slots, &at, &key, &value):
        Py_INCREF(key)
        Py_INCREF(value)
        status = PyObject_SetAttr(instance, key, value)
        Py_DECREF(key)
        Py_DECREF(value)
    if status == 0:
        m.foreign = False
    return status


# ---- names ---------------------------------------------------------------------------------

cdef PyObject* resolve(Machine* m, PyObject* module, PyObject* name) noexcept:
    """What a name stands for (new): by the unpickler's find_class, the policy, or the rules."""
    cdef PyObject* value
    if m.policy != NULL and m.unpickler == NULL:
        return ask_policy(m, module, name)
    if m.unpickler != NULL:
        value = PyObject_CallMethodObjArgs(m.unpickler, <PyObject*>S_find_class, module, name, NULL)
        m.hook = value == NULL
        if value != NULL and m.policy != NULL:
            return adopt(m, value)
    else:
        value = (<finder>find_global)(module, name, m.proto, m.fix_imports)
    if value == NULL:
        m.foreign = True
    else:
        note_function(m, module, value)
    return value


ctypedef PyObject* (*by_code)(long) noexcept
ctypedef int (*keeper)(long, PyObject*) noexcept

cdef PyObject* load_extension(Machine* m, long code) noexcept:
    """EXT1, EXT2, EXT4: from copyreg's cache, or by the registered name (new)."""
    cdef PyObject* found
    cdef PyObject* pair
    if code <= 0:
        PyErr_SetString(UNPICKLING, b"EXT specifies code <= 0")
        return NULL
    if m.policy == NULL:  # under a policy the cache is not asked: anyone may have poisoned it
        found = (<by_code>find_extension)(code)
        if found != Py_None:
            return found
        Py_DECREF(found)
    pair = (<by_code>extension_name)(code)
    if pair == NULL:
        return NULL
    found = resolve(m, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1))
    Py_DECREF(pair)
    if found != NULL and m.policy == NULL and (<keeper>keep_extension)(code, found) < 0:
        Py_DECREF(found)
        return NULL
    return found
