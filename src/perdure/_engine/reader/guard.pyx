"""What holds under a policy: see guard.pxd for the rules, policy.py for the table."""

from cpython.object cimport PyObject, PyTypeObject
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.guard cimport *
from perdure._engine.reader.keys cimport tuple_depth
from perdure._engine.reader.machine cimport Machine
from perdure._engine.reader.names cimport renamed

from perdure.errors import LimitError, UnpicklingError, UntrustedError

cdef enum:
    DEPTH = 500  # levels of tuples in a key, beyond which hashing it could overflow the C stack


cdef class Callee:
    """A name that a stream may call, and only call: ``call(*args)`` checks its arguments and
    makes the value natively, or raises."""

    def __init__(self, str name not None, call):
        self.name = name
        self.call = call

    def __repr__(self):
        return f"<callee {self.name}>"


cdef class Constant:
    """A name that stands for a value, which may be anywhere in the object."""

    def __init__(self, value):
        self.value = value


ctypedef PyObject* (*with_one)(PyObject*) noexcept
ctypedef PyObject* (*with_two)(PyObject*, PyObject*) noexcept
ctypedef PyObject* (*with_name)(PyObject*, const char*) noexcept
ctypedef PyObject* (*asker)(PyObject*, PyObject*, PyObject*, PyObject*, bint) noexcept


cdef int check_callees(Machine* m, PyObject** start, PyObject** stop) noexcept:
    while start < stop:
        if Py_TYPE(start[0]) == <PyTypeObject*>Callee:
            (<with_one>refuse_as_value)(start[0])
            return -1
        start += 1
    return 0


cdef object refuse_as_value(object callee):
    name = (<Callee>callee).name
    raise UntrustedError(f"the stream may call {name}, but not use it as a value", (name,))


cdef PyObject* ask_policy(Machine* m, PyObject* module, PyObject* name) noexcept:
    cdef PyObject* found
    if m.names == NULL:
        m.names = PyDict_New()
        if m.names == NULL:
            return NULL
    found = (<asker>ask)(m.policy, m.names, module, name, m.proto < 3 and m.fix_imports)
    if found != NULL and Py_TYPE(found) == <PyTypeObject*>Callee:
        m.callees += 1
    return found


cdef object ask(object policy, dict decided, object module, object name, bint python2):
    key = (module, name)
    found = decided.get(key)
    if found is None:
        if python2:
            module, name = renamed(module, name)
        found = policy.resolve(module, name)
        if type(found) is not Callee and type(found) is not Constant:
            raise TypeError(f"policy.resolve() gave {type(found).__name__}, not a Callee or a Constant")
        decided[key] = found
    return (<Constant>found).value if type(found) is Constant else found


cdef PyObject* call_callee(Machine* m, PyObject* callee, PyObject* args) noexcept:
    cdef PyObject* value
    if Py_TYPE(callee) != <PyTypeObject*>Callee:
        return (<with_one>refuse_call)(callee)
    if not PyTuple_CheckExact(args):
        PyErr_SetString(<PyObject*>UnpicklingError, b"a callee's arguments are not a tuple")
        return NULL
    value = PyObject_CallObject(<PyObject*>(<Callee>callee).call, args)
    if value != NULL:
        m.callees -= 1
    return value


cdef object refuse_call(object callee):
    raise UntrustedError(f"the stream calls a value of type {type(callee).__name__:.100}; "
                         "only what the policy names may be called")


cdef int refuse_target(Machine* m, PyObject* target, const char* op) noexcept:
    (<with_name>refuse_change)(target, op)
    return -1


cdef object refuse_change(object target, const char* op):
    name = op.decode()
    raise UntrustedError(f"{name} on {type(target).__name__:.100}: "
                         "only what this load has built may be filled in")


cdef PyObject* refuse_new(Machine* m, PyObject* cls) noexcept:
    return (<with_one>refuse_class)(cls)


cdef object refuse_class(object cls):
    if type(cls) is Callee:
        raise UntrustedError(f"{(<Callee>cls).name} is no class that the policy lets the stream create",
                             ((<Callee>cls).name,))
    raise UnpicklingError(f"NEWOBJ class argument must be a type, not {type(cls).__name__:.100}")


# ---- work ----------------------------------------------------------------------------------

cdef int charge(Machine* m, PyObject** items, Py_ssize_t n, int step) noexcept:
    cdef Py_ssize_t i = 0
    while i < n:
        if PyTuple_CheckExact(items[i]) and not tuple_depth(&m.budget, items[i], DEPTH):
            if m.budget < 0:
                (<with_two>limit_reached)(<PyObject*>"hashing the keys costs more than the stream's size allows",
                                          <PyObject*>"hashing")
            else:
                (<with_two>limit_reached)(<PyObject*>"a key nests too deep to be hashed", <PyObject*>"depth")
            return -1
        i += step
    return 0


cdef object limit_reached(str message, str limit):
    raise LimitError(message, limit)
