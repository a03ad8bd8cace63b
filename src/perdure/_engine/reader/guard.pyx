"""What holds under a policy: see guard.pxd for the rules, perdure.policy for the tables."""

from cpython.object cimport PyObject, PyTypeObject
from perdure._engine.reader.arrays cimport array_of, note_function, scalar_of
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.filling cimport is_lent_now, keep_foreign, kind_of
from perdure._engine.reader.guard cimport *
from perdure._engine.reader.machine cimport Machine
from perdure._engine.reader.names cimport renamed
from perdure._engine.reader.work cimport *

from perdure.errors import UnpicklingError, UntrustedError

cdef enum:
    KINDS_KEPT = 1000   # of types, in a policy
    LONG_TEXT = 1 << 16  # characters of a str that goes to a constructor without a look at it

cdef extern from *:
    """
    #define PERDURE_NEW(t, a, k) ((t)->tp_new((t), (a), (k)))
    #define PERDURE_HAS_NEW_(t) ((t)->tp_new != NULL)
    """
    PyObject* call_new "PERDURE_NEW"(PyTypeObject*, PyObject*, PyObject*) noexcept
    bint has_new "PERDURE_HAS_NEW_"(PyTypeObject*) noexcept
    PyObject* PyObject_Call(PyObject*, PyObject*, PyObject*) noexcept
    size_t ARGUMENTS_OFFSET "PY_VECTORCALL_ARGUMENTS_OFFSET"
    int PyType_HasFeature(PyTypeObject*, unsigned long) noexcept
    unsigned long Py_TPFLAGS_HEAPTYPE

cdef object NO_VALUE = object()
cdef str FROMBUFFER_HOME = "numpy._core.numeric"


cdef class Callee:
    """A name that a stream may call. ``call(*args)`` checks its arguments and makes the value, or
    raises; ``new(*args, **kwargs)`` is the same for NEWOBJ.

    ``value`` is what takes the name's place where it becomes part of a value; without it the
    name is a helper, and no value. ``plain`` is a class whose ``__new__`` may be called with any
    arguments, by the engine itself, or with those of its short cuts where ``new`` checks the rest.
    ``direct`` is called instead of ``call`` where the arguments are exactly of the ``types`` (and a
    str or an int is not very long). ``hashes``: the argument is a list
    whose items are hashed, which is charged first. ``arrays``: ``direct`` is numpy's _frombuffer
    or its scalar, and the engine proves their arguments itself where it can. ``pending``: using what it makes before
    BUILD could crash, so that a load which leaves one unbuilt ends in an error. ``lends``: what it gives may be
    somebody's already, so that it counts as made here only where nobody else holds it.
    """

    def __init__(self, str name not None, call=None, *, new=None, value=NO_VALUE, plain=None, direct=None,
                 tuple types not None=(), bint hashes=False, bint arrays=False, bint pending=False,
                 bint lends=False):
        self.name = name
        self.call = call
        self.new = new
        self.value = value
        self.plain = plain
        self.direct = direct
        self.types = types
        self.hashes = hashes
        self.arrays = arrays
        self.pending = pending
        self.lends = lends

    def __repr__(self):
        return f"<callee {self.name}>"


cdef class Constant:
    """A name that stands for a value, which may be anywhere in the object. A shared one can't be
    filled in; only what can be is kept in mind."""

    def __init__(self, value, *, bint shared=False):
        self.value = value
        self.shared = shared


cdef class Kind:
    """What a stream may do to instances of a type.

    ``build``: None, nothing by BUILD; True, what BUILD means by default; else
    ``build(instance, state)`` does it, and raises where the state is unsound. ``fill``: whether
    APPENDS, SETITEMS and ADDITEMS may act on them. ``unseen``: BUILD only while nothing but the
    stream's stack and memo holds the instance. ``pending``: ``build`` fills in what a pending Callee
    made, and refuses to do it twice. ``call``: makes the value that REDUCE without arguments asks of
    an instance for; without it, only names are called.
    """

    def __init__(self, build=None, *, call=None, bint fill=False, bint unseen=False, bint pending=False):
        self.build = build
        self.call = call
        self.fill = fill
        self.unseen = unseen
        self.pending = pending


ctypedef PyObject* (*with_one)(PyObject*) noexcept
ctypedef PyObject* (*with_two)(PyObject*, PyObject*) noexcept
ctypedef int (*looker)(Machine*, PyObject*) noexcept
ctypedef PyObject* (*with_name)(PyObject*, const char*) noexcept
ctypedef PyObject* (*asker)(PyObject*, PyObject*, PyObject*, PyObject*, bint) noexcept


# ---- names ---------------------------------------------------------------------------------

cdef PyObject* ask_policy(Machine* m, PyObject* module, PyObject* name) noexcept:
    """What a name is to this load: a Callee, or a constant's value (new)."""
    cdef PyObject* found
    cdef bint python2 = m.proto < 3 and m.fix_imports
    if m.answers == NULL and look_at_policy(m) < 0:
        return NULL
    if not python2:
        found = PyDict_GetItemWithError(m.answers, module)
        if found != NULL:
            found = PyDict_GetItemWithError(found, name)
            if found != NULL:
                Py_INCREF(found)
                return admit(m, found)
    if m.names == NULL:
        m.names = PyDict_New()
        if m.names == NULL:
            return NULL
    return admit(m, (<asker>ask)(m.policy, m.names, module, name, python2))


cdef int look_at_policy(Machine* m) noexcept:
    return (<looker>set_policy)(m, m.policy)


cdef int set_policy(Machine* m, object policy) except -1:
    cdef dict answers = policy.answers
    cdef dict kinds = policy.kinds
    if len(kinds) > KINDS_KEPT:
        kinds.clear()
    if FREE_THREADED:
        kinds = {}  # what lies in the policy's another thread may replace while we look at it
    m.answers = <PyObject*>answers
    m.kinds = <PyObject*>kinds
    Py_INCREF(m.kinds)
    return 0


cdef object ask(object policy, dict decided, object module, object name, bint python2):
    key = (module, name)
    found = decided.get(key)
    if found is None:
        if python2:
            module, name = renamed(module, name)
        found = policy.resolve(module, name)
        check_answer(found)
        decided[key] = found
    return found


cdef int check_answer(object found) except -1:
    if type(found) is not Callee and type(found) is not Constant:
        raise TypeError(f"the policy gave {type(found).__name__}, not a Callee or a Constant")
    return 0


cdef object found_by(object policy, object module, object name, bint python2):
    """The answer to a name as an object: for an unpickler's find_class."""
    found = ask(policy, {}, module, name, python2)
    if type(found) is Constant:
        return (<Constant>found).value
    return found if (<Callee>found).value is NO_VALUE else (<Callee>found).value


cdef PyObject* adopt(Machine* m, PyObject* found) noexcept:
    """What an unpickler's own find_class gave, as a Callee or a constant's value; steals it."""
    cdef PyObject* answer = (<with_two>ask_about)(m.policy, found)
    Py_DECREF(found)
    return admit(m, answer)


cdef object ask_about(object policy, object found):
    answer = policy.adopt(found)
    check_answer(answer)
    return answer


cdef PyObject* admit(Machine* m, PyObject* answer) noexcept:
    cdef PyObject* value
    if answer == NULL or is_callee(answer):
        m.callees += answer != NULL
        return answer
    value = <PyObject*>(<Constant>answer).value
    Py_INCREF(value)
    if (<Constant>answer).shared and keep_foreign(m, value) < 0:
        Py_DECREF(value)
        value = NULL
    Py_DECREF(answer)
    return value


cdef int replace_callees(Machine* m, PyObject** start, PyObject** stop) noexcept:
    cdef PyObject* value
    while start < stop:
        if is_callee(start[0]):
            value = <PyObject*>(<Callee>start[0]).value
            if value == <PyObject*>NO_VALUE:
                (<with_one>refuse_as_value)(start[0])
                return -1
            Py_INCREF(value)
            Py_DECREF(start[0])
            start[0] = value
            m.callees -= 1
        start += 1
    return 0


cdef object refuse_as_value(object callee):
    name = (<Callee>callee).name
    raise UntrustedError(f"the stream may call {name}, but not use it as a value", (name,))


# ---- calls ---------------------------------------------------------------------------------

cdef PyObject* call_callee(Machine* m, PyObject* callee, PyObject** args, Py_ssize_t n, bint on_stack) noexcept:
    """REDUCE and its kin; on_stack: the place under the arguments may be used for the call."""
    cdef PyObject* target
    cdef PyObject* value
    cdef void* before
    if not is_callee(callee):
        return call_instance(m, callee, n)
    if charge_copies(m, args, n) < 0:
        return NULL
    target = <PyObject*>(<Callee>callee).direct
    if (<Callee>callee).arrays:
        value = made_by_numpy(m, target, args, n)
        if value != NULL:
            m.callees -= 1
            return value
    if target == Py_None or not agree(<PyObject*>(<Callee>callee).types, args, n):
        target = <PyObject*>(<Callee>callee).call
        if target == Py_None:
            return (<with_one>refuse_name)(callee)
        if charge_call(m, callee, args, n) < 0:
            return NULL
        if (<Callee>callee).hashes and n == 1 and PyList_CheckExact(args[0]):
            value = set_of_list(m, args[0], <PyObject*>(<Callee>callee).value == <PyObject*>&PyFrozenSet_Type)
            return received(m, callee, value)
    before = begin_work(m)
    value = PyObject_Vectorcall(target, args, (<size_t>n | ARGUMENTS_OFFSET) if on_stack else <size_t>n, NULL)
    end_work(before)
    return received(m, callee, value)


cdef PyObject* made_by_numpy(Machine* m, PyObject* target, PyObject** args, Py_ssize_t n) noexcept:
    """An array or a scalar (new) of bytes that are just its items; NULL without an exception otherwise."""
    if n == 2:
        return scalar_of(m, target, args)
    if n != 4:
        return NULL
    if m.frombuffer == NULL:
        note_function(m, <PyObject*>FROMBUFFER_HOME, target)
    return array_of(m, args) if m.frombuffer != NULL else NULL


cdef PyObject* call_instance(Machine* m, PyObject* instance, Py_ssize_t n) noexcept:
    """REDUCE of what is no name: nothing, but for a type whose Kind says what () does to one."""
    cdef PyObject* kind = kind_of(m, Py_TYPE(instance))
    cdef PyObject* value
    cdef void* before
    if kind == NULL:
        return NULL
    if n or kind == Py_None or <PyObject*>(<Kind>kind).call == Py_None:
        return (<with_one>refuse_call)(instance)
    before = begin_work(m)
    value = PyObject_Vectorcall(<PyObject*>(<Kind>kind).call, &instance, 1, NULL)
    end_work(before)
    m.foreign |= value == NULL
    if value == NULL:
        return NULL
    note_made(m, value)
    if Py_REFCNT(value) > 1 and keep_foreign(m, value) < 0:
        Py_DECREF(value)
        value = NULL
    return value


cdef inline void note_made(Machine* m, PyObject* value) noexcept:
    """Code of a class has run to make an instance whose attributes BUILD may set: it may have given it others' dict."""
    cdef PyObject* kind
    if m.ran or not PyType_HasFeature(Py_TYPE(value), Py_TPFLAGS_HEAPTYPE):
        return
    kind = kind_of(m, Py_TYPE(value))
    if kind == NULL:
        PyErr_Clear()
    m.ran = kind == NULL or (kind != Py_None and <PyObject*>(<Kind>kind).build == Py_True)


cdef int charge_call(Machine* m, PyObject* callee, PyObject** args, Py_ssize_t n) noexcept:
    """What a call does with the items of its first argument: hashes them, or puts them in a chain."""
    cdef PyObject* cls = <PyObject*>(<Callee>callee).value
    cdef PyObject** items = NULL
    cdef Py_ssize_t size = 0
    if n and PyList_CheckExact(args[0]):
        items = (<PyListObject*>args[0]).ob_item
        size = PyList_GET_SIZE(args[0])
    elif n and PyTuple_CheckExact(args[0]):
        items = (<PyTupleObject*>args[0]).ob_item
        size = PyTuple_GET_SIZE(args[0])
    if (<Callee>callee).hashes and items != NULL:
        m.copies -= 64 * size
        return charge_sequence(m, args[0])
    if PyType_Check(cls) and is_chain(<PyTypeObject*>cls):
        if charge_chain(m, <PyTypeObject*>cls, args, n) < 0:
            return -1
        return charge_chain(m, <PyTypeObject*>cls, items, size)
    return 0


cdef PyObject* received(Machine* m, PyObject* callee, PyObject* value) noexcept:
    """The result of a call, which has used its callee up."""
    if value == NULL:
        m.foreign = True
        return NULL
    if is_callee(value):
        return value  # getattr gave another one
    m.callees -= 1
    m.pending += (<Callee>callee).pending
    note_made(m, value)
    # What others hold too was not made here, as far as anyone can tell; but an instance that the class had no
    # choice but to make may have told others of itself.
    if (Py_REFCNT(value) > 1 and ((<Callee>callee).plain is None or (<Callee>callee).lends)
            and keep_foreign(m, value) < 0):
        Py_DECREF(value)
        return NULL
    return value


cdef inline bint agree(PyObject* types, PyObject** args, Py_ssize_t n) noexcept:
    cdef Py_ssize_t i
    if PyTuple_GET_SIZE(types) != n:
        return False
    for i in range(n):
        if <PyObject*>Py_TYPE(args[i]) != PyTuple_GET_ITEM(types, i):
            return False
        if PyUnicode_CheckExact(args[i]) and PyUnicode_GET_LENGTH(args[i]) > LONG_TEXT:
            return False
        if Py_TYPE(args[i]) == &PyLong_Type and is_large(args[i]):
            return False
    return True


cdef PyObject* new_by_callee(Machine* m, PyObject* callee, PyObject* args, PyObject* kwargs) noexcept:
    """NEWOBJ (kwargs NULL) and NEWOBJ_EX."""
    cdef PyObject* target
    cdef PyObject* value
    cdef PyObject* key
    cdef Py_ssize_t at = 0
    cdef PyTypeObject* cls
    cdef void* before
    if not is_callee(callee):
        return (<with_one>refuse_class)(callee)
    if not PyTuple_CheckExact(args) or (kwargs != NULL and not PyDict_CheckExact(kwargs)):
        PyErr_SetString(<PyObject*>UnpicklingError, b"arguments of NEWOBJ are not a tuple and a dict")
        return NULL
    if charge_copies(m, (<PyTupleObject*>args).ob_item, PyTuple_GET_SIZE(args)) < 0:
        return NULL
    while kwargs != NULL and PyDict_Next(kwargs, &at, &key, &value):
        if charge_copies(m, &value, 1) < 0:
            return NULL
    target = <PyObject*>(<Callee>callee).new
    if target != Py_None:
        before = begin_work(m)
        value = PyObject_Call(target, args, kwargs)
        end_work(before)
        return received(m, callee, value)
    cls = <PyTypeObject*>(<PyObject*>(<Callee>callee).plain)
    if <PyObject*>cls == Py_None or not has_new(cls):
        return (<with_one>refuse_class)(callee)
    return received(m, callee, call_new(cls, args, kwargs))


cdef object refuse_call(object callee):
    if isinstance(callee, type):
        name = f"{callee.__module__}.{callee.__qualname__}"
        raise UntrustedError(f"the stream calls {name:.200}, which is only a value here", (name,))
    raise UntrustedError(f"the stream calls a value of type {type(callee).__name__:.100}; "
                         "only what the policy names may be called")


cdef object refuse_name(object callee):
    name = (<Callee>callee).name
    raise UntrustedError(f"the stream calls {name}, which may only be named or created", (name,))


cdef object refuse_class(object cls):
    if type(cls) is Callee:
        raise UntrustedError(f"{(<Callee>cls).name} is no class that the policy lets the stream create",
                             ((<Callee>cls).name,))
    if isinstance(cls, type):
        name = f"{cls.__module__}.{cls.__qualname__}"
        raise UntrustedError(f"the stream creates an instance of {name:.200}, which is only a value here", (name,))
    raise UntrustedError(f"the stream creates an instance of a value of type {type(cls).__name__:.100}; "
                         "only what the policy names may be created")


# ---- work ----------------------------------------------------------------------------------

def charge_copy(Py_ssize_t size):
    """For the call or build function of a table: charges the load that it works for with as many bytes, before
    it copies them. Raises LimitError."""
    charge_now(size)


def charge_arguments(tuple args not None):
    """The same for all that it is about to call something with. Raises LimitError."""
    charge_call_of(args)


def charge_hashing(list keys not None, bint as_dict=False):
    """The same for keys that it is about to hash, to put them in a set or a dict. Raises LimitError."""
    charge_hashes(keys, as_dict)


def note_pending():
    """Of copyreg's functions and their like, which make what a pending Callee of another name stands for: the load
    that this is for has to fill that in too."""
    note_one_pending()


def charge_items(list items not None):
    """The same for the items of an array of objects: what puts them into a table by their hashes, as pandas does,
    goes into tuples by recursion, and each time anew. Raises LimitError."""
    charge_depths(items)


def is_lent(value):
    """Whether something came to the load that a table works for from outside: a buffer of the caller's, what a hook
    gave, or what others hold."""
    return is_lent_now(<PyObject*>value)
