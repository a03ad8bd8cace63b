"""Budgets of work and memory under a policy: see work.pxd."""

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint16_t, uint64_t
from libc.string cimport memset
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.keys cimport is_nest, mix, slice_parts
from perdure._engine.reader.machine cimport COPIES, FREE_STEPS, Machine, STEPS
from perdure._engine.reader.work cimport *

from collections import defaultdict, deque

from perdure.errors import LimitError

cdef enum:
    DEPTH = 500          # levels of tuples in a key, beyond which hashing it could overflow the C stack
    FEW = 64             # keys, in a container: all of them may collide
    COLLISION = 64       # steps, for each pair of equal hashes
    FULL = 0xFFFF        # of a counter
    ITEM = 40            # bytes of an int and its place in a list
    CHAINED = 10_000     # containers without a trashcan that hold another of their kind

cdef extern from *:
    """
    #define PERDURE_HASH(o) PyObject_Hash(o)
    #define PERDURE_ITERATE_SET(o) (PyFrozenSet_Type.tp_iter(o))
    #define PERDURE_IS_ARRAY(t) (strcmp((t)->tp_name, "numpy.ndarray") == 0)
    #ifdef _MSC_VER
    #define PERDURE_THREAD_LOCAL __declspec(thread)
    #else
    #define PERDURE_THREAD_LOCAL __thread
    #endif
    static PERDURE_THREAD_LOCAL void *perdure_at_work = NULL;
    """
    void* at_work "perdure_at_work"  # the thread's machine for whose stream a table is at work
    Py_hash_t hash_of "PERDURE_HASH"(PyObject*) noexcept
    bint is_array "PERDURE_IS_ARRAY"(PyTypeObject*) noexcept
    Py_ssize_t PySet_GET_SIZE(PyObject*) noexcept
    Py_ssize_t PyObject_Size(PyObject*) noexcept
    Py_ssize_t PY_SSIZE_T_MAX
    PyTypeObject PyRange_Type
    int PyFrozenSet_Check(PyObject*) noexcept
    int PyFrozenSet_CheckExact(PyObject*) noexcept
    PyObject* iterate_set "PERDURE_ITERATE_SET"(PyObject*) noexcept  # whatever a subclass says
    int PyBUF_FULL_RO
    PyObject* PyObject_GetIter(PyObject*) noexcept

cdef PyTypeObject* DEQUE = <PyTypeObject*><PyObject*>deque
cdef PyTypeObject* DEFAULTDICT = <PyTypeObject*><PyObject*>defaultdict

ctypedef PyObject* (*with_two)(PyObject*, PyObject*) noexcept


cdef object limit_reached(str message, str limit):
    raise LimitError(message, limit)


cdef int refuse(str message, str limit) noexcept:
    (<with_two>limit_reached)(<PyObject*>message, <PyObject*>limit)
    return -1


cdef bint owed(Machine* m) noexcept:
    """Adds to the budget of steps what was read since it was last looked at; whether it is still overdrawn."""
    cdef Py_ssize_t granted
    if m.fixed_steps:
        return m.budget < 0
    granted = FREE_STEPS + STEPS * (m.passed + (m.end - m.start))
    m.budget += granted - m.granted
    m.granted = granted
    return m.budget < 0


# ---- hashing -------------------------------------------------------------------------------

cdef bint is_cheap(Py_ssize_t* steps, PyObject* key, int depth) noexcept:
    """As tuple_depth, for frozensets too: they remember their hash, but == goes into both of two that have the same."""
    cdef Py_ssize_t i
    cdef Py_ssize_t n = 3
    cdef PyObject** parts
    if depth == 0:
        return False
    if PyFrozenSet_Check(key):
        return is_cheap_set(steps, key, depth)
    parts = slice_parts(key)
    if PyTuple_Check(key):
        n = PyTuple_GET_SIZE(key)
        parts = (<PyTupleObject*>key).ob_item
    steps[0] -= n + 1
    if steps[0] < 0:
        return False
    for i in range(n):
        if is_key_of_keys(parts[i]) and not is_cheap(steps, parts[i], depth - 1):
            return False
    return True


cdef bint is_cheap_set(Py_ssize_t* steps, PyObject* key, int depth) noexcept:
    cdef PyObject* iterator
    cdef PyObject* part
    cdef bint cheap = True
    steps[0] -= (PySet_GET_SIZE(key) >> 3) + 1
    if steps[0] < 0:
        return False
    iterator = iterate_set(key)
    if iterator == NULL:
        PyErr_Clear()
        return False
    while cheap:
        part = PyIter_Next(iterator)
        if part == NULL:
            break
        cheap = not is_key_of_keys(part) or is_cheap(steps, part, depth - 1)
        Py_DECREF(part)
    Py_DECREF(iterator)
    return cheap


cdef inline bint is_key_of_keys(PyObject* key) noexcept:
    if PyUnicode_CheckExact(key) or Py_TYPE(key) == &PyLong_Type or Py_TYPE(key) == &PyFloat_Type:
        return False  # as most are; the last question is a look through the type's bases
    return is_nest(key) or PyFrozenSet_Check(key)


cdef int charge(Machine* m, PyObject* target, PyObject** items, Py_ssize_t n, int step) noexcept:
    cdef Py_ssize_t i = 0
    cdef bint doubtful = False
    while i < n:
        if is_key_of_keys(items[i]) and charge_depth(m, items[i]) < 0:
            return -1
        doubtful = doubtful or is_doubtful(items[i])
        i += step
    return charge_collisions(m, target, items, n, step) if doubtful else 0


cdef int charge_depth(Machine* m, PyObject* key) noexcept:
    while not is_cheap(&m.budget, key, DEPTH):
        if m.budget >= 0:
            return refuse("a key nests too deep to be hashed", "depth")
        if owed(m):
            return refuse("hashing the keys costs more than the stream's size allows", "hashing")
    return 0


cdef inline bint is_doubtful(PyObject* key) noexcept:
    """Whether many keys of this kind could be chosen to have one hash. Text and bytes are hashed with a secret;
    no two ints of less than 61 bits collide, and few floats; nor do tuples of one item, or of two after a text."""
    cdef PyObject* first
    cdef Py_ssize_t n
    if PyUnicode_CheckExact(key) or PyBytes_CheckExact(key) or Py_TYPE(key) == &PyFloat_Type or key == Py_None:
        return False
    if Py_TYPE(key) == &PyLong_Type:
        return long_digits(key) > 2  # of thirty bits
    if PyTuple_CheckExact(key):
        n = PyTuple_GET_SIZE(key)
        if n == 0:
            return False
        first = PyTuple_GET_ITEM(key, 0)
        if PyUnicode_CheckExact(first) and n <= 2:
            return n == 2 and is_doubtful(PyTuple_GET_ITEM(key, 1))
    return True


cdef bint is_large(PyObject* number) noexcept:
    """Whether arithmetic with an int may take long."""
    return long_digits(number) > 4


cdef Py_ssize_t size_of(PyObject* target) noexcept:
    if target == NULL:
        return 0
    if PyDict_Check(target):
        return PyDict_GET_SIZE(target)
    if PySet_Check(target):
        return PySet_GET_SIZE(target)
    return FEW  # who knows


cdef int charge_collisions(Machine* m, PyObject* target, PyObject** items, Py_ssize_t n, int step) noexcept:
    """Counts the hashes of the keys to come, beside those of the keys that are there."""
    cdef Py_ssize_t i = 0
    cdef Py_ssize_t size = size_of(target) + n // step
    if size <= FEW:
        return 0
    if target == NULL or target != m.counted or size_of(target) != m.counted_size:
        m.counted = NULL  # another, be it at the same address
    if (m.counted == NULL or 2 * size > m.counters) and count_anew(m, target, size) < 0:
        return -1
    m.counted_size = size
    while i < n:
        if is_doubtful(items[i]) and count_hash(m, items[i]) < 0:
            return -1
        i += step
    return 0


cdef int count_anew(Machine* m, PyObject* target, Py_ssize_t size) noexcept:
    """A table of counters for a container of this size, with its own keys counted; going over them costs steps
    where it is another container than before, so that streams can't go to and fro between two."""
    cdef Py_ssize_t room = 256
    cdef Py_ssize_t at = 0
    cdef PyObject* key
    cdef PyObject* value
    cdef PyObject* iterator
    cdef int status = 0
    while room < 4 * size:
        room *= 2
    if m.counted == NULL:
        m.budget -= size_of(target)
        if m.budget < 0 and owed(m):
            return refuse("keys are added to large containers in turns", "hashing")
    PyMem_Free(m.counts)
    m.counts = <uint16_t*>PyMem_Malloc(room * sizeof(uint16_t))
    if m.counts == NULL:
        m.counters = 0
        PyErr_NoMemory()
        return -1
    memset(m.counts, 0, room * sizeof(uint16_t))
    m.counters = room
    m.counted = target
    if target == NULL or not (PyDict_Check(target) or PySet_Check(target)):
        return 0
    if PyDict_CheckExact(target):
        while status == 0 and PyDict_Next(target, &at, &key, &value):
            if is_doubtful(key):
                status = count_hash(m, key)
        return status
    iterator = PyObject_GetIter(target)
    if iterator == NULL:
        return -1
    while status == 0:
        key = PyIter_Next(iterator)
        if key == NULL:
            break
        if is_doubtful(key):
            status = count_hash(m, key)
        Py_DECREF(key)
    Py_DECREF(iterator)
    return -1 if status < 0 or PyErr_Occurred() != NULL else 0


cdef inline int count_hash(Machine* m, PyObject* key) noexcept:
    cdef Py_hash_t h = hash_of(key)
    cdef uint16_t* count
    if h == -1:
        return -1
    count = &m.counts[mix(<uint64_t>h) >> 20 & <uint64_t>(m.counters - 1)]
    m.budget -= COLLISION * <Py_ssize_t>count[0]
    if count[0] < FULL:
        count[0] += 1
    if m.budget < 0 and owed(m):
        return refuse("too many keys have the same hash", "hashing")
    return 0


# ---- memory and depth ----------------------------------------------------------------------

cdef int charge_copies(Machine* m, PyObject** args, Py_ssize_t n) noexcept:
    """A call may copy what its arguments hold, and the memo gives them any number of times."""
    cdef Py_ssize_t i, size
    for i in range(n):
        if PyUnicode_CheckExact(args[i]):
            m.copies -= PyUnicode_GET_LENGTH(args[i])
        elif PyBytes_CheckExact(args[i]) or Py_TYPE(args[i]) == &PyByteArray_Type:
            m.copies -= Py_SIZE(args[i])
        elif PyTuple_CheckExact(args[i]) or PyList_CheckExact(args[i]):
            m.copies -= 8 * Py_SIZE(args[i])
        elif PyDict_CheckExact(args[i]):
            m.copies -= 64 * PyDict_GET_SIZE(args[i])
        elif Py_TYPE(args[i]) == &PyLong_Type:
            m.copies -= 4 * long_digits(args[i])
        elif Py_TYPE(args[i]) == &PyRange_Type:
            size = PyObject_Size(args[i])  # what goes through it makes an int each time
            if size < 0 or size > PY_SSIZE_T_MAX // ITEM:
                PyErr_Clear()
                return refuse("the stream copies more than its size allows", "memory")
            m.copies -= ITEM * size
        elif PySet_Check(args[i]) or PyFrozenSet_CheckExact(args[i]):
            m.copies -= 64 * PySet_GET_SIZE(args[i])
        elif PyObject_CheckBuffer(args[i]):
            m.copies -= bytes_of_buffer(args[i])
    return check_copies(m)


cdef Py_ssize_t bytes_of_buffer(PyObject* source) noexcept:
    """How many bytes an array or a view shows; one that can't be shown isn't copied as bytes either."""
    cdef Py_buffer view
    cdef Py_ssize_t size
    if PyObject_GetBuffer(source, &view, PyBUF_FULL_RO) < 0:
        PyErr_Clear()
        return 0
    size = view.len
    PyBuffer_Release(&view)
    return size


cdef int charge_steps(Machine* m, Py_ssize_t steps) noexcept:
    m.budget -= steps
    if m.budget < 0 and owed(m):
        return refuse("the stream takes more steps than its size allows", "hashing")
    return 0


cdef inline int check_copies(Machine* m) noexcept:
    if m.copies < 0 and (m.fixed_copies or m.copies + COPIES * (m.passed + (m.end - m.start)) < 0):
        return refuse("the stream copies more than its size allows", "memory")
    return 0


cdef void* begin_work(Machine* m) noexcept:
    """What a table does may load something else, in the same thread: what was there before comes back."""
    global at_work
    cdef void* before = at_work
    at_work = m
    return before


cdef void end_work(void* before) noexcept:
    global at_work
    at_work = before


cdef int charge_now(Py_ssize_t size) except -1:
    """Charges the load that a table is at work for, if there is one."""
    cdef Machine* m = <Machine*>at_work
    if m == NULL:
        return 0
    m.copies -= size
    return check_copies(m)


cdef void note_one_pending() noexcept:
    """Counts an instance that the table at work has made and BUILD has to fill in."""
    if at_work != NULL:
        (<Machine*>at_work).pending += 1


cdef int charge_hashes(list keys) except -1:
    """The same, for keys that it hashes."""
    cdef Machine* m = <Machine*>at_work
    cdef PyObject* held = <PyObject*>keys
    if m == NULL:
        return 0
    return charge(m, NULL, (<PyListObject*>held).ob_item, PyList_GET_SIZE(held), 1)


cdef int charge_depths(list items) except -1:
    """The same for what somebody may hash later: not that few of them have one hash, but that each can be hashed."""
    cdef Machine* m = machine_at_work()
    cdef PyObject* held = <PyObject*>items
    cdef PyObject* item
    cdef Py_ssize_t i
    if m == NULL:
        return 0
    for i in range(PyList_GET_SIZE(held)):
        item = (<PyListObject*>held).ob_item[i]
        if is_key_of_keys(item) and charge_depth(m, item) < 0:
            return -1
    return 0


cdef Machine* machine_at_work() noexcept:
    return <Machine*>at_work


cdef void credit_buffer(Machine* m, PyObject* buffer) noexcept:
    """What the caller gives beside the stream is input, as the stream's own bytes are."""
    cdef Py_ssize_t size
    if m.fixed_copies or not PyObject_CheckBuffer(buffer):
        return
    size = bytes_of_buffer(buffer)
    m.copies += COPIES * (size if size < 1 << 40 else 1 << 40)


cdef bint is_chain(PyTypeObject* type) noexcept:
    """Types that free their items by recursion (arrays of objects: by their name, numpy may not be there)."""
    return (type == DEQUE or type == DEFAULTDICT or type == &PySlice_Type
            or is_array(type))


cdef int charge_chain(Machine* m, PyTypeObject* type, PyObject** items, Py_ssize_t n) noexcept:
    """Counts one container of such a type if it is about to hold another; an array takes more of the C stack."""
    cdef PyTypeObject* last = NULL  # most items are of the type of the one before
    cdef Py_ssize_t i
    for i in range(n):
        if Py_TYPE(items[i]) == last:
            continue
        last = Py_TYPE(items[i])
        if is_chain(last):
            m.chained += 8 if is_array(type) else 1
            if m.chained > CHAINED:
                return refuse("containers that are freed by recursion are nested too often", "depth")
            return 0
    return 0
