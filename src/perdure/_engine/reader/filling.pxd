# What a stream may fill in under a policy: by BUILD, APPENDS, SETITEMS and ADDITEMS.
#
# Rules:
# - What may be done to an object is a question of its type, answered by a Kind, and of whether
#   this load made it: what came from elsewhere is in `Machine.shared`.
# - A state goes to the instance alone: its attributes to its own dict, its slots by their descriptors;
#   `__class__`, `__dict__` and their like are no keys.

from cpython.object cimport PyObject, PyTypeObject
from perdure._engine.reader.machine cimport Machine

cdef PyObject* kind_of(Machine* m, PyTypeObject* type) noexcept  # borrowed
cdef bint is_lent_now(PyObject* value) except -1
cdef int keep_foreign(Machine* m, PyObject* value) noexcept
cdef int keep_lent(Machine* m, PyObject* value) noexcept
cdef int may_change(Machine* m, PyObject* target, PyTypeObject* usual, const char* op) noexcept
cdef int build_guarded(Machine* m, PyObject* instance, PyObject* state) noexcept
cdef bint is_ordinary(Machine* m, PyObject* instance) noexcept
cdef bint is_sound_uuid(Machine* m, PyObject* instance, PyObject* number) noexcept
cdef PyObject* type_method(PyObject* instance, PyObject* name) noexcept
cdef int set_slot(PyObject* instance, PyObject* key, PyObject* value) noexcept
