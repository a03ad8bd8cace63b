"""Studying a class: which short cuts are sound for it (see instances.pxd)."""

from cpython.object cimport PyObject, PyTypeObject
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.instances cimport *

cdef extern from *:
    """
    #define PERDURE_TP_NEW(t) ((void *)(t)->tp_new)
    #define PERDURE_TP_ALLOC(t) ((void *)(t)->tp_alloc)
    #define PERDURE_TP_GETATTRO(t) ((void *)(t)->tp_getattro)
    #define PERDURE_TP_SETATTRO(t) ((void *)(t)->tp_setattro)
    #define PERDURE_TP_ITEMSIZE(t) ((t)->tp_itemsize)
    #define PERDURE_TP_MRO(t) ((t)->tp_mro)
    """
    void* tp_new "PERDURE_TP_NEW"(PyTypeObject*) noexcept
    void* tp_alloc "PERDURE_TP_ALLOC"(PyTypeObject*) noexcept
    void* tp_getattro "PERDURE_TP_GETATTRO"(PyTypeObject*) noexcept
    void* tp_setattro "PERDURE_TP_SETATTRO"(PyTypeObject*) noexcept
    Py_ssize_t tp_itemsize "PERDURE_TP_ITEMSIZE"(PyTypeObject*) noexcept
    PyObject* tp_mro "PERDURE_TP_MRO"(PyTypeObject*) noexcept

cdef extern from *:
    """
    #include <datetime.h>
    static int perdure_datetime_ready(void) {
        if (PyDateTimeAPI == NULL) { PyDateTime_IMPORT; }
        return PyDateTimeAPI != NULL;
    }
    #define PERDURE_NEW_DATE(y, m, d) PyDate_FromDate(y, m, d)
    #define PERDURE_NEW_DATETIME(y, mo, d, h, mi, s, us, fold) \\
        PyDateTime_FromDateAndTimeAndFold(y, mo, d, h, mi, s, us, fold)
    """
    bint datetime_ready "perdure_datetime_ready"() noexcept
    PyObject* new_date "PERDURE_NEW_DATE"(int, int, int) noexcept
    PyObject* new_datetime "PERDURE_NEW_DATETIME"(int, int, int, int, int, int, int, int) noexcept

cdef object unknown_safety = None
cdef object namespace_of = type.__dict__["__dict__"].__get__
cdef object getset_descriptor = type(type.__dict__["__dict__"])
cdef dict named_tuple_code = {}   # of what namedtuple() writes, by the number of fields
cdef frozenset DEFAULT_DESCRIPTORS = frozenset(("__class__", "__dict__", "__weakref__"))


cdef object found(PyTypeObject* type, str name):
    cdef PyObject* value = _PyType_Lookup(type, <PyObject*>name)
    return None if value == NULL else <object>value


cdef int study(Record* record, PyTypeObject* cls) noexcept:
    record.type = cls
    record.traits = 0
    record.kind = ORDINARY
    record.fields = 0
    try:
        study_class(record, cls)
    except Exception:
        record.traits = 0
        record.kind = ORDINARY
    # After the look-ups above, which give a type its tag.
    record.version = type_version(cls)
    return 0


cdef int study_class(Record* record, PyTypeObject* cls) except -1:
    cdef int traits = 0
    cdef bint plain_alloc = tp_alloc(cls) == <void*>PyType_GenericAlloc
    if (plain_alloc and tp_new(cls) == tp_new(&PyBaseObject_Type) and tp_itemsize(cls) == 0
            and not is_abstract(cls)):
        traits |= NEW_PLAIN
    if tp_setattro(cls) == <void*>PyObject_GenericSetAttr:
        traits |= SETATTR_PLAIN
    setstate = found(cls, "__setstate__")
    if tp_getattro(cls) == <void*>PyObject_GenericGetAttr:
        if setstate is None:
            traits |= STATE_PLAIN
        if has_dict(cls) and type(found(cls, "__dict__")) is getset_descriptor:
            traits |= DICT_PLAIN
            if not has_descriptors(<tuple>tp_mro(cls)):
                traits |= NO_DESCRIPTORS
    record.traits = traits
    base = <object>cls
    if plain_alloc and <object>Py_TYPE(<PyObject*>cls) is type and PyType_IsSubtype(cls, &PyTuple_Type):
        record.fields = named_tuple_fields(base)
        if record.fields >= 0:
            record.kind = NAMED_TUPLE
    else:
        namespace = namespace_of(base)
        module = namespace.get("__module__")
        if module == "uuid" and base.__name__ == "UUID" and is_uuid(base, setstate, traits):
            record.kind = UUID
        elif is_datetime(base, "datetime"):
            record.kind = DATETIME
        elif is_datetime(base, "date"):
            record.kind = DATE
    return 0


cdef bint has_descriptors(tuple mro) except -1:
    for base in mro:
        for name, value in namespace_of(base).items():
            if is_data_descriptor(<PyObject*>value) and name not in DEFAULT_DESCRIPTORS:
                return True
    return False


cdef bint is_datetime(object cls, str name) except -1:
    import sys
    module = sys.modules.get("datetime")
    return module is not None and getattr(module, name, None) is cls and cls.__module__ == "datetime"


cdef bint is_uuid(object cls, object setstate, int traits) except -1:
    """uuid.UUID as its module made it: `int` and `is_safe` in slots, filled by its __setstate__."""
    import sys
    module = sys.modules.get("uuid")
    if module is None or getattr(module, "UUID", None) is not cls or not traits & NEW_PLAIN:
        return False
    code = getattr(setstate, "__code__", None)
    if code is None or getattr(setstate, "__globals__", None) is not vars(module):
        return False
    global unknown_safety
    if unknown_safety is None:
        unknown_safety = module.SafeUUID.unknown
    return (code.co_qualname == "UUID.__setstate__"
            and type(namespace_of(cls).get("int")).__name__ == "member_descriptor"
            and type(namespace_of(cls).get("is_safe")).__name__ == "member_descriptor")


cdef PyObject* uuid_unknown() noexcept:
    """SafeUUID.unknown, which a UUID has whose state says nothing of it; borrowed."""
    return <PyObject*>unknown_safety


cdef PyObject* calendar_value(int kind, const unsigned char* s) noexcept:
    """A datetime of 10 bytes or a date of 4 (new); NULL without an exception where they are not
    in range: the class itself then says what becomes of them."""
    cdef PyObject* made
    cdef int year = s[0] << 8 | s[1]
    if not datetime_ready():
        PyErr_Clear()
        return NULL
    if kind == DATE:
        made = new_date(year, s[2], s[3])
    else:
        made = new_datetime(year, s[2] & 0x7F, s[3], s[4], s[5], s[6], s[7] << 16 | s[8] << 8 | s[9], s[2] >> 7)
    if made == NULL:
        PyErr_Clear()
    return made


cdef Py_ssize_t named_tuple_fields(object cls) except -2:
    """How many fields, where `cls.__new__` is exactly what collections.namedtuple writes; else -1."""
    new = found(<PyTypeObject*><PyObject*>cls, "__new__")
    if isinstance(new, staticmethod):
        new = new.__func__
    code = getattr(new, "__code__", None)
    if code is None or code.co_names != ("_tuple_new",):
        return -1
    names = new.__globals__
    if names.get("_tuple_new") is not tuple.__new__:
        return -1
    count = code.co_argcount - 1
    if not 0 <= count <= 255:
        return -1
    reference = named_tuple_code.get(count)
    if reference is None:  # namedtuple() evaluates a text of its own: once, however often classes are studied
        from collections import namedtuple
        reference = namedtuple("Reference", [f"f{i}" for i in range(count)]).__new__.__code__
        named_tuple_code[count] = reference
    if (code.co_code != reference.co_code or code.co_consts != reference.co_consts
            or code.co_flags != reference.co_flags or code.co_nlocals != reference.co_nlocals
            or code.co_posonlyargcount or code.co_kwonlyargcount):
        return -1
    return count
