# The unpickling machine's state: window of bytes, value stack, marks, memo; and its errors.
#
# Rules:
# - References on the value stack and in the memo are owned. A slot of the stack whose lowest
#   bit is set is no object but a dict still to be made ("lazy", see below).
# - A lazy slot lies directly under a mark, nowhere else: `}` followed by `(` pushes one. So an
#   opcode that touches only what lies above the topmost mark never meets one, and whatever pops
#   a mark must settle the slot under it (`settle`), or make the dict itself (SETITEMS, BUILD).
# - `stack[-1]` exists and is 0, so that the slot under a mark can always be read.
# - Functions give 0 or -1 (or NULL) with an exception set; none of them is for the hot loop
#   except the inline ones that say so.

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uintptr_t, uint8_t, uint16_t, uint64_t
from libc.string cimport memcpy, memset
from perdure._engine.reader.capi cimport *

cdef enum:
    SMALL_STACK = 64    # slots on the C stack: a small load allocates nothing of its own
    SMALL_MARKS = 16
    SMALL_MEMO = 32
    COPIES = 256        # bytes that calls may copy, for each byte of the stream
    FREE_COPIES = 1 << 26
    STEPS = 64          # of hashing, for each byte of the stream
    FREE_STEPS = 1 << 20
    DENSE_MEMO = 4096   # memo indices below this, or near what is in use, live in the array

cdef struct Machine:
    # The window: bytes p..end are at hand; start is where it begins, passed how many bytes of
    # the stream came before it. Bytes input has one window for good. While a frame is open, end
    # is where the frame ends and outer where the window does (else NULL).
    const unsigned char* p
    const unsigned char* end
    const unsigned char* outer
    const unsigned char* start
    Py_ssize_t passed
    # The value stack; fence is the topmost mark's position, or the bottom.
    PyObject** stack
    PyObject** sp
    PyObject** fence
    PyObject** limit
    # Where the fences of the marks below the topmost lie, as offsets into the stack.
    Py_ssize_t* marks
    Py_ssize_t mark_count
    Py_ssize_t mark_room
    # The memo: `memo_filled` slots are set or NULL, `memo_count` objects are in it (MEMOIZE's
    # next number). Indices far beyond what is in use live in a dict.
    PyObject** memo
    Py_ssize_t memo_filled
    Py_ssize_t memo_count
    Py_ssize_t memo_room
    Py_ssize_t memo_gap         # 1 + the first index of the array that nothing was given; 0: there is none
    PyObject* memo_sparse
    # For streams of C pickle: which memo indices are ever read (a bitmap), once scanned.
    uint64_t* memo_reads
    Py_ssize_t memo_reads_bits
    int scanned                 # 0 not yet, 1 known, -1 cannot be known
    int chances                 # objects for which that would have paid
    bint keeps_memo             # the memo outlives this load: no index may be dropped
    # How to load; all borrowed from the caller.
    int proto
    bint fix_imports
    PyObject* encoding
    PyObject* errors
    PyObject* buffers           # iterator over out-of-band buffers, or NULL
    PyObject* persistent_load   # or NULL
    PyObject* unpickler         # whose find_class to call, or NULL
    PyObject* policy            # or NULL: everything may load
    # A file's methods, borrowed; read is NULL for bytes input. chunk owns the window's memory.
    PyObject* read
    PyObject* readinto
    PyObject* readline
    PyObject* peek
    PyObject* chunk
    PyObject* memory            # a BytesIO that is read in place, or NULL; borrowed
    Py_ssize_t memory_position  # where in it the window begins
    bint peeked                 # the window was only peeked at: the file has not moved yet
    # What went wrong, for the policy door.
    bint truncated
    bint foreign                # the exception came out of code that the stream called
    bint reading                # ... or out of the file
    bint hook                   # ... or out of one that the caller of the load gave us
    # Under a policy: names and types already decided, callees alive on the stack, what this load
    # did not make (by address), and work still allowed. `kind` is that of the type looked at last.
    PyObject* names             # what the policy does not keep itself
    PyObject* answers           # the policy's own, borrowed as the policy is
    PyObject* kinds
    PyObject* kind
    PyTypeObject* kind_type
    PyObject* shared
    Py_ssize_t callees
    Py_ssize_t pending          # instances that are unsafe to use before BUILD fills them in
    bint memo_callees
    bint ran                    # code of trusted classes made instances, and may have given them a dict of others'
    Py_ssize_t budget
    Py_ssize_t granted          # of the budget, by what was read so far
    Py_ssize_t copies           # bytes that calls may copy, besides COPIES for each one read
    PyObject* counted           # the container whose keys' hashes are counted in `counts`; borrowed
    Py_ssize_t counted_size
    uint16_t* counts
    Py_ssize_t counters
    uint16_t* strange           # counts of hashes in containers that are no dicts and no sets
    Py_ssize_t strangers        # how many keys these count
    bint probing                # keys are put in a large container, and are not all text
    uint64_t random             # for samples of them
    bint fixed_steps            # the caller says how many, whatever is read
    bint fixed_copies
    Py_ssize_t chained          # containers without a trashcan that hold another
    Py_ssize_t steps            # of hashing keys that are tuples; see is_deep
    # numpy's _frombuffer, once this stream has named it, and frombuffer; the dtype that was
    # looked at last, and the size of its items. (All owned.)
    PyObject* frombuffer
    PyObject* frombuffer_c
    PyObject* dtype
    Py_ssize_t itemsize
    Py_ssize_t error_offset
    # Marks and memo small enough stay here.
    Py_ssize_t small_marks[SMALL_MARKS]
    PyObject* small_memo[SMALL_MEMO]
    PyObject* small_stack[SMALL_STACK + 1]


# ---- lazy dicts ----------------------------------------------------------------------------

# A lazy slot holds memo index * 2 + 1, or LAZY_UNNUMBERED where the dict has no memo index.
cdef enum:
    LAZY_UNNUMBERED = -1

cdef inline bint is_lazy(PyObject* slot) noexcept:
    return (<uintptr_t>slot) & 1

cdef inline PyObject* lazy(Py_ssize_t memo_index) noexcept:
    return <PyObject*>(<uintptr_t>(memo_index * 2 + 1))

cdef inline Py_ssize_t lazy_index(PyObject* slot) noexcept:
    return (<Py_ssize_t>slot) >> 1  # arithmetic shift: UNNUMBERED stays negative

cdef inline int settle(Machine* m, PyObject** slot) noexcept:
    """Puts a real, empty dict in a lazy slot."""
    cdef PyObject* made = PyDict_New()
    if made == NULL:
        return -1
    number_dict(m, slot[0], made)
    slot[0] = made
    return 0

cdef inline void number_dict(Machine* m, PyObject* slot, PyObject* made) noexcept:
    """Gives the dict that a lazy slot became its place in the memo."""
    cdef Py_ssize_t index = lazy_index(slot)
    if 0 <= index < m.memo_filled and m.memo[index] == NULL:
        Py_INCREF(made)
        m.memo[index] = made


# ---- errors --------------------------------------------------------------------------------

cdef inline int underflow(Machine* m, PyObject* error) noexcept:
    PyErr_SetString(error, b"unexpected MARK found" if m.mark_count else b"unpickling stack underflow")
    return -1

cdef inline int no_memory() noexcept:
    PyErr_NoMemory()
    return -1


# ---- stack and marks -----------------------------------------------------------------------

cdef inline int grow_stack(Machine* m, Py_ssize_t need) noexcept:
    """Room for `need` more values; moves stack, sp, fence and limit."""
    cdef Py_ssize_t used = m.sp - m.stack
    cdef Py_ssize_t fence = m.fence - m.stack
    cdef Py_ssize_t room = (used + need) * 2
    cdef PyObject** moved
    if room > (<Py_ssize_t>1 << 58):
        return no_memory()
    if m.stack == m.small_stack + 1:
        moved = <PyObject**>PyMem_Malloc((room + 1) * sizeof(PyObject*))
        if moved != NULL:
            memcpy(moved, m.small_stack, (used + 1) * sizeof(PyObject*))
    else:
        moved = <PyObject**>PyMem_Realloc(m.stack - 1, (room + 1) * sizeof(PyObject*))
    if moved == NULL:
        return no_memory()
    m.stack = moved + 1
    m.sp = m.stack + used
    m.fence = m.stack + fence
    m.limit = m.stack + room
    return 0

cdef inline int grow_marks(Machine* m) noexcept:
    cdef Py_ssize_t room = m.mark_room * 2
    cdef Py_ssize_t* moved
    if m.marks == m.small_marks:
        moved = <Py_ssize_t*>PyMem_Malloc(room * sizeof(Py_ssize_t))
        if moved != NULL:
            memcpy(moved, m.small_marks, m.mark_count * sizeof(Py_ssize_t))
    else:
        moved = <Py_ssize_t*>PyMem_Realloc(m.marks, room * sizeof(Py_ssize_t))
    if moved == NULL:
        return no_memory()
    m.marks = moved
    m.mark_room = room
    return 0

cdef inline void clear_stack(Machine* m) noexcept:
    """Lets go of every value, the topmost first."""
    while m.sp > m.stack:
        m.sp -= 1
        if not is_lazy(m.sp[0]):
            Py_DECREF(m.sp[0])
    m.mark_count = 0
    m.fence = m.stack


# ---- memo ----------------------------------------------------------------------------------

# An odd number that no stream knows, and the one that undoes a multiplication by it.
cdef uint64_t chance, undone

cdef inline int grow_memo(Machine* m, Py_ssize_t need) noexcept:
    """Room for indices below `need`."""
    cdef Py_ssize_t room = m.memo_room * 2 if m.memo_room * 2 > need else need
    cdef PyObject** moved
    if m.memo == m.small_memo:
        moved = <PyObject**>PyMem_Malloc(room * sizeof(PyObject*))
        if moved != NULL:
            memcpy(moved, m.small_memo, m.memo_filled * sizeof(PyObject*))
    else:
        moved = <PyObject**>PyMem_Realloc(m.memo, room * sizeof(PyObject*))
    if moved == NULL:
        return no_memory()
    m.memo = moved
    m.memo_room = room
    return 0

cdef inline int memo_put(Machine* m, Py_ssize_t index, PyObject* value) noexcept:
    """Any index, in any order; takes its own reference."""
    cdef PyObject* old
    cdef bint counted = index < m.memo_filled and (m.memo_gap == 0 or index < m.memo_gap - 1)
    if index >= m.memo_filled:
        if index > DENSE_MEMO and index > 4 * m.memo_count:
            return memo_put_sparse(m, index, value)
        if index >= m.memo_room and grow_memo(m, index + 1) < 0:
            return -1
        memset(m.memo + m.memo_filled, 0, (index + 1 - m.memo_filled) * sizeof(PyObject*))
        if index > m.memo_filled and m.memo_gap == 0:
            m.memo_gap = m.memo_filled + 1
        m.memo_filled = index + 1
    if m.memo_sparse != NULL and memo_drop_sparse(m, index) < 0:
        return -1
    old = m.memo[index]
    Py_INCREF(value)
    m.memo[index] = value
    if old != NULL:
        Py_DECREF(old)
    elif not counted:  # else it was numbered, and left empty: a lazy dict, or what is never got again
        m.memo_count += 1
        if m.memo_count == m.memo_filled and m.memo_sparse == NULL:
            m.memo_gap = 0
    return 0

cdef inline PyObject* sparse_key(Py_ssize_t index) noexcept:
    """An index as the key of the memo's dict: no stream can choose those that stand in each other's way there."""
    return PyLong_FromUnsignedLongLong(<unsigned long long>index * chance)

cdef inline int memo_put_sparse(Machine* m, Py_ssize_t index, PyObject* value) noexcept:
    cdef PyObject* key
    cdef Py_ssize_t before
    cdef int status
    if m.memo_sparse == NULL:
        m.memo_sparse = PyDict_New()
        if m.memo_sparse == NULL:
            return -1
    key = sparse_key(index)
    if key == NULL:
        return -1
    before = PyDict_GET_SIZE(m.memo_sparse)
    status = PyDict_SetItem(m.memo_sparse, key, value)
    m.memo_count += PyDict_GET_SIZE(m.memo_sparse) - before
    Py_DECREF(key)
    return status

cdef inline int memo_drop_sparse(Machine* m, Py_ssize_t index) noexcept:
    """Before an index gets a place in the array, which has grown past it: it has one place only."""
    cdef PyObject* key = sparse_key(index)
    cdef int found = -1 if key == NULL else PyDict_Contains(m.memo_sparse, key)
    if found > 0:
        found = PyDict_DelItem(m.memo_sparse, key)
        m.memo_count -= found == 0
    Py_XDECREF(key)
    return -1 if found < 0 else 0

cdef inline PyObject* memo_get_sparse(Machine* m, Py_ssize_t index) noexcept:
    """Borrowed; NULL, perhaps without an exception."""
    cdef PyObject* key = sparse_key(index)
    cdef PyObject* value
    if key == NULL:
        return NULL
    value = PyDict_GetItemWithError(m.memo_sparse, key)
    Py_DECREF(key)
    return value

cdef inline PyObject* memo_get(Machine* m, Py_ssize_t index) noexcept:
    """Borrowed; NULL without an exception where there is none."""
    cdef PyObject* value = NULL
    cdef PyObject** slot
    if 0 <= index < m.memo_filled:
        value = m.memo[index]
        if value == NULL and m.memo_sparse != NULL:
            value = memo_get_sparse(m, index)
        if value == NULL:
            # A dict that is still lazy: somewhere on the stack, and wanted now.
            slot = m.sp
            while slot > m.stack:
                slot -= 1
                if is_lazy(slot[0]) and lazy_index(slot[0]) == index:
                    return NULL if settle(m, slot) < 0 else slot[0]
    elif m.memo_sparse != NULL:
        value = memo_get_sparse(m, index)
    return value

cdef inline bint is_read(Machine* m, Py_ssize_t index) noexcept:
    """Whether the scanned stream gets this index again."""
    return index < m.memo_reads_bits and (m.memo_reads[index >> 6] >> (index & 63)) & 1

cdef inline int number_hole(Machine* m) noexcept:
    """Numbers an object that will not be got again: the next index stays empty."""
    if m.memo_filled == m.memo_room and grow_memo(m, m.memo_filled + 1) < 0:
        return -1
    m.memo[m.memo_filled] = NULL
    m.memo_filled += 1
    m.memo_count += 1
    return 0

cdef inline void memo_clear(Machine* m) noexcept:
    """Empties it; what its objects' destructors see is already the empty memo."""
    cdef PyObject** memo = m.memo
    cdef PyObject* held[SMALL_MEMO]
    cdef PyObject* sparse = m.memo_sparse
    cdef Py_ssize_t n = m.memo_filled
    if memo == m.small_memo:
        memcpy(held, memo, n * sizeof(PyObject*))
        memo = held
    m.memo = m.small_memo
    m.memo_room = SMALL_MEMO
    m.memo_filled = m.memo_count = m.memo_gap = 0
    m.memo_sparse = NULL
    while n > 0:
        n -= 1
        Py_XDECREF(memo[n])
    if memo != held:
        PyMem_Free(memo)
    Py_XDECREF(sparse)


# ---- life ----------------------------------------------------------------------------------

cdef inline void machine_init(Machine* m) noexcept:
    """An empty machine; whoever makes one still gives it a window or a file."""
    memset(m, 0, <char*>m.small_marks - <char*>m)
    m.small_stack[0] = NULL
    m.stack = m.sp = m.fence = m.small_stack + 1
    m.limit = m.stack + SMALL_STACK
    m.marks = m.small_marks
    m.mark_room = SMALL_MARKS
    m.memo = m.small_memo
    m.memo_room = SMALL_MEMO
    m.copies = FREE_COPIES
    m.random = chance ^ <uint64_t>m

cdef inline void machine_rest(Machine* m) noexcept:
    """After a load: everything let go except the memo (and the window, for what follows)."""
    clear_stack(m)
    if m.stack != m.small_stack + 1:
        PyMem_Free(m.stack - 1)
        m.stack = m.sp = m.fence = m.small_stack + 1
        m.limit = m.stack + SMALL_STACK
    if m.marks != m.small_marks:
        PyMem_Free(m.marks)
        m.marks = m.small_marks
        m.mark_room = SMALL_MARKS
    if m.memo_reads != NULL:
        PyMem_Free(m.memo_reads)
        m.memo_reads = NULL
    if m.names != NULL:
        Py_DECREF(m.names)
        m.names = NULL
    if m.counts != NULL:
        PyMem_Free(m.counts)
        m.counts = NULL
        m.counters = 0
        m.counted = NULL
    if m.strange != NULL:
        PyMem_Free(m.strange)
        m.strange = NULL
        m.strangers = 0
    Py_XDECREF(m.kinds)
    Py_XDECREF(m.kind)
    m.answers = m.kinds = m.kind = NULL
    m.kind_type = NULL
    Py_XDECREF(m.frombuffer)
    Py_XDECREF(m.frombuffer_c)
    Py_XDECREF(m.dtype)
    m.frombuffer = m.frombuffer_c = m.dtype = NULL

cdef inline void machine_end(Machine* m) noexcept:
    machine_rest(m)
    memo_clear(m)
    if m.shared != NULL:
        Py_DECREF(m.shared)
        m.shared = NULL
    if m.chunk != NULL:
        Py_DECREF(m.chunk)
        m.chunk = NULL


# ---- the loop (machine.pyx) ----------------------------------------------------------------

cdef PyObject* run(Machine* m) noexcept
cdef int argument_size(int op) noexcept  # in bytes, of an opcode's fixed argument
cdef int no_mark() noexcept
cdef int memoize(Machine* m, Py_ssize_t index, PyObject* value) noexcept
cdef PyObject* recall(Machine* m, Py_ssize_t index) noexcept
