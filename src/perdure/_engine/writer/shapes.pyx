"""How the instances of a class are written: looked at once, checked once per dump.

A record is found by the type's address and holds only while the type's version tag is
the one it was made for: the interpreter gives a new tag whenever an attribute of the
class or of a base changes, and never gives one twice. What the tag does not cover,
``copyreg.dispatch_table``, is asked at each record's first use in a dump; a dump begins
a new epoch, and so does any Python code that ran in its midst.

Where other threads may run at any moment (a free-threaded build) there is no short cut that
would read an instance's mutable fields in place.

A short cut (any kind but REDUCED) is taken only where the bytes are proven to be those
of the reduce protocol: the methods that would have been called are the ones we know.
"""

import copyreg
import sys

from perdure._engine.layouts cimport can_read_decimals
from perdure._engine.writer.capi cimport *
from libc.string cimport memset

cdef enum:
    SHAPES = 512     # entries of the table; half of them are used at most

cdef object own_dict = type.__dict__["__dict__"]  # a getset descriptor, as every plain __dict__ is
cdef object namedtuple_code = None   # of every namedtuple's __getnewargs__, learnt on first need
cdef PyObject* idle = NULL           # records that no dump is using at the moment; owned


cdef Shapes borrow_shapes():
    """The process's records; another dump that is under way at the same time gets its own."""
    cdef PyObject* taken = exchange(&idle, NULL)
    cdef Shapes shapes
    if taken != NULL:
        shapes = <Shapes>taken
        Py_DECREF(taken)
    else:
        shapes = Shapes()
    shapes.epoch += 1
    if shapes.epoch == 0:
        shapes.empty()
        shapes.epoch = 1
    return shapes


cdef int return_shapes(Shapes shapes) except -1:
    Py_INCREF(<PyObject*>shapes)
    Py_XDECREF(exchange(&idle, <PyObject*>shapes))
    return 0


cdef class Shapes:
    def __cinit__(self):
        self.table = <Shape**>PyMem_RawMalloc(SHAPES * sizeof(Shape*))
        if self.table == NULL:
            raise MemoryError
        memset(self.table, 0, SHAPES * sizeof(Shape*))
        self.mask = SHAPES - 1
        self.dispatch_table = copyreg.dispatch_table

    def __dealloc__(self):
        if self.table != NULL:
            self.empty()
            PyMem_RawFree(self.table)

    cdef void empty(self) noexcept:
        cdef size_t i
        cdef Shape* s
        for i in range(self.mask + 1):
            s = self.table[i]
            self.table[i] = NULL
            if s != NULL:
                free_shape(s)
        self.used = 0

    cdef Shape* find(self, PyTypeObject* t) except NULL:
        """The record of t, valid in this epoch."""
        cdef size_t i = (<size_t>t >> 4) & self.mask
        cdef Shape* s
        cdef bint registered
        while True:
            s = self.table[i]
            if s == NULL or s.type == t:
                break
            i = (i + 1) & self.mask
        if s != NULL and s.epoch == self.epoch:
            return s
        registered = <object>t in self.dispatch_table
        if s != NULL and s.version == type_version(t) and s.version != 0 and s.registered == registered:
            s.epoch = self.epoch
            return s
        return self.look(t)

    cdef Shape* look(self, PyTypeObject* t) except NULL:
        """Make (or make anew) the record of t."""
        cdef Shape* s
        cdef size_t i
        cdef Py_ssize_t n
        if 2 * self.used > self.mask:
            self.empty()  # many short-lived classes: begin again
        cls = <object>t
        registered = cls in self.dispatch_table
        kind, names, offsets, extra = REDUCED, (), (), None
        for _ in range(2):  # copyreg leaves __slotnames__ in a class when it looks at it for the first time
            _PyType_Lookup(t, <PyObject*>"__reduce_ex__")  # has the interpreter give t a version
            version = type_version(t)
            if not registered:
                kind, names, offsets, extra = classify(cls)
            if type_version(t) == version:
                break
        else:  # looking changed it again; come again another time
            kind, names, offsets, extra, version = REDUCED, (), (), None, 0
        s = <Shape*>PyMem_RawMalloc(sizeof(Shape))
        if s == NULL:
            raise MemoryError
        memset(s, 0, sizeof(Shape))
        s.type = t
        s.version = version
        s.epoch = self.epoch
        s.kind = kind
        s.registered = registered
        s.weaklist = weaklist_offset(t)
        n = len(names)
        if n:
            s.names = <PyObject**>PyMem_RawMalloc(n * sizeof(PyObject*))
            s.offsets = <Py_ssize_t*>PyMem_RawMalloc(n * sizeof(Py_ssize_t))
            if s.names == NULL or s.offsets == NULL:
                free_shape(s)
                raise MemoryError
            for name, offset in zip(names, offsets):
                s.offsets[s.slots] = offset
                s.names[s.slots] = <PyObject*>name
                Py_INCREF(<PyObject*>name)
                s.slots += 1
        if extra is not None:
            s.extra = <PyObject*>extra
            Py_INCREF(<PyObject*>extra)
        i = (<size_t>t >> 4) & self.mask
        while self.table[i] != NULL and self.table[i].type != t:
            i = (i + 1) & self.mask
        if self.table[i] != NULL:
            free_shape(self.table[i])
        else:
            self.used += 1
        self.table[i] = s
        return s


cdef void free_shape(Shape* s) noexcept:
    cdef Py_ssize_t i
    for i in range(s.slots):
        Py_DECREF(s.names[i])
    PyMem_RawFree(s.names)
    PyMem_RawFree(s.offsets)
    Py_XDECREF(s.extra)
    PyMem_RawFree(s)


cdef object looked_up(cls, name):
    """The class attribute that an instance's method call would find; None if there is none."""
    cdef PyObject* found = _PyType_Lookup(<PyTypeObject*>cls, <PyObject*>name)
    return <object>found if found != NULL else None


cdef object member_of(module, name):
    """``module.name`` if that module has been imported; nothing is imported for it."""
    found = sys.modules.get(module)
    return getattr(found, name, None) if found is not None else None


cdef tuple classify(cls):
    """(kind, slot names, slot offsets, extra) of a class that is in no dispatch table."""
    if issubclass(cls, type):
        return CLASS, (), (), None
    kind = known_type(cls)
    if kind:
        return kind, (), (), None
    if cls.__name__ == "ndarray" and cls is member_of("numpy", "ndarray"):
        return classify_ndarray(cls)
    if <PyTypeObject*>cls == &PyFunction_Type:
        return FUNCTION, (), (), None
    if not PyType_GetFlags(<PyTypeObject*>cls) & Py_TPFLAGS_HEAPTYPE:
        return REDUCED, (), (), None
    if looked_up(cls, "__reduce__") is not looked_up(object, "__reduce__"):
        return REDUCED, (), (), None
    reduce_ex = looked_up(cls, "__reduce_ex__")
    if reduce_ex is not looked_up(object, "__reduce_ex__"):
        return (MEMBER if is_enum(cls, reduce_ex) else REDUCED), (), (), None
    if cls is member_of("uuid", "UUID"):
        return classify_uuid(cls)
    if (looked_up(cls, "__getstate__") is not looked_up(object, "__getstate__")
            or looked_up(cls, "__class__") is not looked_up(object, "__class__")
            or looked_up(cls, "__getnewargs_ex__") is not None
            or not plain_getattr(<PyTypeObject*>cls)):
        return REDUCED, (), (), None
    return classify_default(cls)


cdef int known_type(cls):
    """Kinds that are one known C type; its layout is taken from the interpreter's own headers."""
    static = not PyType_GetFlags(<PyTypeObject*>cls) & Py_TPFLAGS_HEAPTYPE
    name = cls.__name__
    if static and cls.__module__ == "datetime":
        for attribute, kind in (("datetime", DATETIME), ("date", DATE), ("time", TIME), ("timedelta", TIMEDELTA)):
            if name == attribute and cls is member_of("datetime", attribute):
                return kind
    elif name == "Decimal" and cls is member_of("_decimal", "Decimal") and can_read_decimals(cls):
        return DECIMAL
    elif <PyTypeObject*>cls == &PyODict_Type and not FREE_THREADED:
        return ORDEREDDICT
    return 0


cdef bint is_enum(cls, reduce_ex) except -1:
    """Whether a member reduces to (its class, (its value,))."""
    enum = member_of("enum", "Enum")
    if enum is None or not issubclass(cls, enum) or reduce_ex is not enum.__dict__.get("__reduce_ex__"):
        return False
    for member in cls.__members__.values():
        answer = member.__reduce_ex__(4)
        return (type(answer) is tuple and len(answer) == 2 and answer[0] is cls
                and type(answer[1]) is tuple and len(answer[1]) == 1 and answer[1][0] is member._value_)
    return False


cdef tuple classify_uuid(cls):
    """uuid.UUID: its __getstate__ gives {'int': n}, and is_safe where that is known."""
    getstate = looked_up(cls, "__getstate__")
    if getattr(getstate, "__module__", None) != "uuid":
        return REDUCED, (), (), None
    offsets = slot_offsets(cls, ("int", "is_safe"))
    unknown = getattr(member_of("uuid", "SafeUUID"), "unknown", None)
    if offsets is None or unknown is None:
        return REDUCED, (), (), None
    return UUID, ("int", "is_safe"), offsets, unknown


cdef tuple classify_ndarray(cls):
    """numpy.ndarray, if its C struct is the one that capi.pxd describes; extra: its maker."""
    sample = member_of("numpy", "arange")(6, dtype="int32").reshape(2, 3)
    answer = sample.__reduce_ex__(5)
    cdef Array* array = <Array*><PyObject*>sample
    if (len(answer) == 2 and len(answer[1]) == 4 and answer[1][1] is sample.dtype
            and answer[1][2:] == ((2, 3), "C")
            and <size_t>array.data == <size_t>sample.__array_interface__["data"][0]
            and array.nd == 2 and array.dimensions[0] == 2 and array.dimensions[1] == 3
            and array.descr == <PyObject*>answer[1][1]
            and array.flags & ARRAY_ALL == ARRAY_C | ARRAY_WRITEABLE):
        return NDARRAY, (), (), answer[0]
    return REDUCED, (), (), None


cdef tuple classify_default(cls):
    """A class whose instances object.__reduce_ex__ answers for, with the default state."""
    names = copyreg._slotnames(cls)
    if type(names) is not list:
        return REDUCED, (), (), None
    if looked_up(cls, "__getnewargs__") is not None:
        if not names and is_namedtuple(cls):
            return NAMEDTUPLE, (), (), None
        return REDUCED, (), (), None
    if cls.__itemsize__:
        return REDUCED, (), (), None
    # What copyreg would refuse ("cannot pickle object"): C state beyond dict, weak list and slots.
    size = object.__basicsize__ + 8 * len(names)
    size += 8 * (dict_offset(<PyTypeObject*>cls) > 0) + 8 * (weaklist_offset(<PyTypeObject*>cls) > 0)
    if cls.__basicsize__ > size or issubclass(cls, (list, dict)):
        return REDUCED, (), (), None
    has_dict = dict_offset(<PyTypeObject*>cls) != 0
    if has_dict and not names:
        for base in cls.__mro__:
            if type(base.__dict__.get("__dict__", own_dict)) is not type(own_dict):
                return REDUCED, (), (), None
        return PLAIN, (), (), None
    if not has_dict and not FREE_THREADED:
        offsets = slot_offsets(cls, names)
        if offsets is not None:
            return SLOTTED, tuple(names), offsets, None
    return REDUCED, (), (), None


cdef object slot_offsets(cls, names):
    """Where the slots lie in an instance; None if one of them is not a plain slot."""
    offsets = []
    for name in names:
        found = _PyType_Lookup(<PyTypeObject*>cls, <PyObject*>name)
        if (found == NULL or Py_TYPE(found) != &PyMemberDescr_Type or member_type(found) != Py_T_OBJECT_EX
                or not PyType_IsSubtype(<PyTypeObject*>cls, member_owner(found))):
            return None
        offsets.append(member_offset(found))
    return tuple(offsets)


cdef bint is_namedtuple(cls) except -1:
    """Whether __getnewargs__ is the one collections.namedtuple writes: tuple(self)."""
    global namedtuple_code
    if namedtuple_code is None:
        from collections import namedtuple
        namedtuple_code = namedtuple("sample", "x").__getnewargs__.__code__
    return (issubclass(cls, tuple) and dict_offset(<PyTypeObject*>cls) == 0
            and cls.__basicsize__ == tuple.__basicsize__
            and looked_up(cls, "__iter__") is looked_up(tuple, "__iter__")
            and getattr(looked_up(cls, "__getnewargs__"), "__code__", None) is namedtuple_code)
