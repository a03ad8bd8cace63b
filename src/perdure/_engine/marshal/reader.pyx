# distutils: define_macros=CYTHON_USE_TYPE_SPECS=1
# cython: binding=False
"""Reads marshal's streams, of versions 0 to 5, without recursion: `loads` and `load`.

Rules:
- One value comes after the other; `at` is where it goes, `stop` where its container is full. Only what opens
  a container or ends one leaves the loop's own variables.
- What the standard module reads is read to the same value. What it crashes on, or what would take more than
  the stream's size allows, is an error.
- A code object becomes a record (code.pyx), never code.
"""

from cpython.object cimport PyObject
from perdure._engine.collector cimport PAUSE_FROM, pause, resume
from perdure._engine.marshal.finish cimport add_pairs, finish, finish_pairs, has_frozendict, note_unfinished, untie
from perdure._engine.marshal.leaves cimport *
from perdure._engine.marshal.state cimport *
from perdure._engine.layouts cimport FREE_THREADED
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.values cimport decode_utf8

from perdure.errors import CorruptError, ExcessError, LimitError, MistypedError, TruncatedError

cdef extern from *:
    """
    #define PERDURE_TAKE(p) (p)
    #ifndef PERDURE_BATCH
    #define PERDURE_BATCH 1024  /* keys and values that a dict is given at once (few, to be fuzzed) */
    #endif
    """
    object take "PERDURE_TAKE"(PyObject*)
    Py_ssize_t BATCH "PERDURE_BATCH"
    int PyObject_GetBuffer_ "PyObject_GetBuffer"(object, Py_buffer*, int) except -1
    PyObject* PyExc_StopIteration
    PyObject* Py_Ellipsis
    void PyUnicode_InternInPlace(PyObject**) noexcept
    PyObject* PyComplex_FromDoubles(double, double) noexcept


cdef PyObject* run(Reader* r) noexcept:
    """The stream's value (new); NULL with an exception."""
    cdef const unsigned char* p = r.m.p
    cdef const unsigned char* end = r.m.end
    cdef PyObject** at = r.top.at
    cdef PyObject** stop = r.top.stop
    cdef Frame* top
    cdef PyObject* value
    cdef unsigned char kind
    cdef unsigned char flag
    cdef Py_ssize_t n
    cdef double x, y
    cdef bint interned
    while True:
        if unlikely(p >= end):
            if more(r, &p, &end, at, 1) < 0:
                break
        kind = p[0] & 0x7F
        flag = p[0] & 0x80
        p += 1
        value = NULL
        interned = False

        # Values without parts.
        if kind == c'N':
            value = Py_None
            Py_INCREF(value)
            flag = 0
        elif kind == c'i':
            if unlikely(end - p < 4) and more(r, &p, &end, at, 4) < 0:
                break
            value = PyLong_FromLong(<long>length_at(p))
            p += 4
        elif kind == c'r':
            if unlikely(end - p < 4) and more(r, &p, &end, at, 4) < 0:
                break
            n = length_at(p)
            if unlikely(n < 0 or n >= r.ref_count or r.refs[n] == NULL):
                malformed(b"bad marshal data (invalid reference)")
                break
            p += 4
            value = r.refs[n]
            if PyTuple_CheckExact(value) and is_unfinished(value) and note_unfinished(r, value) < 0:
                break
            Py_INCREF(value)
            flag = 0
        elif kind == c'z' or kind == c'Z':
            if unlikely(end - p < 1) and more(r, &p, &end, at, 1) < 0:
                break
            n = p[0]
            p += 1
            if unlikely(end - p < n) and more(r, &p, &end, at, n) < 0:
                break
            value = text_at(p, n)
            p += n
            interned = kind == c'Z'
        elif kind == c'g':
            if unlikely(end - p < 8) and more(r, &p, &end, at, 8) < 0:
                break
            value = PyFloat_FromDouble(little_double(p))
            p += 8
        elif kind == c'T' or kind == c'F':
            value = Py_True if kind == c'T' else Py_False
            Py_INCREF(value)
            flag = 0
        elif kind == c'a' or kind == c'A' or kind == c'u' or kind == c't' or kind == c's':
            if unlikely(end - p < 4) and more(r, &p, &end, at, 4) < 0:
                break
            n = length_at(p)
            p += 4
            if unlikely(n < 0):
                malformed(b"bad marshal data (string size out of range)")
                break
            if unlikely(end - p < n) and more(r, &p, &end, at, n) < 0:
                break
            if kind == c's':
                value = PyBytes_FromStringAndSize(<const char*>p, n)
            elif kind == c'u' or kind == c't':
                value = decode_utf8(p, n)
            else:
                value = text_at(p, n)
            p += n
            interned = kind == c't' or kind == c'A'
        elif kind == c'l':
            if unlikely(end - p < 4) and more(r, &p, &end, at, 4) < 0:
                break
            n = length_at(p)
            p += 4
            if unlikely(n == -<Py_ssize_t>0x80000000):
                malformed(b"bad marshal data (long size out of range)")
                break
            x = n
            if n < 0:
                n = -n
            if unlikely(end - p < 2 * n) and more(r, &p, &end, at, 2 * n) < 0:
                break
            value = long_at(p, n, x < 0)
            p += 2 * n
        elif kind == c'I':
            if unlikely(end - p < 8) and more(r, &p, &end, at, 8) < 0:
                break
            value = PyLong_FromLongLong(<long long>u64(p))
            p += 8
        elif kind == c'f' or kind == c'x':
            x = y = 0
            if decimal(r, &p, &end, at, &x) < 0 or (kind == c'x' and decimal(r, &p, &end, at, &y) < 0):
                break
            value = PyFloat_FromDouble(x) if kind == c'f' else PyComplex_FromDoubles(x, y)
        elif kind == c'y':
            if unlikely(end - p < 16) and more(r, &p, &end, at, 16) < 0:
                break
            value = PyComplex_FromDoubles(little_double(p), little_double(p + 8))
            p += 16
        elif kind == c'.':
            value = Py_Ellipsis
            Py_INCREF(value)
            flag = 0
        elif kind == c'S':
            value = PyExc_StopIteration
            Py_INCREF(value)
            flag = 0

        # Containers: those that are not empty go on with their first item.
        elif kind == c')' or kind == c'(' or kind == c'[' or kind == c'<' or kind == c'>':
            if kind == c')':
                if unlikely(end - p < 1) and more(r, &p, &end, at, 1) < 0:
                    break
                n = p[0]
                p += 1
            else:
                if unlikely(end - p < 4) and more(r, &p, &end, at, 4) < 0:
                    break
                n = length_at(p)
                p += 4
                if unlikely(n < 0):
                    malformed(b"bad marshal data (size out of range)")
                    break
            if n > FEW:
                r.top.at = at
                if unlikely(end - p < n + due(r.top)) and more(r, &p, &end, at, n) < 0:
                    break
            if kind == c')' or kind == c'(':
                value = PyTuple_New(n)
                kind = TUPLE
            elif kind == c'[':
                value = PyList_New(n)
                kind = LIST
            elif kind == c'<':
                value = PySet_New(NULL) if flag or n == 0 else NULL
                kind = SET
            else:
                value = PyFrozenSet_New(NULL) if n == 0 else NULL
                kind = FROZENSET
            if n:
                if unlikely(value == NULL and (kind <= LIST or (kind == SET and flag))):
                    break
                if open_frame(r, kind, n, value, flag, at) < 0:
                    at = NULL
                    break
                at = r.top.at
                stop = r.top.stop
                continue
        elif kind == c'{' or kind == c':' or (kind == c'}' and has_frozendict):
            value = PyDict_New() if flag and kind == c'{' else NULL
            if unlikely(PyErr_Occurred() != NULL):
                break
            kind = SLICE if kind == c':' else DICT if kind == c'{' else FROZENDICT
            if open_frame(r, kind, 3 if kind == SLICE else 0, value, flag, at) < 0:
                at = NULL
                break
            at = r.top.at
            stop = r.top.stop
            continue
        elif kind == c'0':
            if r.top.kind < DICT or (at - r.top.base) & 1:
                misplaced(b"NULL object in marshal data")
                break
            r.top.at = at
            value = finish_pairs(r)
            if value == NULL:
                break
            close_frame(r, value)
            at = r.top.at
            stop = r.top.stop
            flag = 0
        elif kind == c'c':
            if not r.allow_code:
                malformed(b"unmarshalling code objects is disallowed")
                break
            if unlikely(end - p < 20) and more(r, &p, &end, at, 20) < 0:
                break
            if open_frame(r, CODE, 10, NULL, flag, at) < 0:
                at = NULL
                break
            for n in range(5):
                r.top.numbers[n] = length_at(p + 4 * n)
            p += 20
            at = r.top.at
            r.top.stop -= 2
            stop = r.top.stop
            continue
        else:
            malformed(b"bad marshal data (unknown type code)")
            break

        if interned and value != NULL:
            PyUnicode_InternInPlace(&value)
        if unlikely(value == NULL):
            break
        if flag:
            if r.ref_count == r.ref_room and grow_refs(r) < 0:
                Py_DECREF(value)
                break
            Py_INCREF(value)
            r.refs[r.ref_count] = value
            r.ref_count += 1

        # It goes to its place; it may be the last that a container waited for, and that container as well.
        at[0] = value
        at += 1
        while unlikely(at == stop):
            top = r.top
            top.at = at
            if top.kind <= LIST:
                if top.kind == WHOLE:
                    r.m.p = p
                    value = r.result
                    r.result = NULL
                    return value
                value = top.object
                top.object = NULL
                top.at = top.base
                finish_direct(r)
            elif top.kind >= DICT:
                r.free = at
                if (add_pairs(r) if is_batch(at - top.base) else grow_values(r, 2)) < 0:
                    value = NULL
                    break
                at = r.top.at
                stop = r.top.stop
                value = Py_None  # goes on
                break
            elif top.kind == CODE:
                stop = top.stop = top.stop + 2
                if unlikely(end - p < 4) and more(r, &p, &end, at, 4) < 0:
                    value = NULL
                    break
                top.numbers[5] = length_at(p)
                p += 4
                top.kind = CODE_END
                break
            else:
                value = finish(r)
                if value == NULL:
                    break
                close_frame(r, value)
            at = r.top.at
            stop = r.top.stop
            at[0] = value
            at += 1
        if unlikely(value == NULL):
            break
    r.m.p = p
    unwind(r, at)
    return NULL


cdef inline bint is_batch(Py_ssize_t items) noexcept:
    """Whether these are enough of a dict to be put in it: no more than so many need be kept."""
    return items >= BATCH and not items & 1


cdef inline bint is_unfinished(PyObject* value) noexcept:
    cdef Py_ssize_t n = PyTuple_GET_SIZE(value)
    return n > 0 and PyTuple_GET_ITEM(value, n - 1) == NULL


cdef inline void finish_direct(Reader* r) noexcept:
    """The topmost frame's tuple or list is full, and has been taken from it."""
    r.top -= 1
    if r.top.kind >= DICT:
        r.top.stop = r.values_end


cdef inline void close_frame(Reader* r, PyObject* value) noexcept:
    """The topmost frame has become this value."""
    cdef Frame* top = r.top
    r.free = top.base
    if top.ref >= 0 and r.refs[top.ref] == NULL:
        Py_INCREF(value)
        r.refs[top.ref] = value
    finish_direct(r)


cdef int more(Reader* r, const unsigned char** p, const unsigned char** end, PyObject** at, Py_ssize_t n) noexcept:
    """Makes n bytes be there, and those that are sure to come after them."""
    cdef int status
    r.m.p = p[0]
    r.top.at = at
    status = fetch(r, n + due(r.top))
    p[0] = r.m.p
    end[0] = r.m.end
    return status


cdef int decimal(Reader* r, const unsigned char** p, const unsigned char** end, PyObject** at, double* x) noexcept:
    cdef Py_ssize_t n
    if end[0] - p[0] < 1 and more(r, p, end, at, 1) < 0:
        return -1
    n = p[0][0]
    p[0] += 1
    if end[0] - p[0] < n and more(r, p, end, at, n) < 0:
        return -1
    x[0] = decimal_at(p[0], n)
    p[0] += n
    return -1 if x[0] == -1.0 and PyErr_Occurred() != NULL else 0


# ---- the doors -----------------------------------------------------------------------------

cdef object read(Reader* r, Py_ssize_t size):
    """The value of a stream of so many bytes."""
    cdef bint paused = pause(size)
    cdef PyObject* made = run(r)
    if paused:
        resume()
    try:
        value = take(made)
    except BaseException as error:
        if r.loops != NULL:
            untie(r)
        raise_converted(r, error)
    if r.loops != NULL and untie(r):
        raise CorruptError("bad marshal data (a tuple is part of itself)", offset_of(r))
    return value


cdef inline Py_ssize_t offset_of(Reader* r) noexcept:
    return r.m.passed + (r.m.p - r.m.start)


cdef int raise_converted(Reader* r, object error) except -1:
    """The standard module's errors, each of them one of perdure's as well; what the file raised stays what it is."""
    if r.m.foreign or not isinstance(error, Exception):
        raise error
    offset = offset_of(r)
    text = f"{str(error) or type(error).__name__:.300} (at byte {offset})"
    if isinstance(error, LimitError):
        raise ExcessError(text, error.limit) from None
    if isinstance(error, (RecursionError, MemoryError)):
        raise ExcessError(text, "depth" if isinstance(error, RecursionError) else "memory") from error
    kind = TruncatedError if r.m.truncated else MistypedError if isinstance(error, TypeError) else CorruptError
    raise kind(text, offset) from error


cdef int prepare(Reader* r, object trusted, object limits, bint allow_code, list codes) except -1:
    reader_init(r)
    r.allow_code = allow_code
    if trusted is not None:
        if getattr(type(trusted), "trusts_all", None) is not True:
            raise TypeError("trusted= is None or perdure.TRUST_ALL: nothing in a stream has a name to be trusted by")
        r.codes = <PyObject*>codes
        r.keep = True
    if limits is not None:
        for name, number in limits.items():
            if name != "hashing":
                raise ValueError(f"limits= takes 'hashing', not {name!r:.100}")
            if type(number) is not int or not 0 <= number < 1 << 62:
                raise ValueError(f"limits={{{name!r}: ...}} is a number of steps")
            r.m.budget = number
            r.m.fixed_steps = True
    return 0


cdef object real(object stream, list codes):
    from perdure._engine.marshal.real import with_code

    return with_code(stream, codes)


def loads(data, /, *, trusted=None, limits=None, bint allow_code=True):
    """Return the value that *data*, bytes or a buffer of them, begins with; what follows it is ignored.

    Code objects are given as ``Code``, which is data. ``trusted=perdure.TRUST_ALL`` makes them code objects of this
    interpreter: whoever runs one trusts its writer, for malformed code crashes the interpreter. ``allow_code=False``
    refuses both. ``limits={"hashing": steps}`` replaces the budget for hashing and comparing keys, which is otherwise
    in proportion to the bytes.

    Raises CorruptError for malformed bytes and LimitError where they ask for more work than their size allows. Both
    are ValueErrors; and EOFErrors where the bytes end too early, TypeErrors where a value is of a wrong type, as in
    the standard module.
    """
    cdef Reader r
    cdef Py_buffer view
    cdef list codes = None
    if trusted is not None:
        codes = []
    if type(data) is not bytes and (codes is not None or FREE_THREADED):
        data = memoryview(data).tobytes()  # nobody else's: its bytes are looked at twice
    prepare(&r, trusted, limits, allow_code, codes)
    view.buf = NULL
    if PyBytes_CheckExact(<PyObject*>data):
        r.m.start = <const unsigned char*>PyBytes_AS_STRING(<PyObject*>data)
        r.m.end = r.m.start + PyBytes_GET_SIZE(<PyObject*>data)
    else:
        PyObject_GetBuffer_(data, &view, PyBUF_CONTIG_RO)
        r.m.start = <const unsigned char*>view.buf
        r.m.end = r.m.start + view.len
    r.m.p = r.m.start
    try:
        value = read(&r, r.m.end - r.m.start)
    finally:
        reader_end(&r)
        if view.buf != NULL:
            PyBuffer_Release(&view)
    return real(data, codes) if codes else value


def load(file, /, *, trusted=None, limits=None, bint allow_code=True):
    """Read one value from a binary file, which is left right behind it.

    The file has ``read`` and ``readinto``. The rest is as with ``loads``.
    """
    cdef Reader r
    cdef list codes = [] if trusted is not None else None
    nothing = file.read(0)
    if not isinstance(nothing, bytes):
        raise TypeError(f"file.read() returned not bytes but {type(nothing).__name__:.100}")
    readinto = file.readinto
    prepare(&r, trusted, limits, allow_code, codes)
    r.readinto = <PyObject*>readinto
    stream = None
    try:
        value = read(&r, PAUSE_FROM)  # who knows
        if codes:
            stream = r.m.start[:r.m.p - r.m.start]
    finally:
        reader_end(&r)
    return real(stream, codes) if codes else value
