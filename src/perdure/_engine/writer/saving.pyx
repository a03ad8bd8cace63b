"""The slow side of the writer: long or old forms of leaves, references, reduce answers.

Everything here works for every protocol, 0 to 5. Nothing here descends into an object:
what has parts is pushed as a task.
"""

import builtins
import copyreg
import _compat_pickle
from _codecs import encode as codecs_encode
from _pickle import PickleBuffer, PicklingError
from functools import partial

from perdure._engine.opcodes cimport *
from perdure._engine.writer.capi cimport *
from perdure._engine.writer.memo cimport table_get
from perdure._engine.writer.naming cimport global_name, type_name
from perdure._engine.writer.output cimport *
from perdure._engine.writer.put cimport *

cdef dict extension_registry = copyreg._extension_registry
cdef object getattr_itself = builtins.getattr  # the bare name is compiled away
cdef dict names_3to2 = _compat_pickle.REVERSE_NAME_MAPPING
cdef dict modules_3to2 = _compat_pickle.REVERSE_IMPORT_MAPPING


# -- leaves ----------------------------------------------------------------------

cdef int put_sized(Output out, int short_op, int op, int long_op, const void* data, Py_ssize_t n,
                   payload, str what) except -1:
    """An opcode with a counted argument, in the shortest form that the protocol has."""
    cdef unsigned char header[9]
    cdef Py_ssize_t hn
    if n < 256 and short_op:
        header[0] = <unsigned char>short_op
        header[1] = <unsigned char>n
        hn = 2
    elif n <= 0xffffffff and op:
        header[0] = <unsigned char>op
        put_le(header + 1, <uint64_t>n, 4)
        hn = 5
    elif out.proto >= 4:
        header[0] = <unsigned char>long_op
        put_le(header + 1, <uint64_t>n, 8)
        hn = 9
    else:
        raise OverflowError(f"serializing a {what} larger than 4 GiB requires pickle protocol 4 or higher")
    return out.put_big(header, hn, data, n, <PyObject*>payload if payload is not None else NULL)


cdef int save_text(Output out, PyObject* s) except -1:
    """A str that is not in the memo."""
    cdef const char* data
    cdef Py_ssize_t n
    cdef bint unique = is_unique(s)
    encoded = None
    if not out.binary:
        out.put_bytes_of(b"V" + raw_unicode_escape(<str>s) + b"\n")
    else:
        if PyUnicode_IS_COMPACT_ASCII(s):
            data = <const char*>PyUnicode_DATA(s)
            n = PyUnicode_GET_LENGTH(s)
        else:
            # Not the string's own UTF-8: asking for it would leave a copy in the string for good.
            encoded = (<str>s).encode("utf-8", "surrogatepass")
            data = PyBytes_AS_STRING(<PyObject*>encoded)
            n = PyBytes_GET_SIZE(<PyObject*>encoded)
        put_sized(out, OP_SHORT_BINUNICODE if out.proto >= 4 else 0, OP_BINUNICODE, OP_BINUNICODE8,
                  data, n, encoded, "string")
    return 0 if unique else out.memoize(s)


cdef bytes raw_unicode_escape(str s):
    """Text on one line: the codec, and what it leaves but a reader of lines would trip over."""
    s = s.replace("\\", "\\u005c").replace("\0", "\\u0000").replace("\n", "\\u000a")
    s = s.replace("\r", "\\u000d").replace("\x1a", "\\u001a")
    return s.encode("raw-unicode-escape")


cdef int save_none_or_bool(Output out, PyObject* obj) except -1:
    if obj == Py_None:
        return put_code(out, OP_NONE)
    if out.proto >= 2:
        return put_code(out, OP_NEWTRUE if obj == Py_True else OP_NEWFALSE)
    return out.put_bytes(b"I01\n" if obj == Py_True else b"I00\n", 4)


cdef int save_int(Output out, PyObject* obj) except -1:
    cdef int overflow = 0
    cdef long long v
    if out.proto >= 2:
        if out.p >= out.end:
            out.p = out.more(out.p, SLACK)
        out.p = put_int(out, out.p, obj)
        return 0
    v = PyLong_AsLongLongAndOverflow(obj, &overflow)
    small = not overflow and -0x80000000 <= v <= 0x7fffffff
    if small and out.binary:
        out.p = out.more(out.p, SLACK) if out.p >= out.end else out.p
        out.p = put_int(out, out.p, obj)
        return 0
    digits = repr(<object>obj).encode()
    return out.put_bytes_of(b"I%s\n" % digits if small else b"L%sL\n" % digits)


cdef int save_float(Output out, PyObject* obj) except -1:
    cdef unsigned char code[9]
    if not out.binary:
        return out.put_bytes_of(b"F%s\n" % repr(<object>obj).encode())
    code[0] = OP_BINFLOAT
    put_double(code + 1, PyFloat_AS_DOUBLE(obj))
    return out.put_bytes(code, 9)


cdef int save_bytes(Output out, PyObject* obj) except -1:
    cdef bint unique = is_unique(obj)
    data = <bytes>obj
    if out.proto < 3:
        # Python 2 has no such type: text of the same code points, turned back by a call.
        answer = (codecs_encode, (data.decode("latin1"), "latin1")) if data else (bytes, ())
        return push_answer(out, obj, answer, False)
    put_sized(out, OP_SHORT_BINBYTES, OP_BINBYTES, OP_BINBYTES8, PyBytes_AS_STRING(obj),
              PyBytes_GET_SIZE(obj), <object>obj, "bytes object")
    return 0 if unique else out.memoize(obj)


cdef int save_bytearray(Output out, PyObject* obj) except -1:
    if out.proto < 5:
        content = bytes(<bytearray>obj)
        return push_answer(out, obj, (bytearray, (content,)) if content else (bytearray, ()), False)
    # A file's write may run Python code that resizes it: an exported buffer can't be resized.
    view = memoryview(<bytearray>obj)
    put_sized(out, 0, 0, OP_BYTEARRAY8, PyByteArray_AS_STRING(obj), PyByteArray_GET_SIZE(obj),
              view, "bytearray object")
    return out.memoize(obj)


cdef bint stays_in_band(Output out, buffer) except -1:
    """What buffer_callback says. A dump that begins anew gets the answers that it got before."""
    if out.decided == len(out.decisions):
        out.decisions.append(bool(out.buffer_callback(buffer)))
    out.decided += 1
    return out.decisions[out.decided - 1]


cdef object flat_view(Output out, obj, Py_ssize_t n):
    """A contiguous buffer as a memoryview of bytes, to hand to a file uncopied; None if none is needed."""
    if out.write is None or n < FRAME_TARGET:
        return None
    try:
        return PickleBuffer(obj).raw()
    except (BufferError, ValueError):  # numpy has no buffer format for some dtypes
        return None


cdef int put_buffer(Output out, const void* data, Py_ssize_t n, bint readonly, raw) except -1:
    """A buffer in the stream. ``raw``: a view of it for a file, or None."""
    if readonly:
        return put_sized(out, OP_SHORT_BINBYTES, OP_BINBYTES, OP_BINBYTES8, data, n, raw, "bytes object")
    return put_sized(out, 0, 0, OP_BYTEARRAY8, data, n, raw, "bytearray object")


cdef int save_buffer(Output out, PyObject* obj) except -1:
    """A PickleBuffer: handed to buffer_callback, or its bytes in the stream."""
    cdef Py_buffer view
    if out.proto < 5:
        raise PicklingError("PickleBuffer can only be pickled with protocol >= 5")
    # A view of our own: the callback, or a file's write, may release the object's.
    PyObject_GetBuffer(obj, &view, PyBUF_FULL_RO)
    raw = None
    try:
        if not PyBuffer_IsContiguous(&view, b"A"):
            raise PicklingError("PickleBuffer can not be pickled when pointing to a non-contiguous buffer")
        raw = flat_view(out, <object>obj, view.len)
        if out.buffer_callback is not None:
            out.hooked = True
            if not stays_in_band(out, <object>obj):
                put_code(out, OP_NEXT_BUFFER)
                return put_code(out, OP_READONLY_BUFFER) if view.readonly else 0
        put_buffer(out, view.buf, view.len, view.readonly, raw)
    finally:
        PyBuffer_Release(&view)
    return out.memoize(obj)


# -- references --------------------------------------------------------------------

cdef int save_global(Output out, PyObject* obj, name) except -1:
    """A class, a function or anything else that its module and name lead to."""
    module, name = global_name(<object>obj, name)
    if out.modules is not None:
        out.modules.add(module)
    if out.proto >= 2 and extension_registry:
        if (module, name) in extension_registry:
            return save_extension(out, extension_registry[module, name])
    if out.proto >= 4:
        save_name(out, module)
        save_name(out, name)
        put_code(out, OP_STACK_GLOBAL)
        return out.memoize(obj)
    # No opcode for a dotted name: getattr(getattr(top, "a"), "b"), written from the inside.
    path = name.split(".")
    top, attributes = path[0], path[1:]
    for _ in attributes:
        save_class(out, <PyObject*>getattr_itself)
        if out.proto < 2:
            put_code(out, OP_MARK)
    save_line(out, module, top)
    for attribute in attributes:
        save_name(out, attribute)
        put_codes(out, OP_TUPLE2 if out.proto >= 2 else OP_TUPLE, OP_REDUCE)
    return out.memoize(obj)


cdef int save_line(Output out, module, name) except -1:
    """GLOBAL: a name of one part, for Python 2 as that knew it."""
    if out.fix_imports and out.proto < 3:
        if (module, name) in names_3to2:
            module, name = names_3to2[module, name]
            if type(module) is not str or type(name) is not str:
                raise RuntimeError("_compat_pickle.REVERSE_NAME_MAPPING values should be pairs of str")
        elif module in modules_3to2:
            module = modules_3to2[module]
            if type(module) is not str:
                raise RuntimeError("_compat_pickle.REVERSE_IMPORT_MAPPING values should be strings")
    return out.put_bytes_of(b"c%s\n%s\n" % (line(out, "module", module), line(out, "global", name)))


cdef int save_class(Output out, PyObject* cls) except -1:
    """A class, by reference. Some have no name to go by: type(None) is written as a call."""
    cdef Py_ssize_t index = table_get(&out.memo, cls)
    if index >= 0:
        return out.get(index)
    for value in (None, ..., NotImplemented):
        if <object>cls is type(value):
            return push_answer(out, cls, (type, (value,)), False)
    return save_global(out, cls, None)


cdef int save_class_of(Output out, PyObject* obj, Part part) except -1:
    """The class of an instance whose other parts follow; an error in it is noted as ``part``."""
    cdef PyObject* cls = <PyObject*>Py_TYPE(obj)
    cdef Py_ssize_t index = table_get(&out.memo, cls)
    if index >= 0:
        return out.get(index)
    out.part_of, out.part = <object>cls, part
    save_global(out, cls, None)
    out.part_of = None
    return 0


cdef int put_one(Output out, PyObject* obj) except -1:
    """A short str or a number."""
    cdef unsigned char* p = out.p
    if p >= out.end:
        p = out.more(p, SLACK)
    out.p = put_leaf(out, p, obj)
    if out.p == p:
        return save_text(out, obj)
    return 0


cdef int put_new(Output out) except -1:
    """An instance of the class on top of the stack, made without arguments."""
    return put_codes(out, OP_EMPTY_TUPLE, OP_NEWOBJ)


cdef int close_new(Output out, PyObject* obj, bint unique) except -1:
    """NEWOBJ and the memo entry, once class and arguments have been written."""
    cdef Py_ssize_t index
    put_code(out, OP_NEWOBJ)
    if not unique:
        index = table_get(&out.memo, obj)
        if index >= 0:  # the arguments led back to it, and it was written there
            put_code(out, OP_POP)
            return out.get(index)
    return enter_memo(out, obj, unique)


cdef int close_call(Output out, PyObject* obj, bint unique) except -1:
    """REDUCE and the memo entry, once callable and arguments have been written."""
    put_code(out, OP_REDUCE)
    return enter_memo(out, obj, unique)


cdef int save_name(Output out, name) except -1:
    """A module's or a global's name, as any str that may be known already."""
    cdef PyObject* s = <PyObject*>name
    cdef Py_ssize_t index
    if out.canonical:
        s = out.canon.representative(s)
    index = out.known(s)
    if index >= 0:
        return out.get(index)
    save_text(out, s)
    return 0


cdef bytes line(Output out, str what, str name):
    try:
        return name.encode("utf-8" if out.proto >= 3 else "ascii")
    except UnicodeEncodeError as problem:
        error = PicklingError(f"can't pickle {what} identifier {name!r} using pickle protocol {out.proto}")
        error.__context__ = problem
        raise error


cdef int save_extension(Output out, number) except -1:
    cdef unsigned char code[5]
    cdef long long n
    if type(number) is not int:
        raise TypeError(f"extension code must be an int, not {type(number).__name__}")
    if not 0 < number <= 0x7fffffff:
        kind = RuntimeError if -0x80000000 <= number <= 0 else OverflowError
        raise kind(f"extension code {number} is out of range")
    n = number
    put_le(code + 1, <uint64_t>n, 4)
    if n < 256:
        code[0] = OP_EXT1
        return out.put_bytes(code, 2)
    if n < 65536:
        code[0] = OP_EXT2
        return out.put_bytes(code, 3)
    code[0] = OP_EXT4
    return out.put_bytes(code, 5)


# -- reduce answers ----------------------------------------------------------------

cdef int push_answer(Output out, PyObject* obj, answer, bint noted) except -1:
    """Check what a reduce method answered, and leave it as a task.

    The words of the errors are CPython 3.14's. ``noted``: errors inside it are told of obj.
    """
    cdef int flags = NOTED if noted else 0
    cdef Task* t
    # Pushed at once, for the error's note; its parts are looked at only after the checks.
    t = push(out, REDUCE, obj)
    t.flags = <uint8_t>flags
    if type(answer) is not tuple:
        raise PicklingError(f"__reduce__ must return a string or tuple, not {type_name(type(answer))}")
    if not 2 <= len(<tuple>answer) <= 6:
        raise PicklingError("tuple returned by __reduce__ must contain 2 through 6 elements")
    func, args = answer[0], answer[1]
    if not callable(func):
        raise PicklingError("first item of the tuple returned by __reduce__ must be callable, "
                            f"not {type_name(type(func))}")
    if not isinstance(args, tuple):
        raise PicklingError("second item of the tuple returned by __reduce__ must be a tuple, "
                            f"not {type_name(type(args))}")
    for i, place in ((3, "fourth"), (4, "fifth")):
        if len(<tuple>answer) > i and answer[i] is not None and not is_iterator(answer[i]):
            raise PicklingError(f"{place} item of the tuple returned by __reduce__ must be an iterator, "
                                f"not {type_name(type(answer[i]))}")
    if len(<tuple>answer) > 5 and answer[5] is not None and not callable(answer[5]):
        raise PicklingError("sixth item of the tuple returned by __reduce__ must be callable, "
                            f"not {type_name(type(answer[5]))}")
    if out.proto >= 2:
        name = getattr(func, "__name__", None)
        if name == "__newobj__":
            flags |= NEWOBJ
            check_newobj(obj, args)
        elif name == "__newobj_ex__":
            check_newobj_ex(args)
            if out.proto >= 4:
                flags |= NEWOBJ_EX
            else:
                cls, args, kwargs = args
                answer = (partial(cls.__new__, cls, *args, **kwargs), (), *answer[2:])
    t = &out.tasks[out.depth - 1]
    t.flags = <uint8_t>flags
    t.extra = <PyObject*>answer
    Py_INCREF(<PyObject*>answer)
    return 0


cdef bint is_iterator(obj) except -1:
    return hasattr(type(obj), "__next__")


cdef int check_newobj(PyObject* obj, tuple args) except -1:
    if not args:
        raise PicklingError("__newobj__ expected at least 1 argument, got 0")
    if not isinstance(args[0], type):
        raise PicklingError(f"first argument to __newobj__() must be a class, not {type_name(type(args[0]))}")
    if obj != NULL:
        cls = getattr(<object>obj, "__class__", None)
        if args[0] is not cls:
            raise PicklingError(f"first argument to __newobj__() must be {cls!r}, not {args[0]!r}")
    return 0


cdef int check_newobj_ex(tuple args) except -1:
    if len(args) != 3:
        raise PicklingError(f"__newobj_ex__ expected 3 arguments, got {len(args)}")
    for i, place, kind, words in (
        (0, "first", type, "a class"), (1, "second", tuple, "a tuple"), (2, "third", dict, "a dict"),
    ):
        if not isinstance(args[i], kind):
            raise PicklingError(f"{place} argument to __newobj_ex__() must be {words}, not {type_name(type(args[i]))}")
    return 0
