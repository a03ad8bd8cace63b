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
from libc.stdint cimport uint8_t, uint64_t, int32_t
from libc.string cimport memcpy

from perdure._engine.opcodes cimport *
from perdure._engine.reader.building cimport *
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.filling cimport *
from perdure._engine.reader.guard cimport *
from perdure._engine.reader.instances cimport *
from perdure._engine.reader.keys cimport *
from perdure._engine.reader.machine cimport *
from perdure._engine.reader.others cimport load_other
from perdure._engine.reader.scan cimport put_to_drop, scan, scan_pays
from perdure._engine.reader.source cimport *
from perdure._engine.reader.values cimport *
from perdure._engine.reader.work cimport charge_keys

from os import urandom
from sys import intern

from perdure.errors import UnpicklingError

cdef extern from "Python.h":
    long long PY_SSIZE_T_MAX

# Constants that live as long as the module.
cdef PyObject* UNPICKLING = <PyObject*>UnpicklingError
cdef PyObject* small_ints[256]
cdef PyObject* letters[128]
cdef PyObject* empty_tuple
cdef object held = []  # owns the above
cdef uint8_t ARGUMENT[256]  # bytes of an opcode's fixed argument

# What is remembered of dict keys between loads (see keys.pxd).
cdef Keys* keys = shared_keys()


cdef void set_up():
    cdef int i
    cdef object value
    global chance, undone
    chance = int.from_bytes(urandom(8), "little") | 1
    undone = pow(chance, -1, 1 << 64)
    global empty_tuple
    for i in range(256):
        value = i
        held.append(value)
        small_ints[i] = <PyObject*>value
    for i in range(128):
        value = intern(chr(i))  # as names of attributes have to be
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
    cdef PyTypeObject* cls

    m.steps = HASH_STEPS
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
                    value = key_text(keys, s, n)
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
            if (n == 10 or n == 4) and sp > fence and class_at(m, sp[-1]) != NULL:
                # `C` 10 bytes `\x85` `R`: a datetime, made from the bytes as they lie.
                record = record_of(class_at(m, sp[-1]))
                if record.kind == DATETIME if n == 10 else record.kind == DATE:
                    s = calendar_end(m, p + 2 + n, end)
                    value = calendar_value(record.kind, p + 2) if s != NULL else NULL
                    if value != NULL:
                        forget(m, sp[-1])
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
            if likely(n == m.memo_count and n < m.memo_room and (not m.callees or not is_callee(value))):
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
            n = m.memo_filled
            cls = <PyTypeObject*>Callee if m.memo_callees else NULL
            while p[1] < n and top[p[1]] != NULL:  # references to few objects come in runs
                value = top[p[1]]
                Py_INCREF(value)
                if unlikely(Py_TYPE(value) == cls):
                    m.callees += 1
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
            if unlikely(value == NULL or (m.memo_callees and is_callee(value))):
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
            if likely(PyList_CheckExact(value) and m.shared == NULL) and not FREE_THREADED:
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
            if unlikely(m.policy != NULL) and check_keys(m, top, sp, 2) < 0:
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
                        if status < 0 or (status > 0 and i and number_hole(m) < 0):
                            break
                        if status > 0:  # else the PUT numbers the tuple when its turn comes
                            Py_DECREF(Py_None)
                            sp = top - 2
                            p += 3 + i
                            continue
                value = dict_of(keys, m, top, n >> 1) if n else PyDict_New()
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
            if unlikely(m.policy != NULL) and check_keys(m, top, sp, 2) < 0:
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
            if unlikely(m.policy != NULL) and check_keys(m, top, sp, 1) < 0:
                break
            m.sp = sp
            status = add_items(m, top[-1], top)
            sp = m.sp
            if status < 0:
                break
            p += 1
        elif op == OP_EMPTY_TUPLE:
            if p + 1 < end and p[1] == OP_NEWOBJ and sp > fence and class_at(m, sp[-1]) != NULL:
                # `)` `\x81`: no arguments; where __new__ is object's, only an allocation.
                cls = class_at(m, sp[-1])
                if record_of(cls).traits & NEW_PLAIN:
                    value = sp[-1]
                    forget(m, value)
                    sp[-1] = new_plain(cls, empty_tuple)
                    Py_DECREF(value)
                    if unlikely(sp[-1] == NULL):
                        sp -= 1
                        break
                    p += 2
                    continue
            elif p + 1 < end and p[1] == OP_REDUCE and sp > fence and class_at(m, sp[-1]) == &PyODict_Type:
                value = PyODict_New()  # `)` `R`: an empty OrderedDict
                if unlikely(value == NULL):
                    break
                forget(m, sp[-1])
                Py_DECREF(sp[-1])
                sp[-1] = value
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
            if p + 1 < end and top > fence:
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
                elif s[0] == OP_NEWOBJ and class_at(m, top[-1]) != NULL:
                    value = top[-1]
                    cls = class_at(m, value)
                    record = record_of(cls)
                    if record.kind == NAMED_TUPLE and record.fields == n:
                        if i and number_hole(m) < 0:
                            break
                        top[-1] = PyType_GenericAlloc(cls, n)
                        if unlikely(top[-1] == NULL):
                            top[-1] = value
                            break
                        memcpy((<PyTupleObject*>top[-1]).ob_item, top, n * sizeof(PyObject*))
                        forget(m, value)
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
            if unlikely(m.callees) and check_values(m, sp - 1, sp) < 0:
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
            if unlikely(m.pending):
                PyErr_SetString(UNPICKLING, b"an instance that BUILD should have filled in was left empty")
                break
            m.p = p + 1
            m.sp = sp
            m.fence = fence
            if unlikely(m.peeked) and let_go_of_peek(m) < 0:
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


cdef int argument_size(int op) noexcept:
    return ARGUMENT[op]


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


cdef int check_keys(Machine* m, PyObject** items, PyObject** end, int step) noexcept:
    """Under a policy: what the container under the items is about to take, and to hash every step-th of."""
    if check_values(m, items, end) < 0:
        return -1
    return charge_keys(m, NULL if is_lazy(items[-1]) else items[-1], items, end - items, step)


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
