# cython: wraparound=True
# (Negative indices in here are those of C pointers, below the top of a stack.)
"""The unpickling virtual machine: from the bytes of a stream to the objects that it describes.

`run` is the machine's one loop; it serves bytes and files, the standard door and the policy
door. Hot opcodes stand in it, the rest in `load_other`. Rules that hold here:

- At the head of the loop the opcode and its fixed argument are in the window, and the stack
  has room for two more values. `p` stays on the opcode until the opcode has succeeded, so that
  an error knows its offset.
- `p`, `end`, `sp`, `fence`, `base` and `limit` are locals. What may refill the window, grow the
  stack or settle a lazy dict works on the machine's own fields: they are written back before
  such a call and read again after it.
- No depth recurses: containers nest on the value stack and the mark stack only.
- Every pop is checked against the topmost mark (`fence`), every length against the window,
  before anything is allocated for it.
- A handler fails by leaving the loop with an exception set; the one exit lets go of the rest.
"""

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint8_t, uint32_t, uint64_t, int32_t, int64_t
from libc.string cimport memcpy, strcmp

from perdure._engine.arrays cimport array_of, note_function
from perdure._engine.guard cimport *
from perdure._engine.instances cimport *
from perdure._engine.keys cimport *
from perdure._engine.machine cimport *
from perdure._engine.names cimport extension_name, find_extension, find_global, keep_extension
from perdure._engine.opcodes cimport *
from perdure._engine.reader_capi cimport *
from perdure._engine.scan cimport put_to_drop, scan, scan_pays
from perdure._engine.source cimport *
from perdure._engine.values cimport *

from perdure.errors import UnpicklingError

cdef extern from *:
    """
    /* A reference given away: NULL means that an exception is set. */
    #define PERDURE_TAKE(p) (p)
    #define PERDURE_OFFSET PY_VECTORCALL_ARGUMENTS_OFFSET
    #define PERDURE_TP_NEW_CALL(t, a, k) ((t)->tp_new((t), (a), (k)))
    #define PERDURE_HAS_NEW(t) ((t)->tp_new != NULL)
    #define PERDURE_TP_NAME(o) (Py_TYPE(o)->tp_name)
    """
    object take "PERDURE_TAKE"(PyObject*)
    size_t ARGUMENTS_OFFSET "PERDURE_OFFSET"
    PyObject* call_new "PERDURE_TP_NEW_CALL"(PyTypeObject*, PyObject*, PyObject*) noexcept
    bint has_new "PERDURE_HAS_NEW"(PyTypeObject*) noexcept
    const char* type_name "PERDURE_TP_NAME"(PyObject*) noexcept
    long long PY_SSIZE_T_MAX
    PyObject* PyLong_FromLongLong(long long) noexcept

ctypedef PyObject* (*finder)(PyObject*, PyObject*, int, bint) noexcept

# Constants that live as long as the module.
cdef PyObject* UNPICKLING = <PyObject*>UnpicklingError
cdef PyObject* small_ints[256]
cdef PyObject* letters[128]
cdef PyObject* empty_tuple
cdef object held = []  # owns the above
cdef uint8_t ARGUMENT[256]  # bytes of an opcode's fixed argument
cdef str S_find_class = "find_class"
cdef str S_append = "append"
cdef str S_extend = "extend"
cdef str S_add = "add"
cdef str S_setstate = "__setstate__"
cdef str S_dict = "__dict__"
cdef str S_getinitargs = "__getinitargs__"
cdef str S_new = "__new__"
cdef str S_int = "int"
cdef str S_is_safe = "is_safe"

# What is remembered between loads (see keys.pxd, instances.pxd).
cdef Keys keys
cdef Record records[RECORDS]


cdef void set_up():
    cdef int i
    cdef object value
    global empty_tuple
    for i in range(256):
        value = i
        held.append(value)
        small_ints[i] = <PyObject*>value
    for i in range(128):
        value = chr(i)
        held.append(value)
        letters[i] = <PyObject*>value
    value = ()
    held.append(value)
    empty_tuple = <PyObject*>value
    for i in (OP_BININT1, OP_LONG1, OP_SHORT_BINSTRING, OP_SHORT_BINBYTES, OP_SHORT_BINUNICODE,
              OP_BINGET, OP_BINPUT, OP_EXT1, OP_PROTO):
        ARGUMENT[i] = 1
    for i in (OP_BININT2, OP_EXT2):
        ARGUMENT[i] = 2
    for i in (OP_BININT, OP_LONG4, OP_BINSTRING, OP_BINBYTES, OP_BINUNICODE, OP_LONG_BINGET,
              OP_LONG_BINPUT, OP_EXT4):
        ARGUMENT[i] = 4
    for i in (OP_BINFLOAT, OP_BINBYTES8, OP_BYTEARRAY8, OP_BINUNICODE8, OP_FRAME):
        ARGUMENT[i] = 8
    keys.layout_known = check_layout()

set_up()


# ---- the loop ------------------------------------------------------------------------------

cdef PyObject* run(Machine* m) noexcept:
    """Executes opcodes up to STOP; the value, or NULL with an exception."""
    cdef const unsigned char* p = m.p
    cdef const unsigned char* end = m.end
    cdef const unsigned char* s
    cdef PyObject** base = m.stack
    cdef PyObject** sp = m.sp
    cdef PyObject** fence = m.fence
    cdef PyObject** limit = m.limit
    cdef PyObject** top
    cdef PyObject* value
    cdef Py_ssize_t n, i
    cdef uint64_t size
    cdef int op, status
    cdef Words w
    cdef Record* record

    while True:
        if unlikely(end - p < 9) and (end <= p or end - p <= ARGUMENT[p[0]]):
            m.p = p
            status = refill(m)
            p = m.p
            end = m.end
            if status < 0:
                break
        if unlikely(limit - sp < 2):
            m.sp = sp
            m.fence = fence
            if grow_stack(m, 2) < 0:
                break
            base = m.stack
            sp = m.sp
            fence = m.fence
            limit = m.limit
        op = p[0]

        # -- leaves
        if op == OP_BININT1:
            while True:  # small ints come in runs
                value = small_ints[p[1]]
                Py_INCREF(value)
                sp[0] = value
                sp += 1
                p += 2
                if end - p < 9 or p[0] != OP_BININT1 or limit - sp < 2:
                    break
        elif op == OP_BININT2:
            value = PyLong_FromLong(p[1] | (<long>p[2] << 8))
            if unlikely(value == NULL):
                break
            sp[0] = value
            sp += 1
            p += 3
        elif op == OP_BININT:
            while True:
                value = PyLong_FromLong(<int32_t>u32(p + 1))
                if unlikely(value == NULL):
                    break
                sp[0] = value
                sp += 1
                p += 5
                if end - p < 9 or p[0] != OP_BININT or limit - sp < 2:
                    break
            if unlikely(value == NULL):
                break
        elif op == OP_BINFLOAT:
            while True:
                value = PyFloat_FromDouble(get_double(p + 1))
                if unlikely(value == NULL):
                    break
                sp[0] = value
                sp += 1
                p += 9
                if end - p < 9 or p[0] != OP_BINFLOAT or limit - sp < 2:
                    break
            if unlikely(value == NULL):
                break
        elif op == OP_SHORT_BINUNICODE or op == OP_BINUNICODE:
            if op == OP_SHORT_BINUNICODE:
                n = p[1]
                s = p + 2
            else:
                n = u32(p + 1)
                s = p + 5
            if unlikely(end - s < n):
                m.p = p
                i = s - p
                status = need(m, i + n, i, UNPICKLING)
                p = m.p
                end = m.end
                s = p + i
                if status < 0:
                    break
            if 2 <= n <= 16:
                if is_lazy(fence[-1]) and not (sp - fence) & 1 and sp - fence < 2 * SHAPE_KEYS and not FREE_THREADED:
                    # An even distance above the mark of a dict: a key, of a record if there are few.
                    value = key_text(&keys, s, n)
                else:
                    w = words_of(s, n)
                    if likely(not (w.low | w.high) & HIGH_BITS):
                        value = text_of_words(w, n)
                    else:
                        value = text_of(s, n)
            elif n == 1 and s[0] < 128:
                value = letters[s[0]]
                Py_INCREF(value)
            else:
                value = text_of(s, n)
            if unlikely(value == NULL):
                break
            sp[0] = value
            sp += 1
            p = s + n
        elif op == OP_NONE:
            Py_INCREF(Py_None)
            sp[0] = Py_None
            sp += 1
            p += 1
        elif op == OP_NEWTRUE:
            Py_INCREF(Py_True)
            sp[0] = Py_True
            sp += 1
            p += 1
        elif op == OP_NEWFALSE:
            Py_INCREF(Py_False)
            sp[0] = Py_False
            sp += 1
            p += 1
        elif op == OP_LONG1:
            n = p[1]
            if unlikely(end - p - 2 < n):
                m.p = p
                status = need(m, 2 + n, 2, UNPICKLING)
                p = m.p
                end = m.end
                if status < 0:
                    break
            value = _PyLong_FromByteArray(p + 2, n, 1, 1)
            if unlikely(value == NULL):
                break
            sp[0] = value
            sp += 1
            p += 2 + n
        elif op == OP_SHORT_BINBYTES:
            n = p[1]
            if unlikely(end - p - 2 < n):
                m.p = p
                status = need(m, 2 + n, 2, UNPICKLING)
                p = m.p
                end = m.end
                if status < 0:
                    break
            if (n == 10 or n == 4) and sp > fence and PyType_Check(sp[-1]):
                # `C` 10 bytes `\x85` `R`: a datetime, made from the bytes as they lie.
                record = record_of(records, <PyTypeObject*>sp[-1])
                if record.kind == DATETIME if n == 10 else record.kind == DATE:
                    s = calendar_end(m, p + 2 + n, end)
                    value = calendar_value(record.kind, p + 2) if s != NULL and m.policy == NULL else NULL
                    if value != NULL:
                        Py_DECREF(sp[-1])
                        sp[-1] = value
                        if s - p > 4 + n and (number_hole(m) < 0 or number_hole(m) < 0):
                            break
                        p = s
                        continue
            value = PyBytes_FromStringAndSize(<const char*>p + 2, n)
            if unlikely(value == NULL):
                break
            sp[0] = value
            sp += 1
            p += 2 + n

        # -- the memo
        elif op == OP_MEMOIZE:
            if unlikely(sp <= fence):
                underflow(m, UNPICKLING)
                break
            n = m.memo_filled
            value = sp[-1]
            if likely(n == m.memo_count and n < m.memo_room and not m.callees):
                if m.scanned > 0 and not is_read(m, n):
                    value = NULL
                else:
                    Py_INCREF(value)
                m.memo[n] = value
                m.memo_filled = m.memo_count = n + 1
            elif memoize(m, m.memo_count, value) < 0:
                break
            p += 1
        elif op == OP_BINPUT or op == OP_LONG_BINPUT:
            if unlikely(sp <= fence):
                underflow(m, UNPICKLING)
                break
            if memoize(m, p[1] if op == OP_BINPUT else u32(p + 1), sp[-1]) < 0:
                break
            p += 1 + ARGUMENT[op]
        elif op == OP_BINGET:
            top = m.memo
            n = m.memo_filled if likely(not m.memo_callees) else 0
            while p[1] < n and top[p[1]] != NULL:  # references to few objects come in runs
                value = top[p[1]]
                Py_INCREF(value)
                sp[0] = value
                sp += 1
                p += 2
                if end - p < 9 or p[0] != OP_BINGET or limit - sp < 2:
                    break
            else:
                m.sp = sp
                value = recall(m, p[1])
                if value == NULL:
                    break
                Py_INCREF(value)
                sp[0] = value
                sp += 1
                p += 2
        elif op == OP_LONG_BINGET:
            n = u32(p + 1)
            value = m.memo[n] if n < m.memo_filled else NULL
            if unlikely(value == NULL or m.memo_callees):
                m.sp = sp
                value = recall(m, n)
                if value == NULL:
                    break
            Py_INCREF(value)
            sp[0] = value
            sp += 1
            p += 5

        # -- containers
        elif op == OP_MARK:
            if unlikely(m.mark_count == m.mark_room) and grow_marks(m) < 0:
                break
            m.marks[m.mark_count] = fence - base
            m.mark_count += 1
            fence = sp
            p += 1
        elif op == OP_EMPTY_DICT:
            # `}(` is a dict about to be filled: made when its items are known.
            if end - p >= 3 and p[1] == OP_MARK:
                sp[0] = lazy(LAZY_UNNUMBERED)
                sp += 1
            elif (end - p >= 4 and p[1] == OP_MEMOIZE and p[2] == OP_MARK and m.memo_filled == m.memo_count
                    and m.memo_filled < m.memo_room):
                sp[0] = lazy(m.memo_filled)
                m.memo[m.memo_filled] = NULL
                m.memo_filled += 1
                m.memo_count += 1
                sp += 1
                p += 1
            else:
                value = PyDict_New()
                if unlikely(value == NULL):
                    break
                sp[0] = value
                sp += 1
                p += 1
                continue
            # The mark, at once: nothing may come between a lazy dict and its mark.
            if unlikely(m.mark_count == m.mark_room) and grow_marks(m) < 0:
                break
            m.marks[m.mark_count] = fence - base
            m.mark_count += 1
            fence = sp
            p += 2
        elif op == OP_EMPTY_LIST:
            value = PyList_New(0)
            if unlikely(value == NULL):
                break
            sp[0] = value
            sp += 1
            p += 1
        elif op == OP_APPENDS:
            if unlikely(m.mark_count == 0):
                no_mark()
                break
            top = fence
            m.mark_count -= 1
            fence = base + m.marks[m.mark_count]
            if unlikely(top <= fence):
                underflow(m, UNPICKLING)
                break
            value = top[-1]
            if unlikely(is_lazy(value)):
                if settle(m, top - 1) < 0:
                    break
                value = top[-1]
            if unlikely(m.callees) and check_values(m, top, sp) < 0:
                break
            if likely(PyList_CheckExact(value)) and not FREE_THREADED:
                if fill_list(value, top, sp - top) < 0:
                    break
                sp = top
            else:
                m.sp = sp
                status = extend_object(m, value, top)
                sp = m.sp
                if status < 0:
                    break
            p += 1
        elif op == OP_SETITEMS:
            if unlikely(m.mark_count == 0):
                no_mark()
                break
            top = fence
            m.mark_count -= 1
            fence = base + m.marks[m.mark_count]
            if unlikely(top <= fence):
                underflow(m, UNPICKLING)
                break
            n = sp - top
            if unlikely(n & 1):
                PyErr_SetString(UNPICKLING, b"odd number of items for SETITEMS")
                break
            if unlikely(m.policy != NULL) and (check_values(m, top, sp) < 0 or charge_keys(m, top, n, 2) < 0):
                break
            value = top[-1]
            if likely(is_lazy(value)):
                if p + 1 < end and p[1] == OP_BUILD and top - fence >= 2 and not is_wanted(m, value, p + 1):
                    # `u` `b`: the state goes straight into the instance, no dict is made.
                    status = build_from_stack(m, top[-2], top, n >> 1)
                    if status < 0:
                        break
                    if status > 0:
                        sp = top - 1
                        p += 2
                        continue
                elif p + 2 < end and p[1] == OP_TUPLE2 and top - fence >= 3 and top[-2] == Py_None:
                    # `u` `\x86` `b`: slots.
                    i = put_to_drop(m, p + 2, end, m.memo_filled)
                    if i >= 0 and p + 2 + i < end and p[2 + i] == OP_BUILD and not is_wanted(m, value, p + 2):
                        status = slots_from_stack(m, top[-3], top, n >> 1)
                        if status < 0 or (i and number_hole(m) < 0):
                            break
                        if status > 0:
                            Py_DECREF(Py_None)
                            sp = top - 2
                            p += 3 + i
                            continue
                value = dict_of(&keys, top, n >> 1) if n else PyDict_New()
                if unlikely(value == NULL):
                    break
                number_dict(m, top[-1], value)
                top[-1] = value
                sp = top
            else:
                status = set_items(m, value, top, n)
                if status < 0:
                    break
                sp = top
            p += 1
        elif op == OP_SETITEM:
            if unlikely(sp - fence < 3):
                underflow(m, UNPICKLING)
                break
            top = sp - 2
            if unlikely(m.policy != NULL) and (check_values(m, top, sp) < 0 or charge_keys(m, top, 2, 2) < 0):
                break
            value = top[-1]
            if p + 1 < end and p[1] == OP_BUILD and top - fence >= 2 and is_only_state(m, value, p + 1):
                # `s` `b`: a state of one attribute, in a dict that nobody else will see.
                status = build_from_stack(m, top[-2], top, 1)
                if status < 0:
                    break
                if status > 0:
                    Py_DECREF(value)
                    sp = top - 1
                    p += 2
                    continue
            if set_items(m, value, top, 2) < 0:
                break
            sp = top
            p += 1
        elif op == OP_ADDITEMS:
            if unlikely(m.mark_count == 0):
                no_mark()
                break
            top = fence
            m.mark_count -= 1
            fence = base + m.marks[m.mark_count]
            if unlikely(top <= fence):
                underflow(m, UNPICKLING)
                break
            if unlikely(is_lazy(top[-1])) and settle(m, top - 1) < 0:
                break
            if unlikely(m.policy != NULL) and (check_values(m, top, sp) < 0 or charge_keys(m, top, sp - top, 1) < 0):
                break
            m.sp = sp
            status = add_items(m, top[-1], top)
            sp = m.sp
            if status < 0:
                break
            p += 1
        elif op == OP_EMPTY_TUPLE:
            if p + 1 < end and p[1] == OP_NEWOBJ and sp > fence and PyType_Check(sp[-1]):
                # `)` `\x81`: no arguments; where __new__ is object's, only an allocation.
                value = sp[-1]
                if record_of(records, <PyTypeObject*>value).traits & NEW_PLAIN:
                    sp[-1] = PyType_GenericAlloc(<PyTypeObject*>value, 0)
                    Py_DECREF(value)
                    if unlikely(sp[-1] == NULL):
                        sp -= 1
                        break
                    p += 2
                    continue
            Py_INCREF(empty_tuple)
            sp[0] = empty_tuple
            sp += 1
            p += 1
        elif op == OP_TUPLE1 or op == OP_TUPLE2 or op == OP_TUPLE3 or op == OP_TUPLE:
            if op == OP_TUPLE:
                if unlikely(m.mark_count == 0):
                    no_mark()
                    break
                top = fence
                m.mark_count -= 1
                fence = base + m.marks[m.mark_count]
                if unlikely(is_lazy(top[-1])) and settle(m, top - 1) < 0:
                    break
            else:
                top = sp - (op - OP_TUPLE1 + 1)
                if unlikely(top < fence):
                    underflow(m, UNPICKLING)
                    break
            n = sp - top
            if unlikely(m.callees) and check_values(m, top, sp) < 0:
                break
            if p + 1 < end and top > fence and m.policy == NULL:
                # The tuple may be only a callee's arguments: call it with them as they lie.
                s = p + 1
                i = 0
                if s[0] != OP_REDUCE and s[0] != OP_NEWOBJ and end - s >= 6:
                    i = put_length(s)
                    if i and (s[i] == OP_REDUCE or s[i] == OP_NEWOBJ):
                        i = put_to_drop(m, s, end, m.memo_filled)
                        if i > 0:
                            s += i
                if s[0] == OP_REDUCE:
                    if i and number_hole(m) < 0:
                        break
                    value = call_on_stack(m, top, n)
                    if unlikely(value == NULL):
                        break
                    while sp >= top:
                        sp -= 1
                        Py_DECREF(sp[0])
                    sp[0] = value
                    sp += 1
                    p = s + 1
                    continue
                elif s[0] == OP_NEWOBJ and PyType_Check(top[-1]):
                    value = top[-1]
                    record = record_of(records, <PyTypeObject*>value)
                    if record.kind == NAMED_TUPLE and record.fields == n:
                        if i and number_hole(m) < 0:
                            break
                        top[-1] = PyType_GenericAlloc(<PyTypeObject*>value, n)
                        if unlikely(top[-1] == NULL):
                            top[-1] = value
                            break
                        memcpy((<PyTupleObject*>top[-1]).ob_item, top, n * sizeof(PyObject*))
                        Py_DECREF(value)
                        sp = top
                        p = s + 1
                        continue
            if unlikely(n == 0):
                value = empty_tuple
                Py_INCREF(value)
            else:
                value = PyTuple_New(n)
                if unlikely(value == NULL):
                    break
                memcpy((<PyTupleObject*>value).ob_item, top, n * sizeof(PyObject*))
            top[0] = value
            sp = top + 1
            p += 1

        # -- instances
        elif op == OP_BUILD:
            if unlikely(sp - fence < 2):
                underflow(m, UNPICKLING)
                break
            if build(m, sp[-2], sp[-1]) < 0:
                break
            sp -= 1
            Py_DECREF(sp[0])
            p += 1
        elif op == OP_REDUCE:
            if unlikely(sp - fence < 2):
                underflow(m, UNPICKLING)
                break
            value = reduce(m, sp[-2], sp[-1])
            if unlikely(value == NULL):
                break
            sp -= 1
            Py_DECREF(sp[0])
            Py_DECREF(sp[-1])
            sp[-1] = value
            p += 1

        # -- the rest
        elif op == OP_FRAME:
            size = u64(p + 1)
            if unlikely(size > <uint64_t>PY_SSIZE_T_MAX):
                PyErr_Format(PyExc_OverflowError, b"FRAME length exceeds system's maximum of %zd bytes",
                             <Py_ssize_t>PY_SSIZE_T_MAX)
                break
            m.p = p = p + 9
            status = enter_frame(m, <Py_ssize_t>size, UNPICKLING)
            p = m.p
            end = m.end
            if status < 0:
                break
        elif op == OP_STOP:
            if unlikely(sp <= fence):
                underflow(m, UNPICKLING)
                break
            if unlikely(m.callees) and check_values(m, sp - 1, sp) < 0:
                break
            m.p = p + 1
            m.sp = sp
            m.fence = fence
            if unlikely(m.read != NULL) and finish_file(m) < 0:
                return NULL
            m.sp -= 1
            return sp[-1]
        else:
            m.p = p
            m.sp = sp
            m.fence = fence
            status = load_other(m, op)
            p = m.p
            end = m.end
            sp = m.sp
            fence = m.fence
            if status < 0:
                break

    m.p = p
    m.sp = sp
    m.fence = fence
    return NULL


cdef int refill(Machine* m) noexcept:
    """The window ends within the next opcode or its fixed argument."""
    if m.end <= m.p and leave_frame(m, 0, UNPICKLING) == 0 and m.end <= m.p:
        if m.read == NULL or fetch(m, 1, UNPICKLING) < 0:
            if m.read == NULL or (m.truncated and PyErr_ExceptionMatches(UNPICKLING)):
                m.truncated = True
                PyErr_SetString(PyExc_EOFError, b"Ran out of input")
            return -1
    return need(m, 1 + ARGUMENT[m.p[0]], 1, UNPICKLING)


cdef PyObject* small_one() noexcept:
    return small_ints[1]


cdef int no_mark() noexcept:
    PyErr_SetString(UNPICKLING, b"could not find MARK")
    return -1


# ---- the memo ------------------------------------------------------------------------------

cdef int memoize(Machine* m, Py_ssize_t index, PyObject* value) noexcept:
    if m.callees and Py_TYPE(value) == <PyTypeObject*>Callee:
        m.memo_callees = True
    return memo_put(m, index, value)


cdef PyObject* recall(Machine* m, Py_ssize_t index) noexcept:
    """Borrowed; the error where nothing was memoized under this index."""
    cdef PyObject* value = memo_get(m, index)
    if value == NULL:
        if PyErr_Occurred() == NULL:
            PyErr_Format(UNPICKLING, b"Memo value not found at index %ld", <long>index)
    elif m.memo_callees and Py_TYPE(value) == <PyTypeObject*>Callee:
        m.callees += 1
    return value


cdef inline Py_ssize_t put_length(const unsigned char* q) noexcept:
    """How long a PUT at q is, 0 where there is none."""
    if q[0] == OP_MEMOIZE:
        return 1
    return 2 if q[0] == OP_BINPUT else 5 if q[0] == OP_LONG_BINPUT else 0


cdef inline bint is_wanted(Machine* m, PyObject* slot, const unsigned char* next_op) noexcept:
    """Whether the stream gets the dict of a lazy slot again, from next_op on."""
    cdef Py_ssize_t index = lazy_index(slot)
    if index < 0:
        return False
    if unlikely(m.scanned == 0) and scan_pays(m):
        scan(m, next_op)
    return m.scanned <= 0 or is_read(m, index)


cdef inline bint is_only_state(Machine* m, PyObject* state, const unsigned char* next_op) noexcept:
    """Whether an empty dict is held by the stack alone. Where the memo holds it too, look
    whether memoizing such dicts is for nothing, for the sake of the next."""
    if not PyDict_CheckExact(state) or PyDict_GET_SIZE(state):
        return False
    if Py_REFCNT(state) != 1 and m.scanned == 0 and scan_pays(m):
        scan(m, next_op)
    return Py_REFCNT(state) == 1


# ---- containers ----------------------------------------------------------------------------

cdef int fill_list(PyObject* made, PyObject** items, Py_ssize_t n) noexcept:
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


cdef PyObject* list_of(PyObject** items, Py_ssize_t n) noexcept:
    """A new list that takes n values over from the stack."""
    cdef PyObject* made = PyList_New(n)
    cdef Py_ssize_t i
    if made != NULL:
        for i in range(n):
            PyList_SET_ITEM(made, i, items[i])
    return made


cdef int extend_object(Machine* m, PyObject* target, PyObject** items) noexcept:
    """APPENDS on whatever has extend() or append(); the values leave the stack in any case."""
    cdef PyObject* method
    cdef PyObject* values
    cdef PyObject* answer
    cdef PyObject** item
    cdef int status = 0
    if PyList_CheckExact(target):  # free-threaded builds come here with lists too
        values = list_of(items, m.sp - items)
        if values == NULL:
            return -1
        m.sp = items
        status = PyList_SetSlice(target, PyList_GET_SIZE(target), PyList_GET_SIZE(target), values)
        Py_DECREF(values)
        return status
    if m.policy != NULL:
        return refuse_target(m, target, b"APPENDS")
    m.foreign = True
    method = optional_attr(target, <PyObject*>S_extend)
    if method != NULL:
        values = list_of(items, m.sp - items)
        if values == NULL:
            Py_DECREF(method)
            return -1
        m.sp = items
        answer = PyObject_CallOneArg(method, values)
        Py_DECREF(values)
        Py_DECREF(method)
        if answer == NULL:
            return -1
        Py_DECREF(answer)
    else:
        if PyErr_Occurred() != NULL:
            return -1
        method = PyObject_GetAttr(target, <PyObject*>S_append)
        if method == NULL:
            return -1
        status = call_with_each(m, method, items)
        Py_DECREF(method)
    if status == 0:
        m.foreign = False
    return status


cdef int call_with_each(Machine* m, PyObject* method, PyObject** items) noexcept:
    """Calls method(value) for each value above `items`, which leave the stack."""
    cdef PyObject** item = items
    cdef PyObject* answer
    while item < m.sp:
        answer = PyObject_CallOneArg(method, item[0])
        if answer == NULL:
            return -1
        Py_DECREF(answer)
        item += 1
    while m.sp > items:
        m.sp -= 1
        Py_DECREF(m.sp[0])
    return 0


cdef int set_items(Machine* m, PyObject* target, PyObject** items, Py_ssize_t n) noexcept:
    """SETITEMS on a dict or on whatever takes target[key] = value; consumes the items."""
    cdef Py_ssize_t i
    cdef int status = 0
    if PyDict_CheckExact(target):
        for i in range(0, n, 2):
            if is_deep(items[i]) or PyDict_SetItem(target, items[i], items[i + 1]) < 0:
                return -1
    elif n:
        if m.policy != NULL:
            return refuse_target(m, target, b"SETITEMS")
        m.foreign = True
        for i in range(0, n, 2):
            if is_deep(items[i]):
                return -1
            if Py_TYPE(target) == &PyODict_Type:
                status = PyODict_SetItem(target, items[i], items[i + 1])
            else:
                status = PyObject_SetItem(target, items[i], items[i + 1])
            if status < 0:
                return -1
        m.foreign = False
    for i in range(n):
        Py_DECREF(items[i])
    return 0


cdef int add_items(Machine* m, PyObject* target, PyObject** items) noexcept:
    """ADDITEMS on a set or on whatever has add(); consumes the items."""
    cdef PyObject** item
    cdef PyObject* method
    cdef int status
    if PySet_Check(target):
        item = items
        while item < m.sp:
            if is_deep(item[0]) or PySet_Add(target, item[0]) < 0:
                return -1
            item += 1
        while m.sp > items:
            m.sp -= 1
            Py_DECREF(m.sp[0])
        return 0
    if m.policy != NULL:
        return refuse_target(m, target, b"ADDITEMS")
    m.foreign = True
    method = PyObject_GetAttr(target, <PyObject*>S_add)
    if method == NULL:
        return -1
    status = call_with_each(m, method, items)
    Py_DECREF(method)
    if status == 0:
        m.foreign = False
    return status


# ---- calls and instances -------------------------------------------------------------------

cdef PyObject* call_on_stack(Machine* m, PyObject** args, Py_ssize_t n) noexcept:
    """REDUCE of the callee at args[-1] with the n arguments above it; consumes nothing."""
    cdef PyObject* value
    if args[-1] == m.frombuffer and n == 4:
        value = array_of(m, args)
        if value != NULL:
            return value
    value = PyObject_Vectorcall(args[-1], args, <size_t>n | ARGUMENTS_OFFSET, NULL)
    if value == NULL:
        m.foreign = True
    return value


cdef PyObject* reduce(Machine* m, PyObject* callee, PyObject* args) noexcept:
    cdef PyObject* value
    if m.policy != NULL:
        return call_callee(m, callee, args)
    if callee == m.frombuffer and PyTuple_CheckExact(args) and PyTuple_GET_SIZE(args) == 4:
        value = array_of(m, (<PyTupleObject*>args).ob_item)
        if value != NULL:
            return value
    value = PyObject_CallObject(callee, args)
    if value == NULL:
        m.foreign = True
    return value


cdef PyObject* instantiate(Machine* m, PyObject* callee, PyObject* args) noexcept:
    """The calls of INST and OBJ: a class without arguments is not initialised, as in Python 2."""
    cdef PyObject* method
    if m.policy != NULL:
        return call_callee(m, callee, args)
    m.foreign = True
    if PyTuple_GET_SIZE(args) == 0 and PyType_Check(callee):
        method = optional_attr(callee, <PyObject*>S_getinitargs)
        if method == NULL:
            if PyErr_Occurred() != NULL:
                return NULL
            return PyObject_CallMethodOneArg(callee, <PyObject*>S_new, callee)
        Py_DECREF(method)
    return PyObject_CallObject(callee, args)


cdef PyObject* new_object(Machine* m, PyObject* cls, PyObject* args, PyObject* kwargs) noexcept:
    """NEWOBJ (kwargs NULL) and NEWOBJ_EX."""
    cdef const char* op = b"NEWOBJ" if kwargs == NULL else b"NEWOBJ_EX"
    cdef PyObject* value
    if m.policy != NULL:
        return refuse_new(m, cls)
    if not PyType_Check(cls):
        PyErr_Format(UNPICKLING, b"%s class argument must be a type, not %.200s", op, type_name(cls))
    elif not has_new(<PyTypeObject*>cls):
        PyErr_Format(UNPICKLING, b"%s class argument '%.200s' doesn't have __new__", op,
                     (<PyTypeObject*>cls).tp_name)
    elif not PyTuple_Check(args):
        PyErr_Format(UNPICKLING, b"%s args argument must be a tuple, not %.200s", op, type_name(args))
    elif kwargs != NULL and not PyDict_Check(kwargs):
        PyErr_Format(UNPICKLING, b"%s kwargs argument must be a dict, not %.200s", op, type_name(kwargs))
    else:
        value = call_new(<PyTypeObject*>cls, args, kwargs)
        if value == NULL:
            m.foreign = True
        return value
    return NULL


cdef int build_from_stack(Machine* m, PyObject* instance, PyObject** items, Py_ssize_t n) noexcept:
    """BUILD with n pairs that lie on the stack, without a dict: 1 done (and consumed), 0 not for
    this instance or these keys, -1 an error. What was set before a 0 is set again, to the same."""
    cdef Record* record
    cdef int traits
    cdef Py_ssize_t i
    if m.policy != NULL:
        return 0
    record = record_of(records, Py_TYPE(instance))
    traits = record.traits
    if record.kind == UUID and n == 1:
        return fill_uuid(instance, items)
    if traits & (STATE_PLAIN | DICT_PLAIN | NO_DESCRIPTORS) != (STATE_PLAIN | DICT_PLAIN | NO_DESCRIPTORS):
        return 0
    for i in range(0, 2 * n, 2):
        if not PyUnicode_CheckExact(items[i]) or is_dunder(items[i]):
            return 0
        if not PyUnicode_CHECK_INTERNED(items[i]):
            intern(&items[i])
        if PyObject_GenericSetAttr(instance, items[i], items[i + 1]) < 0:
            return -1
    for i in range(2 * n):
        Py_DECREF(items[i])
    return 1


cdef int fill_uuid(PyObject* instance, PyObject** items) noexcept:
    """What UUID.__setstate__ does with {'int': number}."""
    if not PyUnicode_CheckExact(items[0]) or PyUnicode_Compare(items[0], <PyObject*>S_int) != 0:
        return 0
    if (PyObject_GenericSetAttr(instance, <PyObject*>S_int, items[1]) < 0
            or PyObject_GenericSetAttr(instance, <PyObject*>S_is_safe, <PyObject*>uuid_unknown()) < 0):
        return -1
    Py_DECREF(items[0])
    Py_DECREF(items[1])
    return 1


cdef const unsigned char* calendar_end(Machine* m, const unsigned char* q, const unsigned char* end) noexcept:
    """Past `\x85` `R` (and PUTs of what is never got again, which are numbered), or NULL."""
    cdef Py_ssize_t first, second
    if end - q < 2:
        return NULL
    if q[0] == OP_TUPLE1 and q[1] == OP_REDUCE:
        return q + 2
    first = put_to_drop(m, q, end, m.memo_filled)
    if first <= 0 or q + first >= end or q[first] != OP_TUPLE1:
        return NULL
    q += first + 1
    second = put_to_drop(m, q, end, m.memo_filled + 1)
    if second <= 0 or q + second >= end or q[second] != OP_REDUCE:
        return NULL
    return q + second + 1


cdef int slots_from_stack(Machine* m, PyObject* instance, PyObject** items, Py_ssize_t n) noexcept:
    """As build_from_stack, for the state (None, {slot: value, ...})."""
    cdef Py_ssize_t i
    cdef int traits, status
    if m.policy != NULL:
        return 0
    traits = record_of(records, Py_TYPE(instance)).traits
    if not traits & STATE_PLAIN:
        return 0
    for i in range(0, 2 * n, 2):
        if not PyUnicode_CheckExact(items[i]):
            return 0
    for i in range(0, 2 * n, 2):
        if not PyUnicode_CHECK_INTERNED(items[i]):
            intern(&items[i])
        if traits & SETATTR_PLAIN:
            status = PyObject_GenericSetAttr(instance, items[i], items[i + 1])
        else:
            status = PyObject_SetAttr(instance, items[i], items[i + 1])
        if status < 0:
            m.foreign = True
            return -1
    for i in range(2 * n):
        Py_DECREF(items[i])
    return 1


cdef void intern(PyObject** text) noexcept:
    PyUnicode_InternInPlace(text)
    if not FREE_THREADED:
        key_interned(&keys, text[0])


cdef int build(Machine* m, PyObject* instance, PyObject* state) noexcept:
    """BUILD, in full: __setstate__, or a dict for __dict__ and a dict of slots."""
    cdef PyObject* method
    cdef PyObject* answer
    cdef PyObject* slots = NULL
    if m.policy != NULL:
        return refuse_target(m, instance, b"BUILD")
    # Looked up on the instance, as the standard module does: it may carry its own.
    method = optional_attr(instance, <PyObject*>S_setstate)
    if method != NULL:
        answer = PyObject_CallOneArg(method, state)
        Py_DECREF(method)
        if answer == NULL:
            m.foreign = True
            return -1
        Py_DECREF(answer)
        return 0
    if PyErr_Occurred() != NULL:
        m.foreign = True
        return -1
    if PyTuple_Check(state) and PyTuple_GET_SIZE(state) == 2:
        slots = PyTuple_GET_ITEM(state, 1)
        state = PyTuple_GET_ITEM(state, 0)
    if state != Py_None and set_state(m, instance, state) < 0:
        return -1
    if slots != NULL and set_slots(m, instance, slots) < 0:
        return -1
    return 0


cdef int set_state(Machine* m, PyObject* instance, PyObject* state) noexcept:
    cdef PyObject* attributes
    cdef PyObject* key
    cdef PyObject* value
    cdef Py_ssize_t at = 0
    cdef int status = 0
    if not PyDict_Check(state):
        PyErr_SetString(UNPICKLING, b"state is not a dictionary")
        return -1
    if PyDict_CheckExact(state) and has_plain_state(Py_TYPE(instance)):
        status = set_attributes(instance, state)
        if status != 0:
            return 0 if status > 0 else -1
    m.foreign = True
    attributes = PyObject_GetAttr(instance, <PyObject*>S_dict)
    if attributes == NULL:
        return -1
    while status == 0 and PyDict_Next(state, &at, &key, &value):
        # Held while set: __setitem__ of an odd __dict__ may change the state under us.
        Py_INCREF(key)
        Py_INCREF(value)
        if PyUnicode_CheckExact(key):
            PyUnicode_InternInPlace(&key)
        status = PyObject_SetItem(attributes, key, value)
        Py_DECREF(key)
        Py_DECREF(value)
    Py_DECREF(attributes)
    if status == 0:
        m.foreign = False
    return status


cdef inline bint has_plain_state(PyTypeObject* type) noexcept:
    cdef int traits = record_of(records, type).traits
    return traits & (DICT_PLAIN | NO_DESCRIPTORS) == (DICT_PLAIN | NO_DESCRIPTORS)


cdef int set_attributes(PyObject* instance, PyObject* state) noexcept:
    """The pairs of a state dict as attributes, so that no __dict__ need be made: 1 done, 0 not
    with these keys, -1 an error."""
    cdef PyObject* key
    cdef PyObject* value
    cdef Py_ssize_t at = 0
    cdef int status = 0
    while PyDict_Next(state, &at, &key, &value):
        if not PyUnicode_CheckExact(key) or is_dunder(key):
            return 0
    at = 0
    while status == 0 and PyDict_Next(state, &at, &key, &value):
        Py_INCREF(key)
        PyUnicode_InternInPlace(&key)
        status = PyObject_GenericSetAttr(instance, key, value)
        Py_DECREF(key)
    return 1 if status == 0 else -1


cdef int set_slots(Machine* m, PyObject* instance, PyObject* slots) noexcept:
    cdef PyObject* key
    cdef PyObject* value
    cdef Py_ssize_t at = 0
    cdef int status = 0
    if not PyDict_Check(slots):
        PyErr_SetString(UNPICKLING, b"slot state is not a dictionary")
        return -1
    m.foreign = True
    while status == 0 and PyDict_Next(slots, &at, &key, &value):
        Py_INCREF(key)
        Py_INCREF(value)
        status = PyObject_SetAttr(instance, key, value)
        Py_DECREF(key)
        Py_DECREF(value)
    if status == 0:
        m.foreign = False
    return status


# ---- names ---------------------------------------------------------------------------------

cdef PyObject* resolve(Machine* m, PyObject* module, PyObject* name) noexcept:
    """What a name stands for (new): by the unpickler's find_class, the policy, or the rules."""
    cdef PyObject* value
    if m.policy != NULL:
        return ask_policy(m, module, name)
    if m.unpickler != NULL:
        value = PyObject_CallMethodObjArgs(m.unpickler, <PyObject*>S_find_class, module, name, NULL)
    else:
        value = (<finder>find_global)(module, name, m.proto, m.fix_imports)
    if value == NULL:
        m.foreign = True
    else:
        note_function(m, module, value)
    return value


ctypedef PyObject* (*by_code)(long) noexcept
ctypedef int (*keeper)(long, PyObject*) noexcept

cdef PyObject* load_extension(Machine* m, long code) noexcept:
    """EXT1, EXT2, EXT4: from copyreg's cache, or by the registered name (new)."""
    cdef PyObject* found
    cdef PyObject* pair
    if code <= 0:
        PyErr_SetString(UNPICKLING, b"EXT specifies code <= 0")
        return NULL
    if m.policy == NULL:  # under a policy the cache is not asked: anyone may have poisoned it
        found = (<by_code>find_extension)(code)
        if found != Py_None:
            return found
        Py_DECREF(found)
    pair = (<by_code>extension_name)(code)
    if pair == NULL:
        return NULL
    found = resolve(m, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1))
    Py_DECREF(pair)
    if found != NULL and m.policy == NULL and (<keeper>keep_extension)(code, found) < 0:
        Py_DECREF(found)
        return NULL
    return found


# ---- the other opcodes ---------------------------------------------------------------------

cdef inline int push(Machine* m, PyObject* value) noexcept:
    """Takes over a new reference (NULL: an exception is set). The loop left room for it."""
    if value == NULL:
        return -1
    m.sp[0] = value
    m.sp += 1
    return 0


cdef inline PyObject** pop_mark(Machine* m) noexcept:
    """The position of the topmost mark, which goes; NULL with an exception where there is none."""
    cdef PyObject** top = m.fence
    if m.mark_count == 0:
        no_mark()
        return NULL
    m.mark_count -= 1
    m.fence = m.stack + m.marks[m.mark_count]
    if is_lazy(top[-1]) and settle(m, top - 1) < 0:
        return NULL
    return top


cdef PyObject* tuple_of(PyObject** items, Py_ssize_t n) noexcept:
    """A new tuple that takes n values over from the stack."""
    cdef PyObject* made = PyTuple_New(n)
    cdef Py_ssize_t i
    if made != NULL:
        for i in range(n):
            PyTuple_SET_ITEM(made, i, items[i])
    return made


cdef int load_other(Machine* m, int op) noexcept:
    """One opcode that is not worth a place in the loop. Its fixed argument is in the window;
    m.p moves past the opcode when it has succeeded."""
    cdef Py_ssize_t offset = m.passed + (m.p - m.start)
    cdef int status
    if ARGUMENT[op]:
        status = load_counted(m, op)
    else:
        m.p += 1
        status = load_plain(m, op)
    if status < 0:
        m.error_offset = offset
        if offset >= m.passed:  # still in the window: back onto the opcode, for the error's place
            m.p = m.start + (offset - m.passed)
    return status


cdef int load_counted(Machine* m, int op) noexcept:
    """Opcodes with a fixed argument: lengths, codes, the protocol."""
    cdef const unsigned char* argument = m.p + 1
    cdef int width = ARGUMENT[op]
    cdef uint64_t n
    if width == 1:
        n = argument[0]
    elif width == 2:
        n = argument[0] | (<uint64_t>argument[1] << 8)
    elif width == 4:
        n = u32(argument)
    else:
        n = u64(argument)
    m.p += 1 + width

    if op == OP_PROTO:
        if n > 5:
            PyErr_Format(PyExc_ValueError, b"unsupported pickle protocol: %d", <int>n)
            return -1
        m.proto = <int>n
        return 0
    elif op == OP_EXT1 or op == OP_EXT2 or op == OP_EXT4:
        return push(m, load_extension(m, <int32_t>n if op == OP_EXT4 else <long>n))
    elif op == OP_LONG4:
        if n > 0x7FFFFFFF:
            PyErr_SetString(UNPICKLING, b"LONG pickle has negative byte count")
            return -1
        if need(m, n, 0, UNPICKLING) < 0:
            return -1
        m.p += n
        return push(m, _PyLong_FromByteArray(m.p - n, n, 1, 1))
    elif op == OP_BINSTRING or op == OP_SHORT_BINSTRING:
        if n > 0x7FFFFFFF:
            PyErr_SetString(UNPICKLING, b"BINSTRING pickle has negative byte count")
            return -1
        if need(m, n, 0, UNPICKLING) < 0:
            return -1
        m.p += n
        return push(m, text_of_python2(m, m.p - n, n))
    elif op == OP_BINUNICODE8:
        if n > <uint64_t>PY_SSIZE_T_MAX:
            PyErr_Format(PyExc_OverflowError, b"BINUNICODE exceeds system's maximum size of %zd bytes",
                         <Py_ssize_t>PY_SSIZE_T_MAX)
            return -1
        if need(m, n, 0, UNPICKLING) < 0:
            return -1
        m.p += n
        return push(m, text_of(m.p - n, n))
    elif op == OP_BINBYTES or op == OP_BINBYTES8 or op == OP_BYTEARRAY8:
        if n > <uint64_t>PY_SSIZE_T_MAX:
            PyErr_Format(PyExc_OverflowError, b"%s exceeds system's maximum size of %zd bytes",
                         <const char*>(b"BYTEARRAY8" if op == OP_BYTEARRAY8 else b"BINBYTES"),
                         <Py_ssize_t>PY_SSIZE_T_MAX)
            return -1
        return push(m, get_bytes(m, n, op == OP_BYTEARRAY8, UNPICKLING))
    return unknown(op)


cdef int unknown(int op) noexcept:
    if 0x20 <= op <= 0x7E and op != 39 and op != 92:
        PyErr_Format(UNPICKLING, b"invalid load key, '%c'.", op)
    else:
        PyErr_Format(UNPICKLING, b"invalid load key, '\\x%02x'.", op)
    return -1


cdef int load_plain(Machine* m, int op) noexcept:
    """Opcodes without an argument, and those whose argument is a line."""
    cdef PyObject** top
    cdef PyObject* value
    cdef PyObject* other
    cdef Py_ssize_t n

    if op == OP_POP:
        if m.mark_count and m.sp == m.fence:
            return 0 if pop_mark(m) != NULL else -1
        if m.sp <= m.fence:
            return underflow(m, UNPICKLING)
        m.sp -= 1
        forget(m, m.sp[0])
        Py_DECREF(m.sp[0])
        return 0
    elif op == OP_POP_MARK:
        top = pop_mark(m)
        if top == NULL:
            return -1
        while m.sp > top:
            m.sp -= 1
            forget(m, m.sp[0])
            Py_DECREF(m.sp[0])
        return 0
    elif op == OP_DUP:
        if m.sp <= m.fence:
            return underflow(m, UNPICKLING)
        value = m.sp[-1]
        if m.callees and Py_TYPE(value) == <PyTypeObject*>Callee:
            m.callees += 1
        Py_INCREF(value)
        return push(m, value)
    elif op == OP_EMPTY_SET:
        return push(m, PySet_New(NULL))
    elif op == OP_LIST or op == OP_DICT or op == OP_FROZENSET:
        top = pop_mark(m)
        if top == NULL:
            return -1
        n = m.sp - top
        if check_values(m, top, m.sp) < 0:
            return -1
        if op == OP_LIST:
            value = list_of(top, n)
        elif op == OP_DICT:
            if n & 1:
                PyErr_SetString(UNPICKLING, b"odd number of items for DICT")
                return -1
            if charge_keys(m, top, n, 2) < 0:
                return -1
            value = plain_dict(top, n >> 1)
        else:
            if charge_keys(m, top, n, 1) < 0:
                return -1
            value = frozenset_of(top, n)
        if value == NULL:
            return -1
        m.sp = top
        return push(m, value)
    elif op == OP_APPEND:
        if m.sp - m.fence < 2:
            return underflow(m, UNPICKLING)
        if check_values(m, m.sp - 1, m.sp) < 0:
            return -1
        if PyList_CheckExact(m.sp[-2]):
            if PyList_Append(m.sp[-2], m.sp[-1]) < 0:
                return -1
            m.sp -= 1
            Py_DECREF(m.sp[0])
            return 0
        return extend_object(m, m.sp[-2], m.sp - 1)
    elif op == OP_NEWOBJ or op == OP_NEWOBJ_EX:
        n = 2 if op == OP_NEWOBJ else 3
        if m.sp - m.fence < n:
            return underflow(m, UNPICKLING)
        value = new_object(m, m.sp[-n], m.sp[1 - n], NULL if op == OP_NEWOBJ else m.sp[-1])
        if value == NULL:
            return -1
        while n > 0:
            m.sp -= 1
            n -= 1
            Py_DECREF(m.sp[0])
        return push(m, value)
    elif op == OP_OBJ:
        top = pop_mark(m)
        if top == NULL:
            return -1
        if m.sp - top < 1:
            return underflow(m, UNPICKLING)
        if check_values(m, top + 1, m.sp) < 0:
            return -1
        other = tuple_of(top + 1, m.sp - top - 1)
        if other == NULL:
            return -1
        m.sp = top + 1
        value = instantiate(m, top[0], other)
        Py_DECREF(other)
        if value == NULL:
            return -1
        m.foreign = False
        m.sp = top
        Py_DECREF(top[0])
        return push(m, value)
    elif op == OP_STACK_GLOBAL:
        if m.sp - m.fence < 2:
            return underflow(m, UNPICKLING)
        if not PyUnicode_CheckExact(m.sp[-1]) or not PyUnicode_CheckExact(m.sp[-2]):
            PyErr_SetString(UNPICKLING, b"STACK_GLOBAL requires str")
            return -1
        value = resolve(m, m.sp[-2], m.sp[-1])
        if value == NULL:
            return -1
        m.sp -= 2
        Py_DECREF(m.sp[0])
        Py_DECREF(m.sp[1])
        return push(m, value)
    elif op == OP_NEXT_BUFFER:
        return push(m, next_buffer(m))
    elif op == OP_READONLY_BUFFER:
        return readonly_buffer(m)
    elif op == OP_BINPERSID:
        if m.persistent_load == NULL:
            return no_persistent_load()
        if m.sp <= m.fence:
            return underflow(m, UNPICKLING)
        m.sp -= 1
        return push(m, call_persistent_load(m, m.sp[0]))
    return load_line(m, op)


cdef PyObject* frozenset_of(PyObject** items, Py_ssize_t n) noexcept:
    """A frozenset of n values on the stack, which it consumes unless it fails."""
    cdef PyObject* made = PyFrozenSet_New(NULL)
    cdef Py_ssize_t i
    if made == NULL or n == 0:
        return made
    if Py_REFCNT(made) != 1:  # the empty one may be shared: go by a tuple
        Py_DECREF(made)
        return frozenset_by_tuple(items, n)
    for i in range(n):
        # Still ours alone, so adding to it is allowed.
        if is_deep(items[i]) or PySet_Add(made, items[i]) < 0:
            Py_DECREF(made)
            return NULL
    for i in range(n):
        Py_DECREF(items[i])
    return made


cdef PyObject* frozenset_by_tuple(PyObject** items, Py_ssize_t n) noexcept:
    cdef PyObject* values
    cdef PyObject* made = NULL
    cdef Py_ssize_t i
    for i in range(n):
        if is_deep(items[i]):
            return NULL
    values = PyTuple_New(n)
    if values != NULL:
        for i in range(n):
            Py_INCREF(items[i])
            PyTuple_SET_ITEM(values, i, items[i])
        made = PyFrozenSet_New(values)
        Py_DECREF(values)
        if made != NULL:
            for i in range(n):
                Py_DECREF(items[i])
    return made


cdef int no_persistent_load() noexcept:
    PyErr_SetString(UNPICKLING, b"A load persistent id instruction was encountered, "
                    b"but no persistent_load function was specified.")
    return -1


cdef PyObject* next_buffer(Machine* m) noexcept:
    cdef PyObject* value
    if m.buffers == NULL:
        PyErr_SetString(UNPICKLING, b"pickle stream refers to out-of-band data "
                        b"but no *buffers* argument was given")
        return NULL
    value = PyIter_Next(m.buffers)
    if value == NULL:
        if PyErr_Occurred() == NULL:
            PyErr_SetString(UNPICKLING, b"not enough out-of-band buffers")
        else:
            m.foreign = True
    return value


cdef int readonly_buffer(Machine* m) noexcept:
    cdef PyObject* view
    if m.sp <= m.fence:
        return underflow(m, UNPICKLING)
    view = PyMemoryView_FromObject(m.sp[-1])
    if view == NULL:
        return -1
    if PyMemoryView_GET_BUFFER(view).readonly:
        Py_DECREF(view)
    else:
        PyMemoryView_GET_BUFFER(view).readonly = 1
        Py_DECREF(m.sp[-1])
        m.sp[-1] = view
    return 0


cdef PyObject* text_of_python2(Machine* m, const unsigned char* s, Py_ssize_t n) noexcept:
    """A Python 2 str: bytes where encoding is "bytes", else decoded."""
    cdef const char* encoding = PyUnicode_AsUTF8(m.encoding)
    cdef const char* errors = PyUnicode_AsUTF8(m.errors)
    if encoding == NULL or errors == NULL:
        return NULL
    if strcmp(encoding, b"bytes") == 0:
        return PyBytes_FromStringAndSize(<const char*>s, n)
    return PyUnicode_Decode(<const char*>s, n, encoding, errors)


# Opcodes of protocol 0: their argument is a line of text.

cdef int load_line(Machine* m, int op) noexcept:
    cdef const unsigned char* line
    cdef Py_ssize_t n
    cdef PyObject* copy
    cdef int status
    if op == OP_GLOBAL or op == OP_INST:
        return load_global(m, op)
    if op == OP_PERSID and m.persistent_load == NULL:
        return no_persistent_load()
    if (op != OP_INT and op != OP_LONG and op != OP_FLOAT and op != OP_STRING and op != OP_UNICODE
            and op != OP_GET and op != OP_PUT and op != OP_PERSID):
        return unknown(op)
    if get_line(m, &line, &n, UNPICKLING) < 0:
        return -1
    if n == 0 and op != OP_UNICODE and op != OP_STRING and op != OP_PERSID:
        return truncated(m, UNPICKLING)
    if op == OP_UNICODE:
        return push(m, PyUnicode_DecodeRawUnicodeEscape(<const char*>line, n, NULL))
    # The number parsers want a NUL where the newline is.
    copy = PyBytes_FromStringAndSize(<const char*>line, n)
    if copy == NULL:
        return -1
    status = load_text(m, op, PyBytes_AS_STRING(copy), n)
    Py_DECREF(copy)
    return status


cdef int load_text(Machine* m, int op, char* line, Py_ssize_t n) noexcept:
    cdef char* rest
    cdef long number
    cdef double real
    cdef PyObject* value
    if op == OP_INT:
        if n == 2 and line[0] == 48 and (line[1] == 48 or line[1] == 49):
            value = Py_True if line[1] == 49 else Py_False
            Py_INCREF(value)
            return push(m, value)
        if parse_long(line, &number):
            return push(m, PyLong_FromLong(number))
        value = PyLong_FromString(line, NULL, 10)
        if value == NULL:
            PyErr_SetString(PyExc_ValueError, b"could not convert string to int")
        return push(m, value)
    elif op == OP_LONG:
        if line[n - 1] == 76:  # the L of Python 2
            line[n - 1] = 0
        return push(m, PyLong_FromString(line, NULL, 10))
    elif op == OP_FLOAT:
        real = PyOS_string_to_double(line, &rest, PyExc_OverflowError)
        if real == -1.0 and PyErr_Occurred() != NULL:
            return -1
        if rest[0] != 0:
            PyErr_SetString(PyExc_ValueError, b"could not convert string to float")
            return -1
        return push(m, PyFloat_FromDouble(real))
    elif op == OP_STRING:
        return push(m, load_string(m, line, n))
    elif op == OP_PERSID:
        value = PyUnicode_DecodeASCII(line, n, b"strict")
        if value == NULL:
            if PyErr_ExceptionMatches(PyExc_UnicodeDecodeError):
                PyErr_SetString(UNPICKLING, b"persistent IDs in protocol 0 must be ASCII strings")
            return -1
        return push(m, call_persistent_load(m, value))
    return load_memo_line(m, op, line)


cdef PyObject* call_persistent_load(Machine* m, PyObject* pid) noexcept:
    """Steals pid. The method may well read the same file: it finds it where we are."""
    cdef PyObject* value = NULL
    if m.seek == NULL or give_back(m) == 0:
        value = PyObject_CallOneArg(m.persistent_load, pid)
    Py_DECREF(pid)
    if value == NULL:
        m.foreign = True
    return value


cdef PyObject* load_string(Machine* m, char* line, Py_ssize_t n) noexcept:
    cdef PyObject* unescaped
    cdef PyObject* value
    if n < 2 or line[0] != line[n - 1] or (line[0] != 39 and line[0] != 34):
        PyErr_SetString(UNPICKLING, b"the STRING opcode argument must be quoted")
        return NULL
    unescaped = PyBytes_DecodeEscape(line + 1, n - 2, NULL, 0, NULL)
    if unescaped == NULL:
        return NULL
    value = text_of_python2(m, <const unsigned char*>PyBytes_AS_STRING(unescaped), PyBytes_GET_SIZE(unescaped))
    Py_DECREF(unescaped)
    return value


cdef int load_memo_line(Machine* m, int op, char* line) noexcept:
    """GET and PUT."""
    cdef PyObject* value
    cdef Py_ssize_t index
    cdef PyObject* number
    if op == OP_PUT and m.sp <= m.fence:
        return underflow(m, UNPICKLING)
    number = PyLong_FromString(line, NULL, 10)
    if number == NULL:
        return -1
    index = PyLong_AsSsize_t(number)
    Py_DECREF(number)
    if index == -1 and PyErr_Occurred() != NULL:
        return -1
    if op == OP_PUT:
        if index < 0:
            PyErr_SetString(PyExc_ValueError, b"negative PUT argument")
            return -1
        return memoize(m, index, m.sp[-1])
    value = recall(m, index)
    if value == NULL:
        return -1
    Py_INCREF(value)
    return push(m, value)


cdef int load_global(Machine* m, int op) noexcept:
    """GLOBAL, and INST, which calls what it names with the values above the mark."""
    cdef const unsigned char* line
    cdef Py_ssize_t n
    cdef PyObject* module
    cdef PyObject* name
    cdef PyObject* found
    cdef PyObject* args
    cdef PyObject* value
    cdef PyObject** top = NULL
    if op == OP_INST:
        top = pop_mark(m)
        if top == NULL:
            return -1
    module = name_line(m, op)
    if module == NULL:
        return -1
    name = name_line(m, op)
    if name == NULL:
        Py_DECREF(module)
        return -1
    found = resolve(m, module, name)
    Py_DECREF(module)
    Py_DECREF(name)
    if found == NULL or op == OP_GLOBAL:
        return push(m, found)
    args = NULL
    value = NULL
    if check_values(m, top, m.sp) == 0:
        args = tuple_of(top, m.sp - top)
        if args != NULL:
            m.sp = top
            value = instantiate(m, found, args)
            Py_DECREF(args)
            if value != NULL:
                m.foreign = False
    Py_DECREF(found)
    return push(m, value)


cdef PyObject* name_line(Machine* m, int op) noexcept:
    cdef const unsigned char* line
    cdef Py_ssize_t n
    if get_line(m, &line, &n, UNPICKLING) < 0:
        return NULL
    if n == 0:
        truncated(m, UNPICKLING)
        return NULL
    if op == OP_INST:
        return PyUnicode_DecodeASCII(<const char*>line, n, b"strict")
    return PyUnicode_DecodeUTF8(<const char*>line, n, b"strict")
