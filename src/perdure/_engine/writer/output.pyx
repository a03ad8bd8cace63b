"""The writer's state: a buffer cut into frames, a memo, a stack of pending tasks.

Rules that hold here:

- ``p`` is the next byte. A loop may keep it in a local variable, and stores it back
  before it calls anything that writes.
- Whoever writes an opcode first asks for room (``more``), and only between opcodes:
  there a frame may be closed and the buffer moved. ``more`` runs no Python code; bytes go
  to the file in ``flush`` alone, which is called where any code may run.
- SLACK bytes are free behind ``end``, so a leaf of bounded size needs no second check.
- An object in the memo is owned until the memo is cleared.
"""

from _pickle import PicklingError

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t, int64_t
from libc.string cimport memcpy, memmove
from perdure._engine.opcodes cimport *
from perdure._engine.writer.capi cimport *
from perdure._engine.writer.memo cimport *
from perdure._engine.writer.naming cimport type_name
from perdure._engine.writer.put cimport put_short_int

cdef enum:
    FIRST_BUFFER = 4096
    FIRST_MEMO = 7           # log2 of the memo's slots
    RETAINED_MEMO = 14
    FIRST_TASKS = 32
    RETAINED_TASKS = 4096
    RETAINED_OWNED = 1 << 14
    DIRECT = 1 << 17         # expecting more than this, the first frame's end moves to the result itself
    MOST_EXPECTED = 1 << 26
    LONG_TEXT = 8192         # bytes of UTF-8, at most; longer text may go to a file on its own
    DEEP = 1 << 14           # tasks, from which on progress is looked for
    MOST_MAKINGS = 1000      # of one object, at once
    SMALLEST_FRAME = 4       # a shorter one would cost more than it saves


cdef inline unsigned char* put_text_header(unsigned char* p, Py_ssize_t n) noexcept:
    if n < 256:
        p[0] = OP_SHORT_BINUNICODE
        p[1] = <unsigned char>n
        return p + 2
    p[0] = OP_BINUNICODE
    put_le(p + 1, <uint64_t>n, 4)
    return p + 5


cdef Py_ssize_t utf8_encode(PyObject* s, unsigned char* to) noexcept:
    """UTF-8 of s written to `to` (4 bytes a character must be free); -1: a lone surrogate."""
    cdef Py_ssize_t i, n = PyUnicode_GET_LENGTH(s)
    cdef unsigned char* q = to
    cdef const uint8_t* one
    cdef const uint16_t* two
    cdef const uint32_t* four
    cdef uint32_t c
    cdef int kind = PyUnicode_KIND(s)
    if kind == 1:
        one = <const uint8_t*>PyUnicode_DATA(s)
        for i in range(n):
            c = one[i]
            if c < 0x80:
                q[0] = <uint8_t>c
                q += 1
            else:
                q[0] = <uint8_t>(0xc0 | (c >> 6))
                q[1] = <uint8_t>(0x80 | (c & 0x3f))
                q += 2
        return q - to
    two = <const uint16_t*>PyUnicode_DATA(s)
    four = <const uint32_t*>PyUnicode_DATA(s)
    for i in range(n):
        c = two[i] if kind == 2 else four[i]
        if c < 0x80:
            q[0] = <uint8_t>c
            q += 1
        elif c < 0x800:
            q[0] = <uint8_t>(0xc0 | (c >> 6))
            q[1] = <uint8_t>(0x80 | (c & 0x3f))
            q += 2
        elif c < 0x10000:
            if 0xd800 <= c < 0xe000:
                return -1
            q[0] = <uint8_t>(0xe0 | (c >> 12))
            q[1] = <uint8_t>(0x80 | ((c >> 6) & 0x3f))
            q[2] = <uint8_t>(0x80 | (c & 0x3f))
            q += 3
        else:
            q[0] = <uint8_t>(0xf0 | (c >> 18))
            q[1] = <uint8_t>(0x80 | ((c >> 12) & 0x3f))
            q[2] = <uint8_t>(0x80 | ((c >> 6) & 0x3f))
            q[3] = <uint8_t>(0x80 | (c & 0x3f))
            q += 4
    return q - to


# The collector must see the memo: an object that holds the pickler that wrote it is a cycle.
# Cython's own traverse and clear know the object attributes only, so ours go before them.

cdef extern from *:
    """
    static traverseproc perdure_swap_traverse(PyObject *type, traverseproc f) {
        traverseproc old = ((PyTypeObject *)type)->tp_traverse;
        ((PyTypeObject *)type)->tp_traverse = f;
        return old;
    }
    static inquiry perdure_swap_clear(PyObject *type, inquiry f) {
        inquiry old = ((PyTypeObject *)type)->tp_clear;
        ((PyTypeObject *)type)->tp_clear = f;
        return old;
    }
    """
    ctypedef int (*visitproc)(PyObject*, void*) noexcept
    ctypedef int (*traverseproc)(PyObject*, visitproc, void*) noexcept
    ctypedef int (*inquiry)(PyObject*) noexcept
    traverseproc swap_traverse "perdure_swap_traverse"(PyObject*, traverseproc) noexcept
    inquiry swap_clear "perdure_swap_clear"(PyObject*, inquiry) noexcept


cdef int visit_memo(PyObject* obj, visitproc visit, void* arg) noexcept:
    # No variable of type Output: reference counts must not change while the collector looks.
    cdef PyObject** owned = (<Output>obj).owned
    cdef Py_ssize_t i, n = (<Output>obj).owned_count
    cdef int stop
    for i in range(n):
        stop = visit(owned[i], arg)
        if stop:
            return stop
    return own_traverse(obj, visit, arg)


cdef int clear_memo(PyObject* obj) noexcept:
    (<Output>obj).forget()
    return own_clear(obj)


cdef traverseproc own_traverse
cdef inquiry own_clear


class Restart(Exception):
    """An elided object was reached again; caught in loops.write_object alone."""


cdef class Output:
    def __cinit__(self):
        self.fast_seen = set()
        self.decisions = []
        self.new_scratch()
        self.owned = <PyObject**>PyMem_RawMalloc(64 * sizeof(PyObject*))
        self.tasks = <Task*>PyMem_RawMalloc(FIRST_TASKS * sizeof(Task))
        if self.owned == NULL or self.tasks == NULL:
            raise MemoryError
        self.owned_size = 64
        self.tasks_size = FIRST_TASKS
        self.frame = -1
        table_new(&self.memo, FIRST_MEMO)

    def __dealloc__(self):
        while self.depth:
            self.drop()
        self.forget()
        if self.big != NULL:
            Py_DECREF(self.big)
            self.back_to_scratch()
        PyMem_RawFree(self.base)
        PyMem_RawFree(self.owned)
        PyMem_RawFree(self.tasks)
        PyMem_RawFree(self.memo.slots)
        PyMem_RawFree(self.logged.slots)
        PyMem_RawFree(self.log)

    # -- bytes ---------------------------------------------------------------

    cdef int begin(self) except -1:
        """Start a stream: PROTO and the first frame's place."""
        if self.base == NULL:
            self.new_scratch()
        self.p = self.base
        self.frame = -1
        if self.proto >= 2:
            self.p[0] = OP_PROTO
            self.p[1] = <unsigned char>self.proto
            self.p += 2
        if self.proto >= 4:
            self.frame = 2
            self.p += FRAME_HEADER
        self.set_end()
        return 0

    cdef void set_end(self) noexcept:
        self.end = self.cap
        if self.frame >= 0 and self.end > self.base + self.frame + FRAME_HEADER + FRAME_TARGET:
            self.end = self.base + self.frame + FRAME_HEADER + FRAME_TARGET

    cdef unsigned char* more(self, unsigned char* p, Py_ssize_t n) except NULL:
        """Room for n bytes, at the place returned: closes a full frame, flushes or grows."""
        cdef Py_ssize_t filled = p - self.base - self.frame - FRAME_HEADER
        self.p = p
        # What fits in SLACK goes on in a frame that is not full, so that where frames end
        # depends on the content alone, not on where the buffer did.
        if self.proto >= 4 and (self.frame < 0 or filled + (n if n > SLACK else 1) > FRAME_TARGET):
            self.close_frame()
            self.due = True
            if self.cap - self.p < n + FRAME_HEADER or (self.big == NULL and self.expected > DIRECT):
                self.grow(n + FRAME_HEADER)
            self.frame = self.p - self.base
            self.p += FRAME_HEADER
        elif p - self.base >= FRAME_TARGET:
            self.due = True
        if self.cap - self.p < n:
            self.grow(n)
        self.set_end()
        return self.p

    cdef int close_frame(self) except -1:
        cdef Py_ssize_t size
        cdef unsigned char* header
        if self.frame < 0:
            return 0
        header = self.base + self.frame
        size = self.p - header - FRAME_HEADER
        if size >= SMALLEST_FRAME:
            header[0] = OP_FRAME
            put_le(header + 1, <uint64_t>size, 8)
        else:
            memmove(header, header + FRAME_HEADER, size)
            self.p -= FRAME_HEADER
        self.frame = -1
        self.end = self.p  # whoever writes next comes by more(), which opens a frame
        return 0

    cdef int flush(self) except -1:
        """Send to the file what is complete: all but an open frame. Runs Python code."""
        cdef Py_ssize_t n = self.p - self.base
        cdef Py_ssize_t kept = 0
        self.due = False
        if self.write is None:
            return 0
        if self.frame >= 0:
            kept = n - self.frame
            n = self.frame
        if n:
            data = self.base[:n]
            memmove(self.base, self.base + n, kept)
            self.p = self.base + kept
            if self.frame >= 0:
                self.frame = 0
                self.set_end()
            else:
                self.end = self.p if self.proto >= 4 else self.cap
            self.write(data)
        return 0

    cdef int grow(self, Py_ssize_t n) except -1:
        """Make the buffer hold n more bytes. A large result is written where it will be returned:
        the buffer moves there past RETAINED, and before what would be long to copy."""
        cdef Py_ssize_t used = self.p - self.base
        cdef Py_ssize_t size = self.cap + SLACK - self.base
        cdef Py_ssize_t wanted = used + n + SLACK
        cdef unsigned char* base
        cdef bint moves = self.write is None and self.big == NULL and (
            wanted > RETAINED or 2 * size > RETAINED or self.expected > DIRECT or n >= FRAME_TARGET)
        if moves and self.expected > wanted:
            size = self.expected + self.expected // 32 + 2 * SLACK
        elif wanted > 2 * size or moves and n >= FRAME_TARGET:
            size = wanted + 4096  # one large piece: its size, not the next power of two
        else:
            size = 2 * size
        if self.big != NULL:
            try:
                _PyBytes_Resize(&self.big, size)
            except BaseException:  # the object is gone
                self.back_to_scratch()
                raise
            base = <unsigned char*>PyBytes_AS_STRING(self.big)
        elif moves:
            self.big = PyBytes_FromStringAndSize(NULL, size)
            base = <unsigned char*>PyBytes_AS_STRING(self.big)
            memcpy(base, self.base, used)
            self.scratch = self.base  # waits for the next dump
            self.scratch_cap = self.cap
        else:
            base = <unsigned char*>PyMem_RawRealloc(self.base, size)
            if base == NULL:
                raise MemoryError
        self.base = base
        self.cap = base + size - SLACK
        self.p = base + used
        return 0

    cdef void back_to_scratch(self) noexcept:
        """Once the buffer that was the result is handed out, or given up."""
        self.big = NULL
        self.base = self.p = self.end = self.scratch
        self.cap = self.scratch_cap
        self.scratch = NULL
        self.frame = -1

    cdef int new_scratch(self) except -1:
        self.base = <unsigned char*>PyMem_RawMalloc(FIRST_BUFFER)
        if self.base == NULL:
            raise MemoryError
        self.cap = self.base + FIRST_BUFFER - SLACK
        return 0

    cdef int put_code(self, unsigned char code) except -1:
        cdef unsigned char* p = self.p
        if unlikely(p >= self.end):
            p = self.more(p, 1)
        p[0] = code
        self.p = p + 1
        return 0

    cdef int put_bytes(self, const void* data, Py_ssize_t n) except -1:
        """One whole opcode with its argument."""
        cdef unsigned char* p = self.p
        if self.end - p < n:
            p = self.more(p, n)
        memcpy(p, data, n)
        self.p = p + n
        return 0

    cdef int put_big(self, const void* header, Py_ssize_t hn, const void* data, Py_ssize_t n,
                     PyObject* payload) except -1:
        """An opcode whose argument is long: framed if it fits, else alone and never copied twice.

        ``payload`` is an object that holds just these bytes, to hand to a file (which may keep
        it); NULL: there is none, and a file gets a copy.
        """
        cdef unsigned char* p
        if n < FRAME_TARGET:
            p = self.p
            if self.end - p < hn + n:
                p = self.more(p, hn + n)
            memcpy(p, header, hn)
            memcpy(p + hn, data, n)
            self.p = p + hn + n
            return 0
        self.close_frame()
        if self.write_large is not None:
            self.flush()
            whole = <object>payload if payload != NULL else (<const char*>data)[:n]
            self.write_large((<const char*>header)[:hn], whole)
            self.due = False
        elif self.write is not None:
            if self.cap - self.p < hn:
                self.grow(hn)
            memcpy(self.p, header, hn)
            self.p += hn
            self.flush()
            if payload != NULL:
                self.write(<object>payload)
            else:
                self.write((<const char*>data)[:n])
            self.due = False
        else:
            if self.cap - self.p < hn + n or self.big == NULL:
                self.grow(hn + n)
            memcpy(self.p, header, hn)
            memcpy(self.p + hn, data, n)
            self.p += hn + n
        if self.proto >= 4:
            self.end = self.p
        else:
            self.set_end()
        return 0

    cdef unsigned char* put_wide_int(self, unsigned char* p, PyObject* obj) except NULL:
        """An int of more than 60 bits."""
        cdef int overflow = 0
        cdef int64_t v = PyLong_AsLongLongAndOverflow(obj, &overflow)
        cdef Py_ssize_t n, hn
        cdef unsigned char* data
        if not overflow:
            return put_short_int(p, v)
        n = <Py_ssize_t>(_PyLong_NumBits(obj) // 8 + 1)
        if n > 0x7fffffff:
            raise OverflowError("int too large to pickle")
        if self.end - p < n + 5:
            p = self.more(p, n + 5)
        hn = 2 if n < 256 else 5
        data = p + hn
        long_bytes(obj, data, n)
        # -128 * 256**k needs one byte less than its bits say.
        if n > 1 and data[n - 1] == 0xff and data[n - 2] & 0x80:
            n -= 1
            if n == 255:
                memmove(p + 2, data, n)
                hn = 2
        if hn == 2:
            p[0] = OP_LONG1
            p[1] = <unsigned char>n
        else:
            p[0] = OP_LONG4
            put_le(p + 1, <uint64_t>n, 4)
        return p + hn + n

    cdef unsigned char* put_text(self, unsigned char* p, PyObject* s) except NULL:
        """The UTF-8 of a str that is not long; p itself if it is, or has a lone surrogate."""
        cdef Py_ssize_t n
        cdef const char* data
        cdef unsigned char* q
        if PyUnicode_IS_COMPACT_ASCII(s):
            n = PyUnicode_GET_LENGTH(s)
            data = <const char*>PyUnicode_DATA(s)
        elif not FREE_THREADED and cached_utf8(s) != NULL:
            n = cached_utf8_length(s)
            data = cached_utf8(s)
        else:
            n = 4 * PyUnicode_GET_LENGTH(s)
            data = NULL
        if n > LONG_TEXT:
            return p
        if self.end + SLACK - p < n + 8:
            p = self.more(p, n + 8)
        if data != NULL:
            p = put_text_header(p, n)
            memcpy(p, data, n)
            return p + n
        # The length is known only afterwards: guess the header, and move if it was wrong.
        q = p + (2 if n < 512 else 5)
        n = utf8_encode(s, q)
        if n < 0:
            return p
        if n < 256 and q != p + 2:
            memmove(p + 2, q, n)
        elif n >= 256 and q != p + 5:
            memmove(p + 5, q, n)
        return put_text_header(p, n) + n

    cdef unsigned char* put_shared_text(self, unsigned char* p, PyObject* s) except NULL:
        """As put_text, for a str that is not in the memo and belongs there."""
        cdef unsigned char* q = self.put_text(p, s)
        if q == p or self.fast:
            return q
        q[0] = OP_MEMOIZE  # put_text left room for it
        self.own(s)
        return q + 1

    cdef object finish(self):
        """STOP, and the stream: bytes, or None when it went to a file."""
        cdef Py_ssize_t n
        self.put_code(OP_STOP)
        self.close_frame()
        if self.write is not None:
            self.flush()
            return None
        n = self.p - self.base
        self.expected = n if n < MOST_EXPECTED else MOST_EXPECTED
        if self.big == NULL:
            return self.base[:n]
        if self.cap - self.p > n // 16:
            _PyBytes_Resize(&self.big, n)
        else:
            # Not worth a realloc. It would also leave malloc with a chunk a little smaller than
            # the next dump of this size asks for, which is then mapped, and faulted in, anew.
            Py_SET_SIZE(self.big, n)
            self.p[0] = 0
        result = <object>self.big
        Py_DECREF(self.big)  # `result` has a reference of its own
        self.back_to_scratch()
        return result

    cdef void reset(self) noexcept:
        """After a dump, finished or failed: no task, no elision, bounded memory."""
        self.due = False
        while self.depth:
            self.drop()
        self.log_count = self.log_hashed = 0
        self.hooked = False
        self.frame = -1
        self.p = self.base
        if self.big != NULL:
            Py_DECREF(self.big)
            self.back_to_scratch()
        elif self.cap - self.base > RETAINED:
            PyMem_RawFree(self.base)
            self.base = NULL  # begin() makes a new one
        if self.tasks_size > RETAINED_TASKS:
            PyMem_RawFree(self.tasks)
            self.tasks = <Task*>PyMem_RawMalloc(FIRST_TASKS * sizeof(Task))
            self.tasks_size = FIRST_TASKS if self.tasks != NULL else 0
        if self.log_size > RETAINED_OWNED:
            PyMem_RawFree(self.log)
            self.log = NULL
            self.log_size = 0
        if self.logged.slots != NULL:
            PyMem_RawFree(self.logged.slots)
            self.logged.slots = NULL

    # -- memo ----------------------------------------------------------------

    cdef Py_ssize_t known(self, PyObject* obj) noexcept:
        return table_get(&self.memo, obj)

    cdef int own(self, PyObject* obj) except -1:
        """Enter obj in the memo under the next number."""
        return self.own_as(obj, <uint32_t>self.owned_count)

    cdef int own_as(self, PyObject* obj, uint32_t number) except -1:
        cdef PyObject** owned
        cdef Py_ssize_t size
        if unlikely(self.owned_count == self.owned_size):
            size = 2 * self.owned_size if self.owned_size else 64
            owned = <PyObject**>PyMem_RawRealloc(self.owned, size * sizeof(PyObject*))
            if owned == NULL:
                raise MemoryError
            self.owned = owned
            self.owned_size = size
        table_put(&self.memo, obj, number)
        Py_INCREF(obj)
        self.owned[self.owned_count] = obj
        self.owned_count += 1
        return 0

    cdef int memoize(self, PyObject* obj) except -1:
        """Enter obj in the memo and say so in the stream."""
        cdef unsigned char* p
        cdef Py_ssize_t index
        if self.fast:
            return 0
        index = self.owned_count
        self.own(obj)
        p = self.p
        if unlikely(self.end <= p):
            p = self.more(p, 8)
        if self.proto >= 4:
            p[0] = OP_MEMOIZE
            p += 1
        elif not self.binary:
            self.p = p
            return self.put_bytes_of(b"p%d\n" % index)
        elif index < 256:
            p[0] = OP_BINPUT
            p[1] = <unsigned char>index
            p += 2
        else:
            p[0] = OP_LONG_BINPUT
            put_le(p + 1, <uint64_t>index, 4)
            p += 5
        self.p = p
        return 0

    cdef int put_bytes_of(self, bytes data) except -1:
        return self.put_bytes(PyBytes_AS_STRING(<PyObject*>data), len(data))

    cdef int get(self, Py_ssize_t index) except -1:
        cdef unsigned char* p = self.p
        if not self.binary:
            return self.put_bytes_of(b"g%d\n" % index)
        if unlikely(p >= self.end):
            p = self.more(p, 8)
        if index < 256:
            p[0] = OP_BINGET
            p[1] = <unsigned char>index
            self.p = p + 2
        else:
            p[0] = OP_LONG_BINGET
            put_le(p + 1, <uint64_t>index, 4)
            self.p = p + 5
        return 0

    cdef void forget(self) noexcept:
        """Empty the memo."""
        cdef PyObject* obj
        cdef bint large = self.owned_count > RETAINED_OWNED
        if self.owned_count == 0:
            return
        while self.owned_count:  # a destructor may come back here: it finds a consistent list
            self.owned_count -= 1
            obj = self.owned[self.owned_count]
            Py_DECREF(obj)
        table_clear(&self.memo)
        if large:
            PyMem_RawFree(self.owned)
            self.owned = <PyObject**>PyMem_RawMalloc(64 * sizeof(PyObject*))
            self.owned_size = 64 if self.owned != NULL else 0
            table_shrink(&self.memo, RETAINED_MEMO)

    # -- elision -------------------------------------------------------------

    cdef int grow_log(self) except -1:
        cdef Py_ssize_t size = 2 * self.log_size if self.log_size else 256
        cdef PyObject** log = <PyObject**>PyMem_RawRealloc(self.log, size * sizeof(PyObject*))
        if log == NULL:
            raise MemoryError
        self.log = log
        self.log_size = size
        return 0

    cdef bint was_elided(self, PyObject* obj) except -1:
        """Whether obj was written without a memo entry. Asked only after a hook has run."""
        if self.log_count == 0:
            return False
        if self.logged.slots == NULL:
            table_new(&self.logged, 10)
            self.log_hashed = 0
        while self.log_hashed < self.log_count:
            table_put(&self.logged, self.log[self.log_hashed], 0)
            self.log_hashed += 1
        return table_get(&self.logged, obj) >= 0

    cdef int check_elided(self, PyObject* obj) except -1:
        """Called where a hook has run and obj, which has several references, is to be written."""
        if self.elide and self.was_elided(obj):
            raise Restart
        return 0

    # -- tasks ---------------------------------------------------------------

    cdef int grow_tasks(self) except -1:
        cdef Py_ssize_t size = 2 * self.tasks_size if self.tasks_size else FIRST_TASKS
        cdef Task* tasks = <Task*>PyMem_RawRealloc(self.tasks, size * sizeof(Task))
        if tasks == NULL:
            raise MemoryError
        self.tasks = tasks
        self.tasks_size = size
        if size >= DEEP:
            self.check_progress()
        return 0

    cdef int check_progress(self) except -1:
        """A reduce method whose arguments are made anew each time, with the object in them, is never done."""
        cdef Py_ssize_t i = self.depth, again = 0
        cdef PyObject* obj = NULL
        while i > 0:
            i -= 1
            if self.tasks[i].kind == REDUCE:
                obj = self.tasks[i].obj if obj == NULL else obj
                again += self.tasks[i].obj == obj
        if again > MOST_MAKINGS:
            raise PicklingError(f"what makes a {type_name(type(<object>obj))} object leads back to it without end")
        return 0

    cdef int drop(self) except -1:
        """Drop the top task. May run destructors, so it is out of the stack first."""
        cdef Task t
        self.depth -= 1
        t = self.tasks[self.depth]
        if t.fast:
            self.fast_seen.discard(<size_t>t.obj)
        Py_XDECREF(t.extra)
        Py_XDECREF(t.key)
        Py_XDECREF(t.value)
        Py_DECREF(t.obj)
        return 0


own_traverse = swap_traverse(<PyObject*>Output, visit_memo)
own_clear = swap_clear(<PyObject*>Output, clear_memo)
