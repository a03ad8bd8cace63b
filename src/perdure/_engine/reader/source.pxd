# Where the bytes come from: one window over bytes, or chunk after chunk of a file.
#
# Rules:
# - A file is never left behind STOP: what cannot be peeked at is read in the exact amounts that
#   an opcode, a frame or a line needs. What was peeked is consumed by `let_go_of_peek`. An
#   io.BytesIO itself (no subclass) is read in place, as bytes input is, and moved at the end.
# - What a frame holds ends where it does: no argument lies across its end (PEP 3154).
# - No length is believed before its bytes are there: beyond CHUNK bytes, memory grows as they
#   come.
# - Everything here is cold; bytes input meets only `truncated`.

from cpython.object cimport PyObject
from libc.string cimport memcpy, memchr
from perdure._engine.layouts cimport Memory
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.machine cimport Machine, no_memory

cdef enum:
    PEEK = 128 * 1024    # bytes asked of peek(), as C pickle does
    CHUNK = 1024 * 1024  # the most that is allocated for bytes that have not come yet


cdef inline int truncated(Machine* m, PyObject* error) noexcept:
    m.truncated = True
    PyErr_SetString(error, b"pickle data was truncated")
    return -1


cdef inline int leave_frame(Machine* m, Py_ssize_t skip, PyObject* error) noexcept:
    """The open frame, if any, ends before what comes after m.p + skip does; it must end there."""
    if m.outer != NULL:
        if m.end - m.p > skip:
            PyErr_SetString(error, b"pickle exhausted before end of frame")
            return -1
        m.end = m.outer
        m.outer = NULL
    return 0


cdef inline int need(Machine* m, Py_ssize_t n, Py_ssize_t skip, PyObject* error) noexcept:
    """Makes n bytes from m.p on be in the window; the first `skip` of them, of an opcode whose
    argument follows, are there already."""
    if m.end - m.p >= n:
        return 0
    if leave_frame(m, skip, error) < 0:
        return -1
    if m.end - m.p >= n:
        return 0
    if m.read == NULL:
        return truncated(m, error)
    return fetch(m, n, error)


cdef inline int enter_frame(Machine* m, Py_ssize_t size, PyObject* error) noexcept:
    """FRAME, of which m.p is past the header."""
    if m.outer != NULL and m.end != m.p:
        PyErr_SetString(error, b"beginning of a new frame before end of current frame")
        return -1
    if need(m, size, 0, error) < 0:
        return -1
    if m.outer != NULL:  # an empty frame at the end of another
        m.end = m.outer
    m.outer = m.end
    m.end = m.p + size
    return 0


cdef inline int set_window(Machine* m, PyObject* data, Py_ssize_t left) noexcept:
    """Steals data (new bytes of the file), in front of which go the `left` unread bytes."""
    cdef PyObject* joined
    if data == NULL:
        m.foreign = m.reading = True
        return -1
    if not PyBytes_CheckExact(data):
        joined = bytes_of(data)
        Py_DECREF(data)
        if joined == NULL:
            m.foreign = m.reading = True
            return -1
        data = joined
    if left:
        joined = PyBytes_FromStringAndSize(NULL, left + PyBytes_GET_SIZE(data))
        if joined == NULL:
            Py_DECREF(data)
            return -1
        memcpy(PyBytes_AS_STRING(joined), m.p, left)
        memcpy(PyBytes_AS_STRING(joined) + left, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
        Py_DECREF(data)
        data = joined
    m.passed += m.p - m.start
    Py_XDECREF(m.chunk)
    m.chunk = data
    m.start = m.p = <const unsigned char*>PyBytes_AS_STRING(data)
    m.end = m.start + PyBytes_GET_SIZE(data)
    return 0


cdef inline PyObject* bytes_of(PyObject* data) noexcept:
    """What a file's read() gave, as bytes; TypeError unless it is a buffer."""
    cdef Py_buffer view
    cdef PyObject* copy
    if PyObject_GetBuffer(data, &view, PyBUF_CONTIG_RO) < 0:
        return NULL
    copy = PyBytes_FromStringAndSize(<char*>view.buf, view.len)
    PyBuffer_Release(&view)
    return copy


cdef inline PyObject* call_with_size(PyObject* method, Py_ssize_t n) noexcept:
    cdef PyObject* size = PyLong_FromSsize_t(n)
    cdef PyObject* answer
    if size == NULL:
        return NULL
    answer = PyObject_CallOneArg(method, size)
    Py_DECREF(size)
    return answer


cdef inline int let_go_of_peek(Machine* m) noexcept:
    """Moves the file past what was consumed of a peeked window; the window is gone after it."""
    cdef PyObject* answer
    cdef Py_ssize_t consumed = m.p - m.start
    if not m.peeked:
        return 0
    m.peeked = False
    m.passed += consumed
    m.start = m.end = m.p
    m.outer = NULL
    if consumed > 0:
        answer = call_with_size(m.read, consumed)
        if answer == NULL:
            m.foreign = m.reading = True
            return -1
        Py_DECREF(answer)
    return 0


cdef inline int take_memory(Machine* m) noexcept:
    """All that a BytesIO still holds becomes the window, read where it lies. It is the file's own
    object: what is written to the file meanwhile goes to another, as with getvalue()."""
    cdef Memory* file = <Memory*>m.memory
    cdef Py_ssize_t left
    if file.bytes == NULL:
        PyErr_SetString(PyExc_ValueError, b"I/O operation on closed file.")
        m.foreign = m.reading = True
        return -1
    left = file.size - file.position if file.size > file.position else 0
    m.memory_position = file.position
    if file.exports:  # somebody may write to it in place
        m.chunk = PyBytes_FromStringAndSize(PyBytes_AS_STRING(file.bytes) + file.size - left, left)
        if m.chunk == NULL:
            return -1
        m.start = <const unsigned char*>PyBytes_AS_STRING(m.chunk)
    else:
        m.chunk = file.bytes
        Py_INCREF(m.chunk)
        m.start = <const unsigned char*>PyBytes_AS_STRING(m.chunk) + file.size - left
    m.p = m.start
    m.end = m.start + left
    m.outer = NULL
    return 0


cdef inline void put_back(Machine* m) noexcept:
    """Moves the BytesIO to where its bytes have been consumed to, and lets go of them."""
    cdef Py_ssize_t consumed = m.p - m.start
    if m.chunk == NULL:  # a hook had the file, and has failed
        return
    (<Memory*>m.memory).position = m.memory_position + consumed
    m.passed += consumed
    m.start = m.end = m.p
    m.outer = NULL
    Py_XDECREF(m.chunk)
    m.chunk = NULL


cdef inline int fetch(Machine* m, Py_ssize_t n, PyObject* error) noexcept:
    cdef PyObject* data
    cdef Py_ssize_t left, more
    if let_go_of_peek(m) < 0:
        return -1
    left = m.end - m.p
    if m.peek != NULL and left == 0 and n < 4096:
        data = call_with_size(m.peek, PEEK)
        if data == NULL:
            if not PyErr_ExceptionMatches(PyExc_NotImplementedError):
                m.foreign = m.reading = True
                return -1
            PyErr_Clear()
            m.peek = NULL
        else:
            if set_window(m, data, 0) < 0:
                return -1
            if m.end - m.p >= n:
                m.peeked = True
                return 0
            m.end = m.p  # too few: they are still in the file
    while True:
        left = m.end - m.p
        more = n - left
        if more > CHUNK and more > left:
            more = CHUNK if left < CHUNK else left
        data = call_with_size(m.read, more)
        if set_window(m, data, left) < 0:
            return -1
        if m.end - m.p >= n:
            return 0
        if m.end - m.p < left + more:
            return truncated(m, error)


cdef inline int get_line(Machine* m, const unsigned char** line, Py_ssize_t* length, PyObject* error) noexcept:
    """The bytes up to the next newline, which is consumed but not counted."""
    cdef const unsigned char* newline = NULL
    cdef Py_ssize_t left
    if m.end > m.p:
        newline = <const unsigned char*>memchr(m.p, 10, m.end - m.p)
    if newline == NULL and m.outer != NULL:
        if leave_frame(m, 0, error) < 0:
            return -1
        if m.end > m.p:
            newline = <const unsigned char*>memchr(m.p, 10, m.end - m.p)
    if newline == NULL:
        if m.read == NULL:
            return truncated(m, error)
        if let_go_of_peek(m) < 0:
            return -1
        left = m.end - m.p
        if set_window(m, PyObject_CallNoArgs(m.readline), left) < 0:
            return -1
        if m.end == m.p or (m.end - 1)[0] != 10:
            return truncated(m, error)
        newline = m.end - 1
    line[0] = m.p
    length[0] = newline - m.p
    m.p = newline + 1
    return 0


cdef inline int read_into(Machine* m, char* to, Py_ssize_t n, PyObject* error) noexcept:
    """n bytes of the file itself (the window is used up), straight into memory of ours."""
    cdef PyObject* answer
    cdef PyObject* view
    cdef Py_ssize_t count
    if let_go_of_peek(m) < 0:
        return -1
    if m.readinto == NULL:
        answer = call_with_size(m.read, n)
        if answer == NULL:
            m.foreign = m.reading = True
            return -1
        if not PyBytes_Check(answer):
            PyErr_Format(PyExc_ValueError, b"read() returned non-bytes object (%R)", <PyObject*>Py_TYPE(answer))
            Py_DECREF(answer)
            return -1
        count = PyBytes_GET_SIZE(answer)
        if count >= n:
            memcpy(to, PyBytes_AS_STRING(answer), n)
        Py_DECREF(answer)
    else:
        view = PyMemoryView_FromMemory(to, n, PyBUF_WRITE)
        if view == NULL:
            return -1
        answer = PyObject_CallOneArg(m.readinto, view)
        Py_DECREF(view)
        if answer == NULL:
            m.foreign = m.reading = True
            return -1
        count = PyLong_AsSsize_t(answer)
        Py_DECREF(answer)
        if count < 0:
            if PyErr_Occurred() == NULL:
                PyErr_SetString(PyExc_ValueError, b"readinto() returned negative size")
            return -1
    if count < n:
        return truncated(m, error)
    m.passed += n
    return 0


cdef inline PyObject* get_bytes(Machine* m, Py_ssize_t n, bint mutable, PyObject* error) noexcept:
    """The next n bytes of the stream as new bytes (or a bytearray); consumes them."""
    cdef Py_ssize_t have
    cdef Py_ssize_t size = n
    cdef PyObject* made
    if m.end - m.p < n and leave_frame(m, 0, error) < 0:
        return NULL
    have = m.end - m.p
    if have < n and m.read == NULL:
        truncated(m, error)
        return NULL
    if have > n:
        have = n
    if size - have > CHUNK:
        size = have + CHUNK
    made = PyByteArray_FromStringAndSize(NULL, size) if mutable else PyBytes_FromStringAndSize(NULL, size)
    if made == NULL:
        return NULL
    memcpy(PyByteArray_AS_STRING(made) if mutable else PyBytes_AS_STRING(made), m.p, have)
    m.p += have
    while have < n:
        if read_into(m, (PyByteArray_AS_STRING(made) if mutable else PyBytes_AS_STRING(made)) + have,
                     size - have, error) < 0:
            Py_XDECREF(made)
            return NULL
        have = size
        if have < n:
            size = n if n - have <= have else have * 2
            if mutable:
                if PyByteArray_Resize(made, size) < 0:
                    Py_DECREF(made)
                    return NULL
            elif _PyBytes_Resize(&made, size) < 0:
                return NULL
    return made
