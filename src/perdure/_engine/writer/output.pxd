# The writer's state: where the bytes go, what has been written, what is still pending.

from libc.stdint cimport uint8_t, uint32_t
from perdure._engine.writer.canonical cimport Canon
from perdure._engine.writer.capi cimport PyObject, PyTypeObject, Py_INCREF, Py_DECREF, unlikely
from perdure._engine.writer.memo cimport Table
from perdure._engine.writer.shapes cimport Shapes

cdef enum:
    FRAME_TARGET = 65536   # PEP 3154: a reader fetches a frame at once, so it is bounded
    FRAME_HEADER = 9       # FRAME and its length
    BATCH = 1000           # items between MARK and APPENDS, SETITEMS or ADDITEMS
    RETAINED = 1 << 20     # scratch memory kept between calls, at most
    SLACK = 64             # bytes that are always free behind `end`: any leaf fits, unchecked

# What a pending piece of work is. The stack of tasks stands for the C stack of a
# recursive writer: what is nested in the object is never nested in calls.
cdef enum Kind:
    LIST          # a list's items                      next: index of the next item
    TUPLE         # a tuple's items, then TUPLE
    NAMED         # a named tuple's items, then TUPLE and NEWOBJ; or arguments, then TUPLE and REDUCE
    DICT          # a dict's entries                    next: position for PyDict_Next
    SET           # a set's items                       next: slot in the set's table
    FROZENSET
    SLOTS         # an instance's slots                 next: index of the next slot
    ITEMS         # items from the iterator `extra` (reduce's fourth answer)
    PAIRS         # pairs from the iterator `extra` (reduce's fifth answer)
    ORDERED       # an OrderedDict's entries            extra: the iterator over its keys
    REDUCE        # the reduce answer `extra`           next: its next piece
    PERSISTENT    # a persistent id, then BINPERSID

cdef enum Flag:
    ONE = 1         # one item: APPEND or SETITEM, without MARK
    EACH = 2        # protocol 0: APPEND or SETITEM after every item
    UNIQUE = 4      # no memo entry at the end (tuples, frozensets, reduce answers)
    STATE = 8       # a dict that is the state of the instance in `extra`: BUILD follows
    CALLED = 8      # NAMED: arguments of the call that makes `extra`
    NEWOBJ = 16     # a reduce answer by copyreg.__newobj__
    NEWOBJ_EX = 32  # ... by copyreg.__newobj_ex__
    NOTED = 64      # a reduce answer that errors should be told of

cdef enum Pending:  # what of an entry has been written, or is being written
    NO_PAIR
    KEY_WAITS
    KEY_DONE
    VALUE_DONE

cdef enum Part:     # what of an instance was being written without a task of its own
    PART_CLASS
    PART_CALLABLE

cdef enum Piece:    # of a reduce answer, in the order of writing
    CALLABLE        # the callable, or the class of NEWOBJ
    ARGUMENTS
    KEYWORDS        # NEWOBJ_EX only
    MADE            # the opcode that makes the object, and its memo entry
    LIST_ITEMS
    DICT_ITEMS
    SETTER          # the sixth item: called with object and state, in place of BUILD
    SETTER_OBJECT
    THE_STATE
    END

cdef struct Task:
    PyObject* obj        # owned: the object whose parts are written
    PyObject* extra      # owned, or NULL
    PyObject* key        # owned, or NULL: the key whose value is being written
    PyObject* value      # owned, or NULL: the value that waits for its key to be written
    Py_ssize_t next
    Py_ssize_t size      # what the container held at the start
    uint32_t batch       # items since the last MARK
    uint8_t kind
    uint8_t flags
    uint8_t pending      # a Pending
    uint8_t fast         # fast mode watches this object for cycles

cdef class Output:
    # -- bytes
    cdef unsigned char* base
    cdef unsigned char* p        # the next byte; loops keep a copy and store it before calls
    cdef unsigned char* end      # go on to more() from here: the frame or the buffer is full
    cdef unsigned char* cap      # the buffer's end, less SLACK
    cdef PyObject* big           # the bytes object that base lies in; NULL: scratch memory
    cdef unsigned char* scratch  # the scratch memory while base lies in a bytes object
    cdef unsigned char* scratch_cap
    cdef Py_ssize_t frame        # where the open frame's header lies; -1: none is open
    cdef Py_ssize_t expected     # the size of the last result, most likely that of the next
    cdef object write            # the file's write, or None
    cdef object write_large      # the file's for an opcode whose argument is long, or None: the same as the rest
    cdef bint due                # enough has gathered for the file
    # -- memo
    cdef Table memo
    cdef PyObject** owned        # every memoized object; keeps its address its own
    cdef Py_ssize_t owned_count, owned_size
    # -- elision (see docs/engine.md): objects written without a memo entry
    cdef PyObject** log
    cdef Py_ssize_t log_count, log_size, log_hashed
    cdef Table logged
    cdef bint elide              # an object with one reference needs no memo entry
    cdef bint hooked             # Python code has run, which may fetch what was elided
    # -- tasks
    cdef Task* tasks
    cdef Py_ssize_t depth, tasks_size
    # -- settings
    cdef int proto
    cdef bint binary             # proto >= 1
    cdef bint fast               # Pickler.fast: no memo at all
    cdef bint fix_imports
    cdef bint plain              # protocol 4 or 5 and no persistent_id: the short loops apply
    cdef bint path_notes         # an error's place as root['a'][0], not as pickle says it
    cdef bint canonical          # equal values give equal bytes: `plain` and `elide` are off
    cdef Canon canon             # of a canonical dump under way
    cdef set modules             # the modules of what is named, where somebody wants to know; or None
    cdef object persistent_id, reducer_override, dispatch_table, buffer_callback
    cdef object part_of          # for an error's note: the class whose `part` is being written
    cdef Part part
    cdef list decisions          # what buffer_callback has answered, in order
    cdef Py_ssize_t decided      # how many of them this attempt has used
    cdef set fast_seen           # ids of containers that fast mode is inside of
    cdef Shapes shapes           # what is known of classes; borrowed for a dump

    cdef unsigned char* more(self, unsigned char* p, Py_ssize_t n) except NULL
    cdef int begin(self) except -1
    cdef int close_frame(self) except -1
    cdef int flush(self) except -1
    cdef int grow(self, Py_ssize_t n) except -1
    cdef void set_end(self) noexcept
    cdef int new_scratch(self) except -1
    cdef void back_to_scratch(self) noexcept
    cdef int put_code(self, unsigned char code) except -1
    cdef int put_bytes(self, const void* data, Py_ssize_t n) except -1
    cdef int put_bytes_of(self, bytes data) except -1
    cdef int put_big(self, const void* header, Py_ssize_t hn, const void* data, Py_ssize_t n,
                     PyObject* payload) except -1
    cdef unsigned char* put_wide_int(self, unsigned char* p, PyObject* obj) except NULL
    cdef unsigned char* put_text(self, unsigned char* p, PyObject* s) except NULL
    cdef unsigned char* put_shared_text(self, unsigned char* p, PyObject* s) except NULL
    cdef object finish(self)
    cdef void reset(self) noexcept

    cdef Py_ssize_t known(self, PyObject* obj) noexcept
    cdef int own(self, PyObject* obj) except -1
    cdef int own_as(self, PyObject* obj, uint32_t number) except -1
    cdef int memoize(self, PyObject* obj) except -1
    cdef int get(self, Py_ssize_t index) except -1
    cdef int grow_log(self) except -1
    cdef bint was_elided(self, PyObject* obj) except -1
    cdef int check_elided(self, PyObject* obj) except -1
    cdef void forget(self) noexcept

    cdef int grow_tasks(self) except -1
    cdef int check_progress(self) except -1
    cdef int drop(self) except -1


cdef inline Task* push(Output out, Kind kind, PyObject* obj) except NULL:
    """A new task on top; it owns obj. Pointers to older tasks are void after this."""
    cdef Task* t
    if unlikely(out.depth == out.tasks_size):
        out.grow_tasks()
    t = &out.tasks[out.depth]
    out.depth += 1
    Py_INCREF(obj)
    t.obj = obj
    t.extra = t.key = t.value = NULL
    t.next = t.size = 0
    t.batch = 0
    t.kind = <uint8_t>kind
    t.flags = t.pending = t.fast = 0
    return t


cdef inline int pop(Output out) except -1:
    """Drop the top task."""
    cdef Task* t = &out.tasks[out.depth - 1]
    if t.extra != NULL or t.key != NULL or t.value != NULL or t.fast:
        return out.drop()
    out.depth -= 1
    Py_DECREF(t.obj)
    return 0
