"""What tables prove of the memory of arrays at C's speed. Each function answers whether it holds; none changes
anything, and what is no such memory is no proof."""

from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.values cimport is_ascii


cdef bint open_bytes(object memory, Py_buffer* view) noexcept:
    if PyObject_GetBuffer(<PyObject*>memory, view, PyBUF_SIMPLE) < 0:
        PyErr_Clear()
        return False
    return True


# ---- trees ---------------------------------------------------------------------------------

def depth_of_tree(left, right, inner):
    """How deep a tree is whose nodes have two children or none; -1 if it is none.

    ``left`` and ``right`` are of each node the places of its children, 64 bits each, ``inner`` one byte, whether it
    has any. A child comes after its parent, and each node but the first is the child of one."""
    cdef Py_buffer lefts, rights, inners
    cdef Py_ssize_t depth = -1
    if not open_bytes(left, &lefts):
        return -1
    if open_bytes(right, &rights):
        if open_bytes(inner, &inners):
            if lefts.len == rights.len == 8 * inners.len and inners.len < 1 << 31:
                depth = depth_of(<const int64_t*>lefts.buf, <const int64_t*>rights.buf, <const char*>inners.buf,
                                 inners.len)
            PyBuffer_Release(&inners)
        PyBuffer_Release(&rights)
    PyBuffer_Release(&lefts)
    return depth


cdef Py_ssize_t depth_of(const int64_t* left, const int64_t* right, const char* inner, Py_ssize_t n) noexcept:
    cdef int32_t* depths = <int32_t*>PyMem_Malloc(n * sizeof(int32_t))  # one more than it is; 0: no parent yet
    cdef int32_t deepest = 0
    cdef Py_ssize_t i
    if depths == NULL or n == 0:
        PyMem_Free(depths)
        return -1
    for i in range(n):
        depths[i] = 0
    depths[0] = 1
    for i in range(n):
        if depths[i] == 0:
            deepest = 0
            break
        deepest = depths[i] if depths[i] > deepest else deepest
        if inner[i] == 0:
            continue
        if (left[i] <= i or left[i] >= n or depths[left[i]] or right[i] <= i or right[i] >= n or depths[right[i]]
                or left[i] == right[i]):
            deepest = 0
            break
        depths[left[i]] = depths[right[i]] = depths[i] + 1
    PyMem_Free(depths)
    return deepest - 1


# ---- text ----------------------------------------------------------------------------------

def are_slices(offsets, Py_ssize_t width, Py_ssize_t start, Py_ssize_t count, text, *, bint ascii):
    """Whether ``count`` slices of ``text``, one after the other, lie within it: of ``offsets`` of so many bytes each,
    from ``start`` on. With ``ascii``, whether they are of nothing but ASCII too."""
    cdef Py_buffer places, whole
    cdef bint sound = False
    if start < 0 or count < 0 or not open_bytes(offsets, &places):
        return False
    if open_bytes(text, &whole):
        if (width == 4 or width == 8) and start < places.len // width and count < places.len // width - start:
            if width == 4:
                sound = lie_within(<const int32_t*>places.buf + start, count, whole.len)
            else:
                sound = lie_within(<const int64_t*>places.buf + start, count, whole.len)
            if sound and ascii:
                sound = is_plain(<const unsigned char*>whole.buf, whole.len)
        PyBuffer_Release(&whole)
    PyBuffer_Release(&places)
    return sound


ctypedef fused Offset:
    int32_t
    int64_t


cdef bint lie_within(const Offset* offsets, Py_ssize_t count, Py_ssize_t size) noexcept:
    cdef bint rising = offsets[0] >= 0
    cdef Py_ssize_t i
    for i in range(count):  # without a way out, so that compilers take many at once
        rising &= offsets[i] <= offsets[i + 1]
    return rising and offsets[count] <= size


cdef bint is_plain(const unsigned char* s, Py_ssize_t n) noexcept:
    cdef Py_ssize_t i
    if n >= 8:
        return is_ascii(s, n)
    for i in range(n):
        if s[i] > 127:
            return False
    return True


# ---- arrays of objects and of codes -------------------------------------------------------------

def are_text(array, missing):
    """Whether an array of objects of one dimension holds nothing but str, and ``missing``, None or nan for none."""
    cdef Py_buffer view
    cdef Py_ssize_t i
    cdef PyObject* item
    cdef bint sound = True
    if not open_buffer(<PyObject*>array, &view):
        return False
    if view.itemsize != sizeof(PyObject*) or view.format[0] != b"O":
        PyBuffer_Release(&view)
        return False
    for i in range(view.shape[0]):
        item = (<PyObject**>(<char*>view.buf + i * view.strides[0]))[0]
        if item == NULL or not (PyUnicode_Check(item) or item == <PyObject*>missing or item == Py_None
                                or (Py_TYPE(item) == &PyFloat_Type and is_nan(item))):
            sound = False
            break
    PyBuffer_Release(&view)
    return sound


def are_codes(array, Py_ssize_t count):
    """Whether an array of one dimension holds nothing but signed whole numbers, in this machine's byte order, from
    -1 up to and without ``count``."""
    cdef Py_buffer view
    cdef bint sound = False
    cdef char kind
    if not open_buffer(<PyObject*>array, &view):
        return False
    kind = view.format[0] if view.shape[0] < 2 or view.strides[0] == view.itemsize else 0
    if kind == b"b":
        sound = within(<const signed char*>view.buf, view.shape[0], count)
    elif kind == b"h":
        sound = within(<const short*>view.buf, view.shape[0], count)
    elif kind == b"i":
        sound = within(<const int*>view.buf, view.shape[0], count)
    elif kind == b"l":
        sound = within(<const long*>view.buf, view.shape[0], count)
    elif kind == b"q":
        sound = within(<const long long*>view.buf, view.shape[0], count)
    PyBuffer_Release(&view)
    return sound


ctypedef fused Code:
    signed char
    short
    int
    long
    long long


cdef inline bint within(const Code* codes, Py_ssize_t n, Py_ssize_t count) noexcept:
    cdef Code low = -1
    cdef Code high = -1
    cdef Py_ssize_t i
    for i in range(n):  # without a way out, so that compilers take many at once
        low = codes[i] if codes[i] < low else low
        high = codes[i] if codes[i] > high else high
    return low >= -1 and high < count


cdef bint open_buffer(PyObject* array, Py_buffer* view) noexcept:
    """The memory of an array of one dimension whose format is one letter."""
    if PyObject_GetBuffer(array, view, PyBUF_STRIDED_RO | PyBUF_FORMAT) < 0:
        PyErr_Clear()
        return False
    if view.ndim == 1 and view.format[0] != 0 and view.format[1] == 0:
        return True
    PyBuffer_Release(view)
    return False


cdef inline bint is_nan(PyObject* number) noexcept:
    cdef double value = <object>number
    return value != value
