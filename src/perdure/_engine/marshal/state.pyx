"""The marshal reader's state: see state.pxd."""

from cpython.object cimport PyObject
from libc.string cimport memcpy, memmove
from perdure._engine.marshal.state cimport *
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.machine cimport Machine, machine_end, machine_init
from perdure._engine.reader.work cimport refuse

cdef enum:
    CHUNK = 1 << 20  # the most that is allocated for bytes of a file that have not come yet

cdef extern from *:
    PyObject* PySequence_GetSlice(PyObject*, Py_ssize_t, Py_ssize_t) noexcept
    Py_ssize_t PyByteArray_GET_SIZE(PyObject*) noexcept
    Py_ssize_t PyNumber_AsSsize_t(PyObject*, PyObject*) noexcept


# ---- life ----------------------------------------------------------------------------------

cdef void reader_init(Reader* r) noexcept:
    machine_init(&r.m)
    r.m.policy = Py_None  # there is one: work is charged
    r.frames = r.small_frames
    r.frames_end = r.small_frames + SMALL_FRAMES
    r.values = r.free = r.small_values
    r.values_end = r.small_values + SMALL_VALUES
    r.refs = r.small_refs
    r.ref_count = 0
    r.ref_room = SMALL_REFS
    r.allow_code = True
    r.odd = r.holes = r.keep = False
    r.loops = r.codes = r.readinto = NULL
    r.buffer = NULL
    r.result = NULL
    r.top = r.frames
    r.top.kind = WHOLE
    r.top.ref = -1
    r.top.object = NULL
    r.top.base = &r.result
    r.top.at = &r.result
    r.top.stop = &r.result + 1
    r.top.due = 0


cdef void unwind(Reader* r, PyObject** at) noexcept:
    """After a failure: what is open goes. `at` is the topmost frame's, NULL where it stands there. What an
    unfinished container holds is taken out of it: others may refer to it, and it to them."""
    cdef Frame* frame = r.top
    if at != NULL:
        frame.at = at
    while frame > r.frames:
        while frame.at > frame.base:
            frame.at -= 1
            drop(frame.at)
        Py_XDECREF(frame.object)
        frame -= 1
    r.top = r.frames


cdef void reader_end(Reader* r) noexcept:
    cdef Py_ssize_t i
    for i in range(r.ref_count):
        Py_XDECREF(r.refs[i])
    Py_XDECREF(r.loops)
    if r.frames != r.small_frames:
        PyMem_Free(r.frames)
    if r.values != r.small_values:
        PyMem_Free(r.values)
    if r.refs != r.small_refs:
        PyMem_Free(r.refs)
    Py_XDECREF(r.buffer)
    machine_end(&r.m)


cdef inline void drop(PyObject** place) noexcept:
    cdef PyObject* value = place[0]
    place[0] = NULL
    Py_XDECREF(value)


# ---- bytes ---------------------------------------------------------------------------------

cdef int fetch(Reader* r, Py_ssize_t n) noexcept:
    """Makes n bytes from m.p on be in the window."""
    cdef Machine* m = &r.m
    cdef Py_ssize_t held, size
    if m.end - m.p >= n:
        return 0
    if r.readinto == NULL:
        m.truncated = True
        PyErr_SetString(PyExc_EOFError, b"marshal data too short")
        return -1
    if not r.keep and r.buffer != NULL:
        held = m.end - m.p
        memmove(PyByteArray_AS_STRING(r.buffer), m.p, held)
        m.passed += m.p - m.start
        m.p = m.start
        m.end = m.start + held
    while m.end - m.p < n:
        held = m.end - m.start
        size = m.p - m.start + n
        if size - held > CHUNK and size > 2 * held:
            size = held + (CHUNK if held < CHUNK else held)
        if room_for(r, size) < 0 or read_into(r, size - held) < 0:
            return -1
    return 0


cdef int room_for(Reader* r, Py_ssize_t size) noexcept:
    """A bytearray, whose memory stays as long as anybody has a view of it; never resized, as some may."""
    cdef Machine* m = &r.m
    cdef Py_ssize_t used = m.end - m.start
    cdef PyObject* made
    if r.buffer != NULL and size <= PyByteArray_GET_SIZE(r.buffer):
        return 0
    made = PyByteArray_FromStringAndSize(NULL, size + (size >> 1 if size > 256 else 256))
    if made == NULL:
        return -1
    if used:
        memcpy(PyByteArray_AS_STRING(made), m.start, used)
    m.p = <const unsigned char*>PyByteArray_AS_STRING(made) + (m.p - m.start)
    m.start = <const unsigned char*>PyByteArray_AS_STRING(made)
    m.end = m.start + used
    Py_XDECREF(r.buffer)
    r.buffer = made
    return 0


cdef PyObject* view_of(Reader* r, Py_ssize_t n) noexcept:
    """The n bytes behind the window (new)."""
    cdef Py_ssize_t used = r.m.end - r.m.start
    cdef PyObject* whole = PyMemoryView_FromObject(r.buffer)
    cdef PyObject* part = NULL
    if whole != NULL:
        part = PySequence_GetSlice(whole, used, used + n)
        Py_DECREF(whole)
    return part


cdef int read_into(Reader* r, Py_ssize_t n) noexcept:
    """The file's next n bytes, behind those that are there."""
    cdef Machine* m = &r.m
    cdef PyObject* view = view_of(r, n)
    cdef PyObject* answer
    cdef Py_ssize_t count = -1
    if view == NULL:
        return -1
    answer = PyObject_CallOneArg(r.readinto, view)
    Py_DECREF(view)
    if answer != NULL:
        count = PyNumber_AsSsize_t(answer, PyExc_ValueError)
        Py_DECREF(answer)
    m.foreign = PyErr_Occurred() != NULL
    if m.foreign:
        return -1
    if count > n:
        PyErr_Format(PyExc_ValueError, b"read() returned too much data: %zd bytes requested, %zd returned", n, count)
        return -1
    if count > 0:
        m.end += count
    if count < n:
        m.truncated = True
        PyErr_SetString(PyExc_EOFError, b"EOF read where not expected")
        return -1
    return 0


# ---- frames, values, references ------------------------------------------------------------

cdef int grow_frames(Reader* r) noexcept:
    cdef Py_ssize_t used = r.frames_end - r.frames
    cdef Frame* moved
    if used > DEPTH:
        return refuse("containers are nested too deep", "depth")
    if r.frames == r.small_frames:
        moved = <Frame*>PyMem_Malloc(2 * used * sizeof(Frame))
        if moved != NULL:
            memcpy(moved, r.frames, used * sizeof(Frame))
    else:
        moved = <Frame*>PyMem_Realloc(r.frames, 2 * used * sizeof(Frame))
    if moved == NULL:
        PyErr_NoMemory()
        return -1
    r.top = moved + (r.top - r.frames)
    r.frames = moved
    r.frames_end = moved + 2 * used
    return 0


cdef int grow_values(Reader* r, Py_ssize_t n) noexcept:
    """Room for n more; the frames follow."""
    cdef Py_ssize_t used = r.free - r.values
    cdef Py_ssize_t room = 2 * (used + n)
    cdef PyObject** old = r.values
    cdef PyObject** moved
    cdef Frame* frame
    moved = <PyObject**>PyMem_Malloc(room * sizeof(PyObject*))
    if moved == NULL:
        PyErr_NoMemory()
        return -1
    memcpy(moved, old, used * sizeof(PyObject*))
    if old != r.small_values:
        PyMem_Free(old)
    frame = r.top
    while frame > r.frames:
        if frame.kind > LIST:  # (where `old` was is all that is asked of it)
            frame.at = moved + (frame.at - old)
            frame.stop = moved + (frame.stop - old) if frame.kind < DICT else moved + room
            frame.base = moved + (frame.base - old)
        frame -= 1
    r.free = moved + used
    r.values = moved
    r.values_end = moved + room
    return 0


cdef int grow_refs(Reader* r) noexcept:
    cdef Py_ssize_t room = 2 * r.ref_room
    cdef PyObject** moved
    if r.refs == r.small_refs:
        moved = <PyObject**>PyMem_Malloc(room * sizeof(PyObject*))
        if moved != NULL:
            memcpy(moved, r.refs, r.ref_count * sizeof(PyObject*))
    else:
        moved = <PyObject**>PyMem_Realloc(r.refs, room * sizeof(PyObject*))
    if moved == NULL:
        PyErr_NoMemory()
        return -1
    r.refs = moved
    r.ref_room = room
    return 0
