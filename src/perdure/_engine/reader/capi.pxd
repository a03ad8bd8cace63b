# CPython's C API as the reader uses it: raw pointers, no hidden reference counting.
#
# Rules: everything is noexcept, so NULL or -1 is tested by the caller, who then leaves by the
# machine's one error path. A comment says who owns what: "new" (the caller lets go), "borrowed"
# (it must not), "steals" (the callee does). Private layouts, which differ between versions,
# stand in this file and nowhere else.

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint8_t, uint32_t, uint64_t, int32_t
from perdure._engine.layouts cimport FREE_THREADED, PyODict_Type

cdef extern from "Python.h":
    int PY_VERSION_HEX
    ctypedef Py_ssize_t Py_hash_t

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

    PyObject* PyExc_AttributeError
    PyObject* PyExc_EOFError
    PyObject* PyExc_MemoryError
    PyObject* PyExc_NotImplementedError
    PyObject* PyExc_OverflowError
    PyObject* PyExc_RecursionError
    PyObject* PyExc_TypeError
    PyObject* PyExc_UnicodeDecodeError
    PyObject* PyExc_ValueError
    void PyErr_SetString(PyObject*, const char*) noexcept
    PyObject* PyErr_Format(PyObject*, const char*, ...) noexcept
    PyObject* PyErr_NoMemory() noexcept
    PyObject* PyErr_Occurred() noexcept  # borrowed
    int PyErr_ExceptionMatches(PyObject*) noexcept
    void PyErr_Clear() noexcept

    PyTypeObject PyUnicode_Type, PyLong_Type, PyFloat_Type, PyBytes_Type, PyByteArray_Type
    PyTypeObject PySlice_Type, PyList_Type, PyTuple_Type, PyDict_Type, PySet_Type, PyFrozenSet_Type
    PyTypeObject PyType_Type, PyBaseObject_Type

    void* PyMem_Malloc(size_t) noexcept
    void* PyMem_Realloc(void*, size_t) noexcept
    void PyMem_Free(void*) noexcept

    # numbers
    PyObject* PyLong_FromLong(long) noexcept  # new
    PyObject* PyLong_FromSsize_t(Py_ssize_t) noexcept  # new
    PyObject* PyLong_FromUnsignedLongLong(unsigned long long) noexcept  # new
    PyObject* PyLong_FromString(const char*, char**, int) noexcept  # new
    Py_ssize_t PyLong_AsSsize_t(PyObject*) noexcept
    long PyLong_AsLong(PyObject*) noexcept
    PyObject* _PyLong_FromByteArray(const unsigned char*, size_t, int, int) noexcept  # new
    PyObject* PyFloat_FromDouble(double) noexcept  # new
    double PyOS_string_to_double(const char*, char**, PyObject*) noexcept

    # text
    PyObject* PyUnicode_New(Py_ssize_t, uint32_t) noexcept  # new
    PyObject* PyUnicode_FromOrdinal(int) noexcept  # new
    PyObject* PyUnicode_FromString(const char*) noexcept  # new
    PyObject* PyUnicode_DecodeUTF8(const char*, Py_ssize_t, const char*) noexcept  # new
    PyObject* PyUnicode_DecodeASCII(const char*, Py_ssize_t, const char*) noexcept  # new
    PyObject* PyUnicode_DecodeRawUnicodeEscape(const char*, Py_ssize_t, const char*) noexcept  # new
    PyObject* PyUnicode_Decode(const char*, Py_ssize_t, const char*, const char*) noexcept  # new
    PyObject* PyUnicode_FromEncodedObject(PyObject*, const char*, const char*) noexcept  # new
    const char* PyUnicode_AsUTF8(PyObject*) noexcept  # borrowed
    const char* PyUnicode_AsUTF8AndSize(PyObject*, Py_ssize_t*) noexcept  # borrowed
    void PyUnicode_InternInPlace(PyObject**) noexcept
    int PyUnicode_CHECK_INTERNED(PyObject*) noexcept
    int PyUnicode_IS_COMPACT_ASCII(PyObject*) noexcept
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject*) noexcept
    int PyUnicode_CheckExact(PyObject*) noexcept
    int PyUnicode_Compare(PyObject*, PyObject*) noexcept
    int PyUnicode_Check(PyObject*) noexcept
    int PyLong_Check(PyObject*) noexcept
    int PyList_Check(PyObject*) noexcept
    int PyByteArray_Check(PyObject*) noexcept
    void* PyUnicode_DATA(PyObject*) noexcept
    ctypedef struct PyASCIIObject:
        pass

    # bytes
    PyObject* PyBytes_FromStringAndSize(const char*, Py_ssize_t) noexcept  # new
    PyObject* PyBytes_DecodeEscape(const char*, Py_ssize_t, const char*, Py_ssize_t, const char*) noexcept  # new
    int _PyBytes_Resize(PyObject**, Py_ssize_t) noexcept
    char* PyBytes_AS_STRING(PyObject*) noexcept
    Py_ssize_t PyBytes_GET_SIZE(PyObject*) noexcept
    int PyBytes_CheckExact(PyObject*) noexcept
    int PyBytes_Check(PyObject*) noexcept
    PyObject* PyByteArray_FromStringAndSize(const char*, Py_ssize_t) noexcept  # new
    int PyByteArray_Resize(PyObject*, Py_ssize_t) noexcept
    char* PyByteArray_AS_STRING(PyObject*) noexcept

    # containers
    PyObject* PyList_New(Py_ssize_t) noexcept  # new
    int PyList_CheckExact(PyObject*) noexcept
    int PyList_Append(PyObject*, PyObject*) noexcept
    int PyList_SetSlice(PyObject*, Py_ssize_t, Py_ssize_t, PyObject*) noexcept
    Py_ssize_t PyList_GET_SIZE(PyObject*) noexcept
    void PyList_SET_ITEM(PyObject*, Py_ssize_t, PyObject*) noexcept  # steals
    ctypedef struct PyListObject:
        PyObject** ob_item
        Py_ssize_t allocated
    PyObject* PyTuple_New(Py_ssize_t) noexcept  # new
    int PyTuple_Check(PyObject*) noexcept
    int PyTuple_CheckExact(PyObject*) noexcept
    Py_ssize_t PyTuple_GET_SIZE(PyObject*) noexcept
    PyObject* PyTuple_GET_ITEM(PyObject*, Py_ssize_t) noexcept  # borrowed
    void PyTuple_SET_ITEM(PyObject*, Py_ssize_t, PyObject*) noexcept  # steals
    ctypedef struct PyTupleObject:
        PyObject** ob_item
    PyObject* PyDict_New() noexcept  # new
    PyObject* _PyDict_NewPresized(Py_ssize_t) noexcept  # new
    PyObject* PyDict_Copy(PyObject*) noexcept  # new
    int PyDict_Check(PyObject*) noexcept
    int PyDict_Contains(PyObject*, PyObject*) noexcept
    int PyDict_DelItem(PyObject*, PyObject*) noexcept
    int PyDict_CheckExact(PyObject*) noexcept
    int PyDict_SetItem(PyObject*, PyObject*, PyObject*) noexcept
    int PyDict_Update(PyObject*, PyObject*) noexcept
    void PyDict_Clear(PyObject*) noexcept
    PyObject* PyDict_GetItemWithError(PyObject*, PyObject*) noexcept  # borrowed
    int PyDict_Next(PyObject*, Py_ssize_t*, PyObject**, PyObject**) noexcept  # borrowed
    Py_ssize_t PyDict_GET_SIZE(PyObject*) noexcept
    PyObject* PySet_New(PyObject*) noexcept  # new
    PyObject* PyFrozenSet_New(PyObject*) noexcept  # new
    int PySet_Check(PyObject*) noexcept
    int PySet_Add(PyObject*, PyObject*) noexcept
    PyObject* PyODict_New() noexcept  # new
    int PyODict_SetItem(PyObject*, PyObject*, PyObject*) noexcept
    PyObject* PyIter_Next(PyObject*) noexcept  # new

    # types, attributes, calls
    ctypedef PyObject* (*newfunc)(PyTypeObject*, PyObject*, PyObject*) noexcept
    int PyType_Check(PyObject*) noexcept
    int PyType_IsSubtype(PyTypeObject*, PyTypeObject*) noexcept
    PyObject* PyType_GenericAlloc(PyTypeObject*, Py_ssize_t) noexcept  # new
    PyObject* _PyType_Lookup(PyTypeObject*, PyObject*) noexcept  # borrowed, never raises
    PyObject* PyObject_GetAttr(PyObject*, PyObject*) noexcept  # new
    int PyObject_SetAttr(PyObject*, PyObject*, PyObject*) noexcept
    PyObject* PyObject_GenericGetAttr(PyObject*, PyObject*) noexcept  # new
    int PyObject_GenericSetAttr(PyObject*, PyObject*, PyObject*) noexcept
    int PyObject_SetItem(PyObject*, PyObject*, PyObject*) noexcept
    PyObject* PyObject_CallObject(PyObject*, PyObject*) noexcept  # new
    PyObject* PyObject_CallNoArgs(PyObject*) noexcept  # new
    PyObject* PyObject_CallOneArg(PyObject*, PyObject*) noexcept  # new
    PyObject* PyObject_CallMethodOneArg(PyObject*, PyObject*, PyObject*) noexcept  # new
    PyObject* PyObject_CallMethodObjArgs(PyObject*, PyObject*, ...) noexcept  # new
    PyObject* PyObject_Vectorcall(PyObject*, PyObject**, size_t, PyObject*) noexcept  # new
    PyObject* PyObject_VectorcallMethod(PyObject*, PyObject**, size_t, PyObject*) noexcept  # new
    int PyObject_CheckBuffer(PyObject*) noexcept

    # buffers
    ctypedef struct Py_buffer:
        void* buf
        Py_ssize_t len
        Py_ssize_t itemsize
        int readonly
        int ndim
        char* format
        Py_ssize_t* shape
        Py_ssize_t* strides
    int PyObject_GetBuffer(PyObject*, Py_buffer*, int) noexcept
    void PyBuffer_Release(Py_buffer*) noexcept
    int PyBUF_CONTIG_RO, PyBUF_FORMAT, PyBUF_SIMPLE, PyBUF_STRIDED_RO, PyBUF_WRITE
    PyObject* PyMemoryView_FromObject(PyObject*) noexcept  # new
    PyObject* PyMemoryView_FromMemory(char*, Py_ssize_t, int) noexcept  # new
    Py_buffer* PyMemoryView_GET_BUFFER(PyObject*) noexcept  # borrowed


cdef extern from *:
    """
    #include <errno.h>
    #include <stdlib.h>
    #include <string.h>
    #if defined(__GNUC__) || defined(__clang__)
    #define PERDURE_LIKELY(x) __builtin_expect(!!(x), 1)
    #define PERDURE_UNLIKELY(x) __builtin_expect(!!(x), 0)
    #define PERDURE_COLD __attribute__((cold, noinline))
    #else
    #define PERDURE_LIKELY(x) (x)
    #define PERDURE_UNLIKELY(x) (x)
    #define PERDURE_COLD
    #endif

    /* 1 where threads run without the GIL: no cache shared between calls, no private layout. */

    /* Stream integers are little-endian, BINFLOAT is big-endian. */
    static inline uint64_t perdure_u64(const unsigned char *p) {
        uint64_t v; memcpy(&v, p, 8);
    #if PY_BIG_ENDIAN
        v = __builtin_bswap64(v);
    #endif
        return v;
    }
    static inline uint32_t perdure_u32(const unsigned char *p) {
        uint32_t v; memcpy(&v, p, 4);
    #if PY_BIG_ENDIAN
        v = __builtin_bswap32(v);
    #endif
        return v;
    }
    static inline double perdure_double(const unsigned char *p) {
        uint64_t bits = 0; double value;
        for (int i = 0; i < 8; i++) bits = bits << 8 | p[i];  /* compiles to one bswap */
        memcpy(&value, &bits, 8);
        return value;
    }
    /* A decimal int, whole and in range; leading zeros and blanks pass, as they always have. */
    static inline int perdure_parse_long(const char *text, long *value) {
        char *rest;
        errno = 0;
        *value = strtol(text, &rest, 10);
        return errno == 0 && *rest == 0;
    }
    /* Words as they lie in memory: for copying short strings and for telling them apart. */
    static inline uint64_t perdure_word(const unsigned char *p) { uint64_t v; memcpy(&v, p, 8); return v; }
    static inline uint32_t perdure_half(const unsigned char *p) { uint32_t v; memcpy(&v, p, 4); return v; }
    static inline void perdure_put_word(unsigned char *p, uint64_t v) { memcpy(p, &v, 8); }
    static inline void perdure_put_half(unsigned char *p, uint32_t v) { memcpy(p, &v, 4); }

    /* The characters of a compact ascii string. */
    #define PERDURE_ASCII_DATA(o) ((unsigned char *)(((PyASCIIObject *)(o)) + 1))

    /* An attribute, NULL without an exception where there is none. */
    static inline PyObject *perdure_optional_attr(PyObject *o, PyObject *name) {
        PyObject *found;
    #if PY_VERSION_HEX >= 0x030D0000
        (void)PyObject_GetOptionalAttr(o, name, &found);
    #else
        (void)_PyObject_LookupAttr(o, name, &found);
    #endif
        return found;
    }

    /* A type's version tag, 0 where it has none (before 3.13 a stale tag stays in the field). */
    static inline unsigned int perdure_type_version(PyTypeObject *t) {
    #if PY_VERSION_HEX < 0x030D0000
        if (!(t->tp_flags & Py_TPFLAGS_VALID_VERSION_TAG)) return 0;
    #endif
        return t->tp_version_tag;
    }
    /* object.__new__(t): an allocation; but 3.11 prepares the inline attributes in __new__ itself. */
    #if PY_VERSION_HEX >= 0x030C0000
    #define PERDURE_NEW_PLAIN(t, empty) PyType_GenericAlloc(t, 0)
    #else
    #define PERDURE_NEW_PLAIN(t, empty) (t)->tp_new(t, empty, NULL)
    #endif
    #define PERDURE_IS_ABSTRACT(t) (((t)->tp_flags & Py_TPFLAGS_IS_ABSTRACT) != 0)
    #if PY_VERSION_HEX >= 0x030C0000
    #define PERDURE_HAS_DICT(t) ((t)->tp_dictoffset != 0 || ((t)->tp_flags & Py_TPFLAGS_MANAGED_DICT))
    #elif PY_VERSION_HEX >= 0x030B0000
    #define PERDURE_HAS_DICT(t) ((t)->tp_dictoffset != 0 || ((t)->tp_flags & Py_TPFLAGS_MANAGED_DICT))
    #endif
    #define PERDURE_IS_DATA_DESCRIPTOR(o) (Py_TYPE(o)->tp_descr_set != NULL)
    """
    bint likely "PERDURE_LIKELY"(bint) noexcept
    bint unlikely "PERDURE_UNLIKELY"(bint) noexcept
    uint64_t u64 "perdure_u64"(const unsigned char*) noexcept
    uint32_t u32 "perdure_u32"(const unsigned char*) noexcept
    double get_double "perdure_double"(const unsigned char*) noexcept
    bint parse_long "perdure_parse_long"(const char*, long*) noexcept
    uint64_t word "perdure_word"(const unsigned char*) noexcept
    uint32_t half "perdure_half"(const unsigned char*) noexcept
    void put_word "perdure_put_word"(unsigned char*, uint64_t) noexcept
    void put_half "perdure_put_half"(unsigned char*, uint32_t) noexcept
    unsigned char* ascii_data "PERDURE_ASCII_DATA"(PyObject*) noexcept
    PyObject* optional_attr "perdure_optional_attr"(PyObject*, PyObject*) noexcept  # new
    unsigned int type_version "perdure_type_version"(PyTypeObject*) noexcept
    PyObject* new_plain "PERDURE_NEW_PLAIN"(PyTypeObject*, PyObject*) noexcept  # new
    bint is_abstract "PERDURE_IS_ABSTRACT"(PyTypeObject*) noexcept
    bint has_dict "PERDURE_HAS_DICT"(PyTypeObject*) noexcept
    bint is_data_descriptor "PERDURE_IS_DATA_DESCRIPTOR"(PyObject*) noexcept

cdef extern from *:
    """
    #if PY_VERSION_HEX >= 0x030C0000
    #define PERDURE_DIGITS(o) ((Py_ssize_t)(((PyLongObject *)(o))->long_value.lv_tag >> 3))
    #else
    #define PERDURE_DIGITS(o) (Py_SIZE(o) < 0 ? -Py_SIZE(o) : Py_SIZE(o))
    #endif
    """
    Py_ssize_t long_digits "PERDURE_DIGITS"(PyObject*) noexcept
