# CPython's C API as the writer uses it: raw pointers, no hidden reference counting.
#
# Rules: every declaration here takes and gives PyObject*. A comment says who owns what:
# "new" (the caller must let go), "borrowed" (it must not), "steals" (the callee does).
# Private layouts, which differ between versions, stand here and nowhere else.

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint8_t, int32_t, uint32_t, uint64_t, int64_t
from perdure._engine.layouts cimport (
    FREE_THREADED, PyODict_Type, long_digit, long_is_digit, long_is_short, long_short_value,
)

cdef extern from "Python.h":
    int PY_VERSION_HEX

    void Py_INCREF(PyObject*) noexcept
    void Py_DECREF(PyObject*) noexcept
    void Py_XDECREF(PyObject*) noexcept
    Py_ssize_t Py_REFCNT(PyObject*) noexcept
    PyTypeObject* Py_TYPE(PyObject*) noexcept
    Py_ssize_t Py_SIZE(PyObject*) noexcept
    void Py_SET_SIZE(PyObject*, Py_ssize_t) noexcept
    PyObject* Py_None
    PyObject* Py_True
    PyObject* Py_False
    PyObject* Py_Ellipsis
    PyObject* Py_NotImplemented
    PyObject* PyExc_RecursionError

    PyTypeObject PyUnicode_Type, PyLong_Type, PyFloat_Type, PyBytes_Type, PyByteArray_Type
    PyTypeObject PyList_Type, PyTuple_Type, PyDict_Type, PySet_Type, PyFrozenSet_Type
    PyTypeObject PyComplex_Type, PyFunction_Type, PyType_Type, PyBaseObject_Type
    PyTypeObject PyPickleBuffer_Type, PyMemberDescr_Type, PyGetSetDescr_Type, PyCFunction_Type

    # numbers
    double PyFloat_AS_DOUBLE(PyObject*) noexcept
    long long PyLong_AsLongLongAndOverflow(PyObject*, int*) noexcept
    size_t _PyLong_NumBits(PyObject*) except? <size_t>-1

    # text
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject*) noexcept
    int PyUnicode_IS_COMPACT_ASCII(PyObject*) noexcept
    int PyUnicode_IS_ASCII(PyObject*) noexcept
    int PyUnicode_KIND(PyObject*) noexcept
    void* PyUnicode_DATA(PyObject*) noexcept
    const char* PyUnicode_AsUTF8AndSize(PyObject*, Py_ssize_t*) except NULL
    PyObject* PyUnicode_AsEncodedString(PyObject*, const char*, const char*) except NULL  # new

    # bytes
    char* PyBytes_AS_STRING(PyObject*) noexcept
    Py_ssize_t PyBytes_GET_SIZE(PyObject*) noexcept
    char* PyByteArray_AS_STRING(PyObject*) noexcept
    Py_ssize_t PyByteArray_GET_SIZE(PyObject*) noexcept
    PyObject* PyBytes_FromStringAndSize(const char*, Py_ssize_t) except NULL  # new
    int _PyBytes_Resize(PyObject**, Py_ssize_t) except -1

    # containers; items are borrowed
    PyObject* PyList_GET_ITEM(PyObject*, Py_ssize_t) noexcept
    Py_ssize_t PyList_GET_SIZE(PyObject*) noexcept
    PyObject* PyTuple_GET_ITEM(PyObject*, Py_ssize_t) noexcept
    Py_ssize_t PyTuple_GET_SIZE(PyObject*) noexcept
    Py_ssize_t PyDict_GET_SIZE(PyObject*) noexcept
    int PyDict_Next(PyObject*, Py_ssize_t*, PyObject**, PyObject**) noexcept
    int PyModule_CheckExact(PyObject*) noexcept
    PyObject* PyModule_GetDict(PyObject*) noexcept  # borrowed
    PyObject* PyDict_GetItemWithError(PyObject*, PyObject*) noexcept  # borrowed
    PyObject* PyDict_Copy(PyObject*) except NULL  # new
    PyObject* PyTuple_GetSlice(PyObject*, Py_ssize_t, Py_ssize_t) except NULL  # new
    PyObject* PySequence_Tuple(PyObject*) except NULL  # new
    PyObject* PyFrozenSet_New(PyObject*) except NULL  # new
    PyObject* PyIter_Next(PyObject*) noexcept  # new

    ctypedef struct setentry:
        PyObject* key
        Py_ssize_t hash
    ctypedef struct PySetObject:
        Py_ssize_t used
        Py_ssize_t mask
        setentry* table
    Py_ssize_t PySet_GET_SIZE(PyObject*) noexcept

    # types and attributes
    unsigned long PyType_GetFlags(PyTypeObject*) noexcept
    int PyType_IsSubtype(PyTypeObject*, PyTypeObject*) noexcept
    unsigned long Py_TPFLAGS_HEAPTYPE
    PyObject* _PyType_Lookup(PyTypeObject*, PyObject*) noexcept  # borrowed, never raises
    PyObject* PyObject_GenericGetAttr(PyObject*, PyObject*) noexcept
    PyObject* PyObject_GenericGetDict(PyObject*, void*) except NULL  # new
    PyObject* PyObject_GetAttr(PyObject*, PyObject*) except NULL  # new
    PyObject* PyObject_Str(PyObject*) except NULL  # new
    PyObject* PyObject_GetIter(PyObject*) except NULL  # new

    # buffers, for arrays
    ctypedef struct Py_buffer:
        void* buf
        Py_ssize_t len
        int readonly
    int PyObject_GetBuffer(PyObject*, Py_buffer*, int) except -1
    void PyBuffer_Release(Py_buffer*) noexcept
    int PyBuffer_IsContiguous(const Py_buffer*, char) noexcept
    int PyBUF_FULL_RO, PyBUF_READ
    object PyMemoryView_FromMemory(char*, Py_ssize_t, int)
    const Py_buffer* PyPickleBuffer_GetBuffer(PyObject*) except NULL  # borrowed

    void* PyMem_RawMalloc(size_t) noexcept
    void* PyMem_RawRealloc(void*, size_t) noexcept
    void PyMem_RawFree(void*) noexcept
    int PyErr_CheckSignals() except -1

cdef extern from *:
    """
    #include <string.h>
    #define PERDURE_LIKELY(x) __builtin_expect(!!(x), 1)
    #define PERDURE_UNLIKELY(x) __builtin_expect(!!(x), 0)
    #if defined(_MSC_VER) && !defined(__clang__)
    #undef PERDURE_LIKELY
    #undef PERDURE_UNLIKELY
    #define PERDURE_LIKELY(x) (x)
    #define PERDURE_UNLIKELY(x) (x)
    #endif

    /* The UTF-8 form that a non-ascii string may already keep; borrowed, or NULL. */
    #define PERDURE_CACHED_UTF8(o) (((PyCompactUnicodeObject *)(o))->utf8)
    #define PERDURE_CACHED_UTF8_LENGTH(o) (((PyCompactUnicodeObject *)(o))->utf8_length)

    /* Little-endian two's complement, length bytes; 0 or -1 with an exception. */
    static inline int perdure_long_bytes(PyObject *o, unsigned char *to, size_t length) {
    #if PY_VERSION_HEX >= 0x030D0000
        return _PyLong_AsByteArray((PyLongObject *)o, to, length, 1, 1, 1);
    #else
        return _PyLong_AsByteArray((PyLongObject *)o, to, length, 1, 1);
    #endif
    }

    /* Eight bytes of a double, big-endian, as BINFLOAT has them. */
    static inline void perdure_put_double(unsigned char *p, double value) {
        uint64_t bits;
        memcpy(&bits, &value, 8);
    #if PY_BIG_ENDIAN
    #elif defined(_MSC_VER)
        bits = _byteswap_uint64(bits);
    #else
        bits = __builtin_bswap64(bits);
    #endif
        memcpy(p, &bits, 8);
    }
    static inline void perdure_put_le(unsigned char *p, uint64_t value, int size) {
    #if PY_BIG_ENDIAN
        for (int i = 0; i < size; i++) { p[i] = (unsigned char)(value >> (8 * i)); }
    #else
        memcpy(p, &value, size);
    #endif
    }

    /* The head of numpy's PyArrayObject: part of its binary interface, checked on a sample. */
    typedef struct {
        PyObject_HEAD
        char *data;
        int nd;
        Py_ssize_t *dimensions;
        Py_ssize_t *strides;
        PyObject *base;
        PyObject *descr;
        int flags;
    } perdure_array;

    /* A type's version tag; 0: it has none. */
    #define PERDURE_TYPE_VERSION(t) ((t)->tp_version_tag)
    #define PERDURE_WEAKLIST_OFFSET(t) ((t)->tp_weaklistoffset)
    #define PERDURE_DICT_OFFSET(t) ((t)->tp_dictoffset)
    #define PERDURE_PLAIN_GETATTR(t) ((t)->tp_getattro == PyObject_GenericGetAttr)
    #define PERDURE_IS_METACLASS(t) PyType_HasFeature((t), Py_TPFLAGS_TYPE_SUBCLASS)
    #define PERDURE_LIST_ITEMS(o) (((PyListObject *)(o))->ob_item)
    #define PERDURE_TUPLE_ITEMS(o) (((PyTupleObject *)(o))->ob_item)
    #define PERDURE_MEMBER_OFFSET(d) (((PyMemberDescrObject *)(d))->d_member->offset)
    #define PERDURE_MEMBER_TYPE(d) (((PyMemberDescrObject *)(d))->d_member->type)
    #define PERDURE_MEMBER_OWNER(d) (((PyDescrObject *)(d))->d_type)

    #ifndef Py_T_OBJECT_EX
    #include <structmember.h>
    #define Py_T_OBJECT_EX T_OBJECT_EX
    #endif
    """
    bint likely "PERDURE_LIKELY"(bint) noexcept
    bint unlikely "PERDURE_UNLIKELY"(bint) noexcept
    const char* cached_utf8 "PERDURE_CACHED_UTF8"(PyObject*) noexcept
    Py_ssize_t cached_utf8_length "PERDURE_CACHED_UTF8_LENGTH"(PyObject*) noexcept
    int long_bytes "perdure_long_bytes"(PyObject*, unsigned char*, size_t) except -1
    void put_double "perdure_put_double"(unsigned char*, double) noexcept
    void put_le "perdure_put_le"(unsigned char*, uint64_t, int) noexcept
    unsigned int type_version "PERDURE_TYPE_VERSION"(PyTypeObject*) noexcept
    Py_ssize_t weaklist_offset "PERDURE_WEAKLIST_OFFSET"(PyTypeObject*) noexcept
    Py_ssize_t dict_offset "PERDURE_DICT_OFFSET"(PyTypeObject*) noexcept
    bint plain_getattr "PERDURE_PLAIN_GETATTR"(PyTypeObject*) noexcept
    bint is_metaclass "PERDURE_IS_METACLASS"(PyTypeObject*) noexcept
    PyObject** list_items "PERDURE_LIST_ITEMS"(PyObject*) noexcept
    PyObject** tuple_items "PERDURE_TUPLE_ITEMS"(PyObject*) noexcept
    ctypedef struct Array "perdure_array":
        char* data
        int nd
        Py_ssize_t* dimensions
        PyObject* descr
        int flags
    Py_ssize_t member_offset "PERDURE_MEMBER_OFFSET"(PyObject*) noexcept
    int member_type "PERDURE_MEMBER_TYPE"(PyObject*) noexcept
    PyTypeObject* member_owner "PERDURE_MEMBER_OWNER"(PyObject*) noexcept
    int Py_T_OBJECT_EX

cdef enum:  # numpy's array flags
    ARRAY_C = 0x1
    ARRAY_F = 0x2
    ARRAY_WRITEABLE = 0x400
    ARRAY_ALL = 0x403

cdef extern from "datetime.h":
    ctypedef struct PyDateTime_Date:
        unsigned char data[4]
    ctypedef struct PyDateTime_Time:
        char hastzinfo
        unsigned char fold
        unsigned char data[6]
        PyObject* tzinfo
    ctypedef struct PyDateTime_DateTime:
        char hastzinfo
        unsigned char fold
        unsigned char data[10]
        PyObject* tzinfo
    ctypedef struct PyDateTime_Delta:
        int days
        int seconds
        int microseconds

cdef extern from "Python.h":
    PyObject** _PyObject_GetDictPtr(PyObject*) noexcept
    PyObject* PyObject_CallOneArg(PyObject*, PyObject*) except NULL  # new
    PyObject* PyObject_CallNoArgs(PyObject*) except NULL  # new

cdef extern from *:
    """
    /* After a C call that may have failed: 0, or -1 for Cython to pass the exception on. */
    static inline int perdure_reraise(void) { return PyErr_Occurred() ? -1 : 0; }
    #define PERDURE_MAKE_IMMUTABLE(t) (((PyTypeObject *)(t))->tp_flags |= Py_TPFLAGS_IMMUTABLETYPE)
    """
    void make_immutable "PERDURE_MAKE_IMMUTABLE"(PyObject*)
    int reraise "perdure_reraise"() except -1
