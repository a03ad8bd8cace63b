"""Budgets of work and memory under a policy: see work.pxd."""

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint16_t, uint64_t
from libc.string cimport memset
from perdure._engine.layouts cimport direct_dicts
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
    HEAVY = 4096         # steps of hashing one, from which comparing it with others counts too
    STRANGE = 1 << 16    # counters of hashes in containers that we can't look into
    SAMPLES = 8          # steps, for each place that one of sixteen keys was not at: half a step for each
    NEAR = 16            # places that a key may be away from its own, in any table
    FAR = 1 << 20        # places, beyond which they are not counted

cdef extern from *:
    """
    #define PERDURE_HASH(o) PyObject_Hash(o)
    #define PERDURE_ITERATE_SET(o) (PyFrozenSet_Type.tp_iter(o))
    #define PERDURE_IS_ARRAY(t) (strcmp((t)->tp_name, "numpy.ndarray") == 0)
    #define PERDURE_SIZE_OF_DEQUE(o) (Py_SIZE(o))
    #define PERDURE_ITEM_SIZE(t) ((t)->tp_itemsize)
    #define PERDURE_SLOT_OF(d, o) (Py_TYPE(d)->tp_descr_get(d, o, (PyObject *)Py_TYPE(o)))

    /* How many places a look-up passes until it meets an empty one. */
    static Py_ssize_t perdure_dict_probes(PyObject *o, Py_hash_t hash, Py_ssize_t most) {
        const perdure_dict_keys *keys = ((perdure_dict *)o)->keys;
        size_t mask = ((size_t)1 << keys->log2_size) - 1, perturb = (size_t)hash, i = (size_t)hash & mask;
        int width = keys->log2_index_bytes - keys->log2_size;
        Py_ssize_t n;
        for (n = 0; n < most; n++) {
            int empty = width == 0 ? ((const int8_t *)keys->indices)[i] == -1
                      : width == 1 ? ((const int16_t *)keys->indices)[i] == -1
                      : width == 2 ? ((const int32_t *)keys->indices)[i] == -1
                      : ((const int64_t *)keys->indices)[i] == -1;
            if (empty) break;
            perturb >>= 5;
            i = (i * 5 + perturb + 1) & mask;
        }
        return n;
    }
    static Py_ssize_t perdure_set_probes(PyObject *o, Py_hash_t hash, Py_ssize_t most) {
        const PySetObject *set = (PySetObject *)o;
        size_t mask = (size_t)set->mask, perturb = (size_t)hash, i = (size_t)hash & mask;
        Py_ssize_t n = 0;
        while (n < most) {
            const setentry *entry = &set->table[i];
            int more = i + 9 <= mask ? 9 : 0;  /* it looks at neighbours first */
            do {
                if (entry->key == NULL) return n;
                n++, entry++;
            } while (more--);
            perturb >>= 5;
            i = (i * 5 + 1 + perturb) & mask;
        }
        return n;
    }
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
    PyObject* iterate_set "PERDURE_ITERATE_SET"(PyObject*) noexcept  # whatever a subclass says
    int PyBUF_FULL_RO
    PyTypeObject PyMethodDescr_Type, PyMemberDescr_Type
    Py_ssize_t dict_probes "perdure_dict_probes"(PyObject*, Py_hash_t, Py_ssize_t) noexcept
    Py_ssize_t set_probes "perdure_set_probes"(PyObject*, Py_hash_t, Py_ssize_t) noexcept
    PyObject* slot_of "PERDURE_SLOT_OF"(PyObject*, PyObject*) noexcept
    Py_ssize_t item_size "PERDURE_ITEM_SIZE"(PyTypeObject*) noexcept
    Py_ssize_t size_of_deque "PERDURE_SIZE_OF_DEQUE"(PyObject*) noexcept
    Py_ssize_t PyLong_AsSsize_t(PyObject*) noexcept
    int PyAnySet_Check(PyObject*) noexcept
    PyObject* PySequence_Tuple(PyObject*) noexcept
    PyObject* PyObject_GetIter(PyObject*) noexcept

cdef PyObject* SIZE_OF_OBJECT = <PyObject*>object.__dict__["__sizeof__"]
cdef str S_sizeof = "__sizeof__"
cdef str S_numerator = "_numerator"
cdef str S_denominator = "_denominator"
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
        if is_key_of_keys(parts[i]):
            if not is_cheap(steps, parts[i], depth - 1):
                return False
        else:
            steps[0] -= weight(parts[i])
    return steps[0] >= 0


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
        if is_key_of_keys(part):
            cheap = is_cheap(steps, part, depth - 1)
        else:
            steps[0] -= weight(part)
        Py_DECREF(part)
    Py_DECREF(iterator)
    return cheap and steps[0] >= 0


cdef inline bint is_key_of_keys(PyObject* key) noexcept:
    if PyUnicode_CheckExact(key) or Py_TYPE(key) == &PyLong_Type or Py_TYPE(key) == &PyFloat_Type:
        return False  # as most are; the last question is a look through the type's bases
    return is_nest(key) or PyFrozenSet_Check(key)


cdef inline Py_ssize_t weight(PyObject* key) noexcept:
    """Steps that hashing a key takes, or comparing it with an equal one, for its size alone: none for most."""
    cdef Py_ssize_t size
    if PyUnicode_Check(key):
        size = PyUnicode_GET_LENGTH(key)
    elif PyLong_Check(key):
        size = 16 * long_digits(key)
    elif Py_TYPE(key) == &PyFloat_Type or key == Py_None:
        return 0
    elif PyBytes_Check(key):
        size = Py_SIZE(key)
    else:
        size = size_in_c(key)
    return size >> 6 if size > LIGHT else 0


cdef Py_ssize_t size_in_c(PyObject* key) noexcept:
    """What an object of a type in C says of its size (a pattern, a decimal), or a Fraction's numbers; 0 for others."""
    cdef PyObject* method = _PyType_Lookup(Py_TYPE(key), <PyObject*>S_sizeof)
    cdef PyObject* answer
    cdef Py_ssize_t size = 0
    if method == SIZE_OF_OBJECT:
        if item_size(Py_TYPE(key)):  # a pattern's code
            return item_size(Py_TYPE(key)) * Py_SIZE(key)
        return slot_digits(key, <PyObject*>S_numerator) + slot_digits(key, <PyObject*>S_denominator)
    if method != NULL and Py_TYPE(method) == &PyMethodDescr_Type:
        answer = PyObject_CallOneArg(method, key)
        if answer != NULL:
            size = PyLong_AsSsize_t(answer)
            Py_DECREF(answer)
        if PyErr_Occurred() != NULL:
            PyErr_Clear()
    return size


cdef Py_ssize_t slot_digits(PyObject* key, PyObject* name) noexcept:
    cdef PyObject* member = _PyType_Lookup(Py_TYPE(key), name)
    cdef PyObject* number
    cdef Py_ssize_t size = 0
    if member == NULL or Py_TYPE(member) != &PyMemberDescr_Type:
        return 0
    number = slot_of(member, key)
    if number == NULL:
        PyErr_Clear()
        return 0
    if PyLong_Check(number):
        size = 16 * long_digits(number)
    Py_DECREF(number)
    return size


cdef int charge(Machine* m, PyObject* target, PyObject** items, Py_ssize_t n, int step) noexcept:
    cdef Py_ssize_t i = 0
    cdef Py_ssize_t size = size_of(target) + n // step
    cdef Py_ssize_t others = size if size < FEW else FEW  # which may have the same hash, uncounted
    cdef Py_ssize_t spent
    cdef PyObject* key
    cdef bint doubtful = False
    cdef bint chosen = False
    while i < n:
        key = items[i]
        i += step
        if PyUnicode_CheckExact(key):
            if PyUnicode_GET_LENGTH(key) > LIGHT and charge_steps(m, weight(key)) < 0:
                return -1
            continue
        chosen = True
        if is_key_of_keys(key):
            spent = m.budget - m.granted
            if charge_depth(m, key) < 0:
                return -1
            spent -= m.budget - m.granted
            if spent > HEAVY and charge_steps(m, spent * others) < 0:
                return -1
            doubtful = doubtful or is_doubtful(key)
        else:
            spent = weight(key)
            if is_doubtful(key):
                doubtful = True
                spent *= 1 + others
            if spent and charge_steps(m, spent) < 0:
                return -1
    m.probing = chosen and size > FEW
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
    no two ints of less than 61 bits collide, and few floats; nor do tuples of one item, or of two with a text."""
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
        if n == 2 and PyUnicode_CheckExact(PyTuple_GET_ITEM(key, 1)):
            return is_doubtful(first)
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
    if target != NULL and not PyDict_Check(target) and not PySet_Check(target):
        return count_strange(m, items, n, step)
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


cdef int count_strange(Machine* m, PyObject** items, Py_ssize_t n, int step) noexcept:
    """For containers that we can't look into: all of a load together, by what is more than chance."""
    cdef Py_ssize_t i = 0
    cdef Py_ssize_t fair, more
    cdef Py_hash_t h
    cdef uint16_t* count
    if m.strange == NULL:
        m.strange = <uint16_t*>PyMem_Malloc(STRANGE * sizeof(uint16_t))
        if m.strange == NULL:
            PyErr_NoMemory()
            return -1
        memset(m.strange, 0, STRANGE * sizeof(uint16_t))
    while i < n:
        if is_doubtful(items[i]):
            h = hash_of(items[i])
            if h == -1:
                return -1
            m.strangers += 1
            fair = 16 + 2 * m.strangers // STRANGE
            count = &m.strange[mix(<uint64_t>h) >> 20 & <uint64_t>(STRANGE - 1)]
            if count[0] < FULL:
                count[0] += 1
            more = count[0] - fair
            if more > 0 and charge_steps(m, COLLISION * more) < 0:
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
    m.budget -= (COLLISION + weight(key)) * <Py_ssize_t>count[0]
    if count[0] < FULL:
        count[0] += 1
    if m.budget < 0 and owed(m):
        return refuse("too many keys have the same hash", "hashing")
    return 0


cdef int charge_probes(Machine* m, PyObject* target, PyObject* key) noexcept:
    """How far a key lies from its own place in the table, for those around it too that were not looked at."""
    cdef Py_ssize_t n
    cdef Py_hash_t h = hash_of(key)
    if h == -1:
        return -1
    if PyAnySet_Check(target):
        n = set_probes(target, h, FAR)
    elif direct_dicts and PyDict_Check(target):
        n = dict_probes(target, h, FAR)
    else:
        return 0
    if n <= NEAR:
        return 0
    m.budget -= SAMPLES * n
    if m.budget < 0 and owed(m):
        return refuse("too many keys stand in each other's way", "hashing")
    return 0


cdef PyObject* set_of_list(Machine* m, PyObject* values, bint frozen) noexcept:
    """A set of a list's items, which are charged already (new)."""
    cdef PyObject* made
    cdef PyObject* key
    cdef Py_ssize_t i = 0
    cdef int status = 0
    if not m.probing:
        return PyFrozenSet_New(values) if frozen else PySet_New(values)
    made = PyFrozenSet_New(NULL) if frozen else PySet_New(NULL)
    if made != NULL and Py_REFCNT(made) != 1:  # the empty one may be shared
        Py_DECREF(made)
        return PyFrozenSet_New(values)
    while made != NULL and i < PyList_GET_SIZE(values):
        key = (<PyListObject*>values).ob_item[i]
        Py_INCREF(key)
        status = -1 if PySet_Add(made, key) < 0 else look_after(m, made, key)
        Py_DECREF(key)
        if status < 0:
            Py_DECREF(made)
            return NULL
        i += 1
    return made


# ---- memory and depth ----------------------------------------------------------------------

cdef int charge_copies(Machine* m, PyObject** args, Py_ssize_t n) noexcept:
    """A call may copy what its arguments hold, and the memo gives them any number of times."""
    cdef Py_ssize_t i, size
    for i in range(n):
        if PyUnicode_Check(args[i]):
            m.copies -= PyUnicode_GET_LENGTH(args[i])
        elif PyBytes_Check(args[i]) or PyByteArray_Check(args[i]):
            m.copies -= Py_SIZE(args[i])
        elif PyTuple_Check(args[i]) or PyList_Check(args[i]):
            m.copies -= 8 * Py_SIZE(args[i])
        elif PyDict_Check(args[i]):
            m.copies -= 64 * PyDict_GET_SIZE(args[i])
        elif PyLong_Check(args[i]):
            m.copies -= 4 * long_digits(args[i])
        elif Py_TYPE(args[i]) == DEQUE or PyType_IsSubtype(Py_TYPE(args[i]), DEQUE):
            m.copies -= 8 * size_of_deque(args[i])
        elif Py_TYPE(args[i]) == &PyRange_Type:
            size = PyObject_Size(args[i])  # what goes through it makes an int each time
            if size < 0 or size > PY_SSIZE_T_MAX // ITEM:
                PyErr_Clear()
                return refuse("the stream copies more than its size allows", "memory")
            m.copies -= ITEM * size
        elif PyAnySet_Check(args[i]):
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


cdef int charge_sequence(Machine* m, PyObject* keys) noexcept:
    """Charges the keys in a list or a tuple: of a copy, as their own __hash__, which is asked, may alter a list."""
    cdef PyObject* copied = PySequence_Tuple(keys)
    cdef int status
    if copied == NULL:
        return -1
    status = charge(m, NULL, (<PyTupleObject*>copied).ob_item, PyTuple_GET_SIZE(copied), 1)
    Py_DECREF(copied)
    return status


cdef int charge_call_of(tuple args) except -1:
    """The same, for what a table is about to call something with."""
    cdef Machine* m = <Machine*>at_work
    cdef PyObject* held = <PyObject*>args
    if m == NULL:
        return 0
    return charge_copies(m, (<PyTupleObject*>held).ob_item, PyTuple_GET_SIZE(held))


cdef int charge_hashes(list keys, bint as_dict) except -1:
    """The same, for keys that it hashes, and puts in a set or a dict: many are tried in one of ours first."""
    cdef Machine* m = <Machine*>at_work
    cdef PyObject* held = <PyObject*>keys
    cdef PyObject* tried
    cdef Py_ssize_t i
    cdef int status = 0
    if m == NULL:
        return 0
    m.copies -= 64 * PyList_GET_SIZE(held)
    if check_copies(m) < 0 or charge_sequence(m, held) < 0:
        return -1
    if not m.probing:
        return 0
    if as_dict:
        tried = PyDict_New()
        for i in range(PyList_GET_SIZE(held)):
            if tried == NULL or PyDict_SetItem(tried, (<PyListObject*>held).ob_item[i], Py_None) < 0 or \
                    look_after(m, tried, (<PyListObject*>held).ob_item[i]) < 0:
                status = -1
                break
    else:
        tried = set_of_list(m, held, False)
        status = -1 if tried == NULL else 0
    Py_XDECREF(tried)
    return status


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
