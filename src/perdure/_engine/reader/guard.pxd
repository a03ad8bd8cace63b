# What holds under a policy (docs/trust.md): who may be called, and what may be a value. What may be
# filled in stands in filling.pxd, what work costs in work.pxd.
#
# Rules:
# - A name becomes a Callee or a Constant, decided once per name and load. A Callee may lie on the
#   stack and in the memo, and REDUCE and its kin may consume it; where it would become part of a
#   value it gives way to what it stands for, or the load ends.
# - `Machine.callees` counts those on the stack, so that loads that name nothing pay one test per
#   container and nothing per value.

from cpython.object cimport PyObject, PyTypeObject
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.machine cimport Machine

cdef class Callee:
    cdef readonly str name
    cdef readonly object call    # for REDUCE, INST, OBJ; None: not to be called
    cdef readonly object new     # for NEWOBJ and NEWOBJ_EX; None: not to be called
    cdef readonly object value   # what it stands for as a value; NO_VALUE: it is none
    cdef readonly object plain   # the class whose tp_new may be called as it is (without `new`), or None
    cdef readonly object direct  # what to call instead of `call` with arguments of just these types
    cdef readonly tuple types
    cdef readonly bint hashes    # the one argument is a list whose items it hashes
    cdef readonly bint arrays    # `direct` is numpy's _frombuffer or its scalar
    cdef readonly bint pending   # what it makes must be BUILT before the load ends
    cdef readonly bint lends     # may give what others have already: code of its own chooses

cdef class Constant:
    cdef readonly object value
    cdef readonly bint shared

cdef class Kind:
    cdef readonly object build   # None: no BUILD; True: attributes and slots; else build(instance, state)
    cdef readonly object call    # what REDUCE without arguments does with one, or None
    cdef readonly bint fill      # whether APPENDS, SETITEMS and ADDITEMS may act on it
    cdef readonly bint unseen    # BUILD only while nothing but stack and memo holds it
    cdef readonly bint pending   # BUILD does what a pending callee left to be done, once

cdef int replace_callees(Machine* m, PyObject** start, PyObject** stop) noexcept
cdef int look_at_policy(Machine* m) noexcept
cdef PyObject* ask_policy(Machine* m, PyObject* module, PyObject* name) noexcept
cdef PyObject* adopt(Machine* m, PyObject* found) noexcept
cdef object found_by(object policy, object module, object name, bint python2)
cdef PyObject* call_callee(Machine* m, PyObject* callee, PyObject** args, Py_ssize_t n, bint on_stack) noexcept
cdef PyObject* new_by_callee(Machine* m, PyObject* callee, PyObject* args, PyObject* kwargs) noexcept

cdef inline int check_values(Machine* m, PyObject** start, PyObject** stop) noexcept:
    """Puts values where callees are among what a container is about to take; -1 if one has none."""
    return replace_callees(m, start, stop) if unlikely(m.callees) else 0

cdef inline bint is_callee(PyObject* value) noexcept:
    return Py_TYPE(value) == <PyTypeObject*>Callee

cdef inline void forget(Machine* m, PyObject* value) noexcept:
    """A value leaves the stack without a use."""
    if m.callees and is_callee(value):
        m.callees -= 1

cdef inline PyTypeObject* class_at(Machine* m, PyObject* value) noexcept:
    """The class that the stream may make instances of by short cuts, or NULL; borrowed."""
    if PyType_Check(value):
        return <PyTypeObject*>value if m.policy == NULL else NULL
    if m.callees and is_callee(value) and (<Callee>value).plain is not None:
        return <PyTypeObject*>(<Callee>value).plain
    return NULL
