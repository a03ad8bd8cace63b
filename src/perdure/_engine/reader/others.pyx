# cython: wraparound=True
# (Negative indices in here are those of C pointers, below the top of a stack.)
"""The opcodes that are not worth a place in the machine's loop.

They work on the machine's own fields (the loop has written its locals back), and move m.p past
themselves when they have succeeded.
"""

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint64_t, int32_t
from libc.string cimport strcmp

from perdure._engine.opcodes cimport *
from perdure._engine.reader.building cimport *
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.filling cimport *
from perdure._engine.reader.guard cimport *
from perdure._engine.reader.keys cimport plain_dict
from perdure._engine.reader.machine cimport *
from perdure._engine.reader.source cimport *
from perdure._engine.reader.values cimport *
from perdure._engine.reader.work cimport charge_keys, credit_buffer, refuse

from perdure.errors import UnpicklingError

cdef extern from "Python.h":
    long long PY_SSIZE_T_MAX

cdef enum:
    MANY_DIGITS = 100_000  # in text: reading them takes quadratic time, where Python's own limit is off

cdef PyObject* UNPICKLING = <PyObject*>UnpicklingError


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


cdef int load_other(Machine* m, int op) noexcept:
    """One opcode that is not worth a place in the loop. Its fixed argument is in the window;
    m.p moves past the opcode when it has succeeded."""
    cdef Py_ssize_t offset = m.passed + (m.p - m.start)
    cdef int status
    if argument_size(op):
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
    cdef int width = argument_size(op)
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
            if charge_keys(m, NULL, top, n, 2) < 0:
                return -1
            value = plain_dict(m, top, n >> 1)
        else:
            if charge_keys(m, NULL, top, n, 1) < 0:
                return -1
            value = frozenset_of(m, top, n)
        if value == NULL:
            return -1
        m.sp = top
        return push(m, value)
    elif op == OP_APPEND:
        if m.sp - m.fence < 2:
            return underflow(m, UNPICKLING)
        if check_values(m, m.sp - 1, m.sp) < 0:
            return -1
        if PyList_CheckExact(m.sp[-2]) and m.shared == NULL:
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
        if check_values(m, m.sp - 1, m.sp) < 0:
            return -1
        m.sp -= 1
        return push(m, call_persistent_load(m, m.sp[0]))
    return load_line(m, op)


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
            m.foreign = m.hook = True
    elif m.policy != NULL:
        credit_buffer(m, value)
        if keep_lent(m, value) < 0:
            Py_DECREF(value)
            value = NULL
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


cdef PyObject* call_persistent_load(Machine* m, PyObject* pid) noexcept:
    """Steals pid. The method may well read the same file: it finds it where we are."""
    cdef PyObject* value = NULL
    if m.memory != NULL:
        put_back(m)
    value = PyObject_CallOneArg(m.persistent_load, pid)
    if value != NULL and m.memory != NULL and take_memory(m) < 0:
        Py_DECREF(value)
        value = NULL
    Py_DECREF(pid)
    if value == NULL:
        m.foreign = m.hook = True
    elif m.policy != NULL and keep_lent(m, value) < 0:
        Py_DECREF(value)
        value = NULL
    return value


cdef int load_text(Machine* m, int op, char* line, Py_ssize_t n) noexcept:
    cdef char* rest
    cdef long number
    cdef double real
    cdef PyObject* value
    if (op == OP_INT or op == OP_LONG) and n > MANY_DIGITS and m.policy != NULL:
        return refuse("a number of so many digits is not read", "digits")
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
