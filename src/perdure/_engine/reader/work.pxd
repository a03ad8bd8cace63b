# What a stream's work may cost under a policy (docs/trust.md, "Work"), charged before it is done.
#
# Rules:
# - Budgets are in proportion to the bytes read, with something free for small streams; who charges
#   calls `owed` when a budget is used up, and only then is it known what was read meanwhile.
# - Hashing a key costs what its tuples cost. Keys of equal hash cost a step for each pair: they are
#   counted where they are many, and only kinds of keys whose hashes a stream can choose.
# - Copying constructors cost what they copy; a table that copies says so (`charge_copy`).
# - Containers that free their items by recursion (no trashcan) may not form long chains.

from cpython.object cimport PyObject, PyTypeObject
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.machine cimport Machine

cdef int charge(Machine* m, PyObject* target, PyObject** items, Py_ssize_t n, int step) noexcept
cdef bint is_large(PyObject* number) noexcept
cdef int charge_steps(Machine* m, Py_ssize_t steps) noexcept
cdef int charge_copies(Machine* m, PyObject** args, Py_ssize_t n) noexcept
cdef void* begin_work(Machine* m) noexcept
cdef void end_work(void* before) noexcept
cdef int charge_now(Py_ssize_t size) except -1
cdef void note_one_pending() noexcept
cdef int charge_hashes(list keys) except -1
cdef int charge_depths(list items) except -1
cdef void credit_buffer(Machine* m, PyObject* buffer) noexcept
cdef Machine* machine_at_work() noexcept
cdef bint is_chain(PyTypeObject* type) noexcept
cdef int charge_chain(Machine* m, PyTypeObject* type, PyObject** items, Py_ssize_t n) noexcept

cdef inline int charge_keys(Machine* m, PyObject* target, PyObject** items, Py_ssize_t n, int step) noexcept:
    """Charges every step-th of n values, which are about to become keys of the target (NULL: a new one). Most keys
    are text, which costs nothing."""
    cdef Py_ssize_t i = 0
    if m.policy == NULL:
        return 0
    while i < n and PyUnicode_CheckExact(items[i]):
        i += step
    return charge(m, target, items + i, n - i, step) if i < n else 0
