# What holds under a policy (TRUST.md): who may be called, what may be a value, what work costs.
#
# Rules:
# - A name becomes a Callee or a Constant, decided once per name and load. A Callee may lie on the
#   stack and in the memo, and REDUCE may consume it; it never becomes part of a value.
# - `Machine.callees` counts those on the stack, so that loads that name nothing pay one test per
#   container and nothing per value.
# - Hashing is work: keys made of tuples are charged what their hash costs, before it is taken.

from cpython.object cimport PyObject, PyTypeObject
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.machine cimport Machine

cdef class Callee:
    cdef readonly str name
    cdef readonly object call

cdef class Constant:
    cdef readonly object value

cdef int check_callees(Machine* m, PyObject** start, PyObject** stop) noexcept
cdef int charge(Machine* m, PyObject** items, Py_ssize_t n, int step) noexcept
cdef PyObject* ask_policy(Machine* m, PyObject* module, PyObject* name) noexcept
cdef PyObject* call_callee(Machine* m, PyObject* callee, PyObject* args) noexcept
cdef int refuse_target(Machine* m, PyObject* target, const char* op) noexcept
cdef PyObject* refuse_new(Machine* m, PyObject* cls) noexcept

cdef inline int check_values(Machine* m, PyObject** start, PyObject** stop) noexcept:
    """That no callee is among the values that a container is about to take."""
    return check_callees(m, start, stop) if unlikely(m.callees) else 0

cdef inline int charge_keys(Machine* m, PyObject** items, Py_ssize_t n, int step) noexcept:
    """Charges every step-th of n values, which are about to be hashed."""
    return charge(m, items, n, step) if m.policy != NULL else 0

cdef inline void forget(Machine* m, PyObject* value) noexcept:
    """A value leaves the stack without a use."""
    if m.callees and Py_TYPE(value) == <PyTypeObject*>Callee:
        m.callees -= 1
