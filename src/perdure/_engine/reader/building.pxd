# What containers, calls and instances are made of: the work behind the opcodes that take
# values off the stack.
#
# Rules: a function that "consumes" values lets go of them or moves them; where it fails it has
# consumed none, so that the machine's exit can let go of the stack as it lies. `Machine.foreign`
# is set where an exception came out of code that the stream called.

from cpython.object cimport PyObject, PyTypeObject
from libc.string cimport memcpy
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.instances cimport *
from perdure._engine.reader.keys cimport Keys
from perdure._engine.reader.machine cimport *

cdef Keys* shared_keys() noexcept  # what is remembered of dict keys between loads
cdef int extend_object(Machine* m, PyObject* target, PyObject** items) noexcept
cdef int set_items(Machine* m, PyObject* target, PyObject** items, Py_ssize_t n) noexcept
cdef int add_items(Machine* m, PyObject* target, PyObject** items) noexcept
cdef PyObject* frozenset_of(Machine* m, PyObject** items, Py_ssize_t n) noexcept
cdef PyObject* call_on_stack(Machine* m, PyObject** args, Py_ssize_t n) noexcept
cdef PyObject* reduce(Machine* m, PyObject* callee, PyObject* args) noexcept
cdef PyObject* instantiate(Machine* m, PyObject* callee, PyObject* args) noexcept
cdef PyObject* new_object(Machine* m, PyObject* cls, PyObject* args, PyObject* kwargs) noexcept
cdef int build_from_stack(Machine* m, PyObject* instance, PyObject** items, Py_ssize_t n) noexcept
cdef int slots_from_stack(Machine* m, PyObject* instance, PyObject** items, Py_ssize_t n) noexcept
cdef const unsigned char* calendar_end(Machine* m, const unsigned char* q, const unsigned char* end) noexcept
cdef int build(Machine* m, PyObject* instance, PyObject* state) noexcept
cdef PyObject* resolve(Machine* m, PyObject* module, PyObject* name) noexcept
cdef PyObject* load_extension(Machine* m, long code) noexcept


cdef inline int fill_list(PyObject* made, PyObject** items, Py_ssize_t n) noexcept:
    """Moves n values from the stack to the end of an exact list, in one step."""
    cdef PyListObject* fields = <PyListObject*>made
    cdef Py_ssize_t size = PyList_GET_SIZE(made)
    cdef Py_ssize_t room
    cdef PyObject** moved
    if n == 0:
        return 0
    if fields.allocated - size < n:
        # As the list itself would grow: exactly for the first batch, with some air later.
        room = (size + n + 3) & ~<Py_ssize_t>3 if size == 0 else (size + n + ((size + n) >> 3) + 6) & ~<Py_ssize_t>3
        if size == 0:
            room = n
        moved = <PyObject**>PyMem_Realloc(fields.ob_item, room * sizeof(PyObject*))
        if moved == NULL:
            return no_memory()
        fields.ob_item = moved
        fields.allocated = room
    memcpy(fields.ob_item + size, items, n * sizeof(PyObject*))
    Py_SET_SIZE(made, size + n)
    return 0


cdef inline PyObject* list_of(PyObject** items, Py_ssize_t n) noexcept:
    """A new list that takes n values over from the stack."""
    cdef PyObject* made = PyList_New(n)
    cdef Py_ssize_t i
    if made != NULL:
        for i in range(n):
            PyList_SET_ITEM(made, i, items[i])
    return made


cdef inline PyObject* tuple_of(PyObject** items, Py_ssize_t n) noexcept:
    """A new tuple that takes n values over from the stack."""
    cdef PyObject* made = PyTuple_New(n)
    cdef Py_ssize_t i
    if made != NULL:
        for i in range(n):
            PyTuple_SET_ITEM(made, i, items[i])
    return made
