# The marshal reader's state: the window of bytes, the containers that are open, the references.
#
# Rules:
# - No length is believed: what a container (of more than a FEW), with those around it, still waits for takes a
#   byte an item at least, and is allocated only once so many bytes are there. A file is asked for no more than
#   that, so that it is never read past the value.
# - A tuple or a list is filled as its items come; `at` is the place of the next one. Items of the others are
#   kept on a stack of values until all are there: keys are hashed when their cost is known.
# - All references are owned: a frame's to its object, the stack's to its values, `refs`' to what it holds.
# - A tuple whose last item is NULL is not finished. It may be referred to, but never hashed; `holes` says that
#   there may be such a tuple inside another value.

from cpython.object cimport PyObject
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.machine cimport Machine

cdef enum:
    DEPTH = 2000       # containers in containers: as many as any Python writes
    FEW = 32           # items that a container may be given at once
    SMALL_FRAMES = 16  # these many stay on the C stack
    SMALL_VALUES = 64
    SMALL_REFS = 64

cdef enum Kind:
    # In this order: those that are filled directly, ...
    WHOLE     # the value itself
    TUPLE
    LIST
    # ... those whose items are counted, ...
    SET
    FROZENSET
    SLICE
    CODE      # its first eight objects
    CODE_END  # the last two
    # ... and those that end with a NULL.
    DICT
    FROZENDICT

cdef struct Frame:
    int kind
    Py_ssize_t ref     # its place in refs, or -1
    PyObject* object   # made at the start, or NULL
    PyObject** base    # its first item
    PyObject** at      # where the next one goes (of the topmost frame: known to the loop alone)
    PyObject** stop    # where there is no more room
    Py_ssize_t due     # items that those around it still wait for
    int numbers[6]     # of a code object

cdef struct Reader:
    Machine m          # window and budgets
    Frame* frames
    Frame* top
    Frame* frames_end
    PyObject** values
    PyObject** values_end
    PyObject** free    # the first of them that no frame has
    PyObject** refs    # NULL: reserved for what is made at its end
    Py_ssize_t ref_count
    Py_ssize_t ref_room
    bint allow_code
    bint odd           # there are values whose hash or == may cost more than charge() knows: code, frozendicts
    bint holes
    PyObject* loops    # tuples that something immutable referred to before they were finished; or NULL
    PyObject* codes    # a list for every code object that is made; or NULL
    # A file: what was read of it and not yet consumed, or all of it.
    PyObject* readinto
    bint keep
    PyObject* buffer   # a bytearray
    PyObject* result
    Frame small_frames[SMALL_FRAMES]
    PyObject* small_values[SMALL_VALUES]
    PyObject* small_refs[SMALL_REFS]

cdef int fetch(Reader* r, Py_ssize_t n) noexcept
cdef int grow_frames(Reader* r) noexcept
cdef int grow_values(Reader* r, Py_ssize_t n) noexcept
cdef int grow_refs(Reader* r) noexcept
cdef void reader_init(Reader* r) noexcept
cdef void unwind(Reader* r, PyObject** at) noexcept
cdef void reader_end(Reader* r) noexcept

cdef inline Py_ssize_t due(Frame* top) noexcept:
    """Bytes that are still to come after the item at hand, at the least."""
    return top.due + (0 if top.kind >= DICT else top.stop - top.at - 1)

cdef inline int open_frame(Reader* r, int kind, Py_ssize_t n, PyObject* made, int flag, PyObject** at) noexcept:
    """A container of n items, or of so many as come (0), whose bytes `begin` has seen; takes over `made`."""
    cdef Frame* top = r.top
    cdef Frame* frame
    top.at = at
    if top.kind >= DICT:
        r.free = at
    if unlikely(top + 1 == r.frames_end) and grow_frames(r) < 0:
        Py_XDECREF(made)
        return -1
    if kind > LIST and r.values_end - r.free < (n if n else 2) and grow_values(r, n if n else 2) < 0:
        Py_XDECREF(made)
        return -1
    top = r.top
    frame = top + 1
    frame.kind = kind
    frame.ref = -1
    frame.object = made
    frame.due = due(top)
    if kind == TUPLE:
        frame.base = (<PyTupleObject*>made).ob_item
    elif kind == LIST:
        frame.base = (<PyListObject*>made).ob_item
    else:
        frame.base = r.free
        r.free += n
    frame.at = frame.base
    frame.stop = frame.base + n if kind < DICT else r.values_end
    r.top = frame
    if flag:
        if r.ref_count == r.ref_room and grow_refs(r) < 0:
            return -1
        frame.ref = r.ref_count
        r.refs[r.ref_count] = made
        if made != NULL:
            Py_INCREF(made)
        r.ref_count += 1
    return 0

cdef inline int malformed(const char* what) noexcept:
    PyErr_SetString(PyExc_ValueError, what)
    return -1

cdef inline int misplaced(const char* what) noexcept:
    PyErr_SetString(PyExc_TypeError, what)
    return -1
