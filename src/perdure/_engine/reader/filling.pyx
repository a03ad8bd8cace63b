"""What a stream may fill in under a policy, and how BUILD does it: see filling.pxd."""

from cpython.object cimport PyObject, PyTypeObject
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.filling cimport *
from perdure._engine.reader.guard cimport Callee, Kind, is_callee, look_at_policy
from perdure._engine.reader.instances cimport is_dunder
from perdure._engine.reader.machine cimport Machine
from perdure._engine.reader.work cimport *

from perdure.errors import CorruptError, UnpicklingError, UntrustedError

cdef extern from *:
    """
    #define PERDURE_DESCR_GET(d) (Py_TYPE(d)->tp_descr_get)
    #define PERDURE_DESCR_SET(d, o, v) (Py_TYPE(d)->tp_descr_set(d, o, v))
    #define PERDURE_CALL_DESCR_GET(d, o) (Py_TYPE(d)->tp_descr_get(d, o, (PyObject *)Py_TYPE(o)))
    #define PERDURE_MEMBER(d) (((PyMemberDescrObject *)(d))->d_member)
    #include <structmember.h>
    #ifndef Py_READONLY
    #define Py_READONLY READONLY
    #endif
    #ifndef Py_T_OBJECT_EX
    #define Py_T_OBJECT_EX T_OBJECT_EX
    #endif
    /* Whether a member is one of __slots__: an object that may be set. */
    #define PERDURE_IS_SLOT(d) (Py_TYPE(d) == &PyMemberDescr_Type && PERDURE_MEMBER(d)->type == Py_T_OBJECT_EX \
                                && !(PERDURE_MEMBER(d)->flags & Py_READONLY))
    """
    bint has_descr_get "PERDURE_DESCR_GET"(PyObject*) noexcept
    PyObject* call_descr_get "PERDURE_CALL_DESCR_GET"(PyObject*, PyObject*) noexcept
    int call_descr_set "PERDURE_DESCR_SET"(PyObject*, PyObject*, PyObject*) noexcept
    bint is_slot "PERDURE_IS_SLOT"(PyObject*) noexcept
    PyObject* PyObject_GenericGetDict(PyObject*, void*) noexcept
    PyObject* PyLong_FromVoidPtr(void*) noexcept
    int PyUnicode_CompareWithASCIIString(PyObject*, const char*) noexcept

cdef object UUIDS = 1 << 128

ctypedef PyObject* (*with_two)(PyObject*, PyObject*) noexcept
ctypedef PyObject* (*with_three)(PyObject*, PyObject*, PyObject*) noexcept
ctypedef PyObject* (*with_name)(PyObject*, const char*) noexcept


cdef int keep_foreign(Machine* m, PyObject* value) noexcept:
    """Notes a value that this load did not make, unless no opcode could change it anyway; find_class may give its
    class later, though."""
    cdef PyObject* kind
    cdef bint ours = PyList_CheckExact(value) or PyDict_CheckExact(value) or Py_TYPE(value) == &PySet_Type
    if not ours and m.unpickler == NULL:
        kind = kind_of(m, Py_TYPE(value))
        if kind == NULL or kind == Py_None:
            return -1 if kind == NULL else 0
    return keep_shared(m, value)


cdef int keep_shared(Machine* m, PyObject* value) noexcept:
    """Notes that this load did not make a value."""
    cdef PyObject* key
    cdef int status
    if m.shared == NULL:
        m.shared = PyDict_New()
        if m.shared == NULL:
            return -1
    key = PyLong_FromVoidPtr(value)
    if key == NULL:
        return -1
    status = PyDict_SetItem(m.shared, key, value)
    Py_DECREF(key)
    return status


cdef int keep_lent(Machine* m, PyObject* value) noexcept:
    """Notes what came from outside; bytes too, which numpy would make arrays of that can be written to."""
    return keep_shared(m, value) if PyBytes_CheckExact(value) else keep_foreign(m, value)


cdef bint is_lent_now(PyObject* value) except -1:
    cdef Machine* m = machine_at_work()
    cdef int status = 0 if m == NULL else is_shared(m, value)
    return status


cdef int is_shared(Machine* m, PyObject* value) noexcept:
    cdef PyObject* key
    cdef int status
    if m.shared == NULL:
        return 0
    key = PyLong_FromVoidPtr(value)
    if key == NULL:
        return -1
    status = PyDict_Contains(m.shared, key)
    Py_DECREF(key)
    return status


cdef class Decided:
    """The kind of a type, as long as the type is as it was."""
    cdef object kind
    cdef unsigned int version


cdef PyObject* kind_of(Machine* m, PyTypeObject* type) noexcept:
    """The Kind of a type, or None; borrowed, NULL with an exception."""
    cdef PyObject* found
    if type == m.kind_type:
        return m.kind
    if m.kinds == NULL and look_at_policy(m) < 0:
        return NULL
    found = PyDict_GetItemWithError(m.kinds, <PyObject*>type)
    if found != NULL and (<Decided>found).version == type_version(type) and (<Decided>found).version != 0:
        found = <PyObject*>(<Decided>found).kind
        Py_INCREF(found)
    elif PyErr_Occurred() != NULL:
        return NULL
    else:
        found = (<with_three>ask_kind)(m.policy, <PyObject*>type, m.kinds)
        if found == NULL:
            return NULL
    Py_XDECREF(m.kind)
    m.kind_type = type
    m.kind = found
    return found


cdef object ask_kind(object policy, object cls, dict kinds):
    cdef Decided decided = Decided()
    kind = policy.kind(cls)
    if kind is not None and type(kind) is not Kind:
        raise TypeError(f"the policy gave {type(kind).__name__}, not a Kind")
    decided.kind = kind
    decided.version = type_version(<PyTypeObject*><PyObject*>cls)
    kinds[cls] = decided
    return kind


cdef int may_change(Machine* m, PyObject* target, PyTypeObject* usual, const char* op) noexcept:
    """Whether a container opcode may act on the target: 0, or -1 with the refusal. ``usual`` is the built-in type
    that the opcode is for: SETITEMS on a list could double it, by a slice."""
    cdef PyObject* kind
    cdef int status
    if Py_TYPE(target) != usual:
        kind = kind_of(m, Py_TYPE(target))
        if kind == NULL:
            return -1
        if kind == Py_None or not (<Kind>kind).fill:
            (<with_name>refuse_change)(target, op)
            return -1
    status = is_shared(m, target)
    if status > 0:
        (<with_name>refuse_shared)(target, op)
    return -1 if status else 0


cdef object refuse_change(object target, const char* op):
    name = op.decode()
    if type(target) is Callee:
        raise UntrustedError(f"{name} on {(<Callee>target).name}: only what this load has made may be filled in")
    cls = type(target)
    dotted = f"{cls.__module__}.{cls.__qualname__}"
    raise UntrustedError(f"{name} on {dotted:.200}: only instances of trusted types that this load has made "
                         "may be filled in", (dotted,))


cdef object refuse_shared(object target, const char* op):
    name = op.decode()
    raise UntrustedError(f"{name} on a {type(target).__name__:.100} that this load did not make")


cdef object refuse_seen(object target, object unused):
    raise CorruptError(f"BUILD on a {type(target).__name__:.100} that is in use already")


cdef int is_unseen(Machine* m, PyObject* instance) noexcept:
    """Whether an instance is held by one place on the stack and, at most, one in the memo: 1 or 0, or -1 with an
    exception. Looking for the latter takes steps: others may be built within its state."""
    cdef Py_ssize_t i = m.memo_filled
    cdef Py_ssize_t at = 0
    cdef PyObject* key
    cdef PyObject* value
    if instance == m.dtype:  # our own note of its size, which is about to change
        Py_DECREF(m.dtype)
        m.dtype = NULL
    if Py_REFCNT(instance) != 2:
        return Py_REFCNT(instance) == 1
    while i > 0:
        i -= 1
        if m.memo[i] == instance:
            return -1 if charge_steps(m, (m.memo_filled - i) >> 4) < 0 else 1
    if m.memo_sparse != NULL:
        if charge_steps(m, PyDict_GET_SIZE(m.memo_sparse)) < 0:
            return -1
        while PyDict_Next(m.memo_sparse, &at, &key, &value):
            if value == instance:
                return 1
    return 0


cdef bint is_ordinary(Machine* m, PyObject* instance) noexcept:
    """Whether BUILD may set the attributes of an instance without more ado; never fails."""
    cdef PyObject* kind = kind_of(m, Py_TYPE(instance))
    if kind == NULL:
        PyErr_Clear()
        return False
    return kind != Py_None and <PyObject*>(<Kind>kind).build == Py_True and m.shared == NULL and not m.ran


cdef bint is_sound_uuid(Machine* m, PyObject* instance, PyObject* number) noexcept:
    """Whether a number may become the state of a UUID at once; never fails."""
    cdef PyObject* kind = kind_of(m, Py_TYPE(instance))
    if kind == NULL or kind == Py_None or m.shared != NULL or is_unseen(m, instance) <= 0:
        PyErr_Clear()
        return False
    return Py_TYPE(number) == &PyLong_Type and 0 <= <object>number < UUIDS


cdef int build_guarded(Machine* m, PyObject* instance, PyObject* state) noexcept:
    """BUILD under a policy."""
    cdef PyObject* kind
    cdef PyObject* build
    cdef PyObject* args[2]
    cdef PyObject* answer
    cdef PyObject* items
    cdef void* before
    cdef int status
    if is_callee(instance):
        (<with_name>refuse_change)(instance, b"BUILD")
        return -1
    kind = kind_of(m, Py_TYPE(instance))
    if kind == NULL:
        return -1
    build = Py_None if kind == Py_None else <PyObject*>(<Kind>kind).build
    if build == Py_None:
        (<with_name>refuse_change)(instance, b"BUILD")
        return -1
    status = is_shared(m, instance)
    if status != 0:
        if status > 0:
            (<with_name>refuse_shared)(instance, b"BUILD")
        return -1
    if charge_copies(m, &state, 1) < 0:
        return -1
    if PyTuple_CheckExact(state) and charge_copies(m, (<PyTupleObject*>state).ob_item, PyTuple_GET_SIZE(state)) < 0:
        return -1
    if build == Py_True:
        return build_ordinary(instance, state)
    if (<Kind>kind).unseen:
        status = is_unseen(m, instance)
        if status <= 0:
            if status == 0:
                (<with_two>refuse_seen)(instance, Py_None)
            return -1
    if PyTuple_CheckExact(state) and PyTuple_GET_SIZE(state) > 2:
        items = PyTuple_GET_ITEM(state, PyTuple_GET_SIZE(state) - 1)  # of an array of objects
        if PyList_CheckExact(items) and charge_chain(m, Py_TYPE(instance), (<PyListObject*>items).ob_item,
                                                     PyList_GET_SIZE(items)) < 0:
            return -1
    args[0] = instance
    args[1] = state
    before = begin_work(m)
    answer = PyObject_Vectorcall(build, args, 2, NULL)
    end_work(before)
    if answer == NULL:
        m.foreign = True
        return -1
    Py_DECREF(answer)
    m.pending -= (<Kind>kind).pending
    return 0


cdef int build_ordinary(PyObject* instance, PyObject* state) noexcept:
    """A dict for the instance's own dict, or (dict or None, dict of slots)."""
    cdef PyObject* slots = NULL
    if PyTuple_CheckExact(state) and PyTuple_GET_SIZE(state) == 2:
        slots = PyTuple_GET_ITEM(state, 1)
        state = PyTuple_GET_ITEM(state, 0)
    if state != Py_None and set_dict(instance, state) < 0:
        return -1
    if slots != NULL and slots != Py_None and set_slots_of(instance, slots) < 0:
        return -1
    return 0


cdef int set_dict(PyObject* instance, PyObject* state) noexcept:
    cdef PyObject* attributes
    cdef PyObject* key
    cdef PyObject* value
    cdef Py_ssize_t at = 0
    cdef int status = 0
    if not PyDict_CheckExact(state):
        PyErr_SetString(<PyObject*>UnpicklingError, b"state is not a dictionary")
        return -1
    if PyDict_GET_SIZE(state) == 0:
        return 0
    attributes = PyObject_GenericGetDict(instance, NULL)
    if attributes == NULL:
        return -1
    if not PyDict_CheckExact(attributes):
        PyErr_SetString(<PyObject*>UnpicklingError, b"the instance's __dict__ is no dict")
        status = -1
    elif Py_REFCNT(attributes) > 2:  # of the instance and here: a class may share one between its instances
        PyErr_SetString(<PyObject*>UnpicklingError, b"the instance's __dict__ is not its own")
        status = -1
    while status == 0 and PyDict_Next(state, &at, &key, &value):
        if not PyUnicode_CheckExact(key) or is_reserved(key):
            no_name(key, b"an attribute")
            status = -1
            break
        Py_INCREF(key)
        PyUnicode_InternInPlace(&key)
        status = PyDict_SetItem(attributes, key, value)
        Py_DECREF(key)
    Py_DECREF(attributes)
    return status


cdef void no_name(PyObject* key, const char* what) noexcept:
    """The error of a key in a state; only text is shown, the repr of something else could be endless."""
    if PyUnicode_CheckExact(key):
        PyErr_Format(<PyObject*>UnpicklingError, b"%.200R is no name of %s", key, what)
    else:
        PyErr_Format(<PyObject*>UnpicklingError, b"a %.200s is no name of %s", Py_TYPE(key).tp_name, what)


cdef inline bint is_reserved(PyObject* key) noexcept:
    return is_dunder(key) and (
        PyUnicode_CompareWithASCIIString(key, b"__class__") == 0
        or PyUnicode_CompareWithASCIIString(key, b"__dict__") == 0
        or PyUnicode_CompareWithASCIIString(key, b"__weakref__") == 0
    )


cdef int set_slots_of(PyObject* instance, PyObject* slots) noexcept:
    cdef PyObject* key
    cdef PyObject* value
    cdef Py_ssize_t at = 0
    cdef int status = 0
    if not PyDict_CheckExact(slots):
        PyErr_SetString(<PyObject*>UnpicklingError, b"slot state is not a dictionary")
        return -1
    while status == 0 and PyDict_Next(slots, &at, &key, &value):
        status = set_slot(instance, key, value)
    return status


cdef int set_slot(PyObject* instance, PyObject* key, PyObject* value) noexcept:
    """Sets one of __slots__ through its member descriptor; nothing else is a slot. An instance's own
    dict takes the rest, as where a base has no slots: then setattr would have put it there."""
    cdef PyObject* member
    cdef PyObject* attributes
    cdef int status
    if not PyUnicode_CheckExact(key) or is_reserved(key):
        no_name(key, b"a slot")
        return -1
    member = _PyType_Lookup(Py_TYPE(instance), key)
    if member != NULL and is_slot(member):
        return call_descr_set(member, instance, value)
    if member == NULL:
        attributes = PyObject_GenericGetDict(instance, NULL)
        if attributes != NULL:
            status = -1
            if PyDict_CheckExact(attributes) and Py_REFCNT(attributes) <= 2:
                status = PyDict_SetItem(attributes, key, value)
            Py_DECREF(attributes)
            if status == 0 or PyErr_Occurred() != NULL:
                return status
        PyErr_Clear()
    PyErr_Format(<PyObject*>UnpicklingError, b"%.200R is no slot of %.200s", key, Py_TYPE(instance).tp_name)
    return -1


cdef PyObject* type_method(PyObject* instance, PyObject* name) noexcept:
    """A method looked up on the type alone, bound (new); NULL without an exception if it has none."""
    cdef PyObject* found = _PyType_Lookup(Py_TYPE(instance), name)
    if found == NULL or not has_descr_get(found):
        return NULL
    return call_descr_get(found, instance)
