"""Instances of known C types, written from their fields: no reduce answer is ever built.

Each writes the bytes that its reduce answer would have led to. None but an array whose
dtype is new has parts that need a task: each is whole when its function returns.
"""

from perdure._engine.layouts cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.writer.capi cimport *
from perdure._engine.writer.memo cimport table_get
from perdure._engine.writer.output cimport *
from perdure._engine.writer.put cimport *
from perdure._engine.writer.saving cimport *
from perdure._engine.writer.shapes cimport *


cdef bint save_native(Output out, PyObject* obj, Shape* shape, bint unique) except -1:
    """Write obj; False: it is a rare case of its type, and nothing has been written."""
    if shape.kind == MEMBER:
        return save_member(out, obj, unique)
    if shape.kind == DECIMAL:
        return save_decimal(out, obj, unique)
    if shape.kind == UUID:
        return save_uuid(out, obj, shape, unique)
    if shape.kind == NDARRAY:
        return save_array(out, obj, shape, unique)
    if shape.kind == FUNCTION:
        save_global(out, obj, None)
        return True
    return save_moment(out, obj, shape.kind, unique)


cdef bint save_member(Output out, PyObject* obj, bint unique) except -1:
    """An enum member: its class called with its value."""
    value = getattr(<object>obj, "_value_")
    t = type(value)
    if not (t is int or t is str and len(<str>value) < 256):
        return False
    save_class_of(out, obj, PART_CALLABLE)
    put_one(out, <PyObject*>value)
    put_code(out, OP_TUPLE1)
    close_call(out, obj, unique)
    return True


cdef bint save_decimal(Output out, PyObject* obj, bint unique) except -1:
    cdef unsigned char* p
    cdef Py_ssize_t n
    save_class_of(out, obj, PART_CALLABLE)
    p = out.p
    if p >= out.end:
        p = out.more(p, SLACK)
    n = decimal_text(<Decimal*>obj, p + 2)
    if n:
        p[0] = OP_SHORT_BINUNICODE
        p[1] = <unsigned char>n
        out.p = p + 2 + n
    else:
        text = str(<object>obj)
        put_one(out, <PyObject*>text)
    put_code(out, OP_TUPLE1)
    close_call(out, obj, unique)
    return True


cdef Py_ssize_t decimal_text(Decimal* d, unsigned char* to) noexcept:
    """What str says of a decimal of up to 38 digits without an exponent, at most 47 characters; else 0.

    An exponent's letter depends on the context: that is left to str.
    """
    cdef unsigned char digits[38]
    cdef Py_ssize_t n = d.digits
    cdef Py_ssize_t point
    cdef unsigned char* p = to
    if d.flags & DECIMAL_SPECIAL or d.exponent > 0 or n > 38 or d.exponent + n < -5 or d.used != (n + 18) // 19:
        return 0
    if n > 19:
        put_digits(digits, n - 19, d.words[1])
        put_digits(digits + n - 19, 19, d.words[0])
    else:
        put_digits(digits, n, d.words[0])
    if d.flags & DECIMAL_NEGATIVE:
        p[0] = c"-"
        p += 1
    point = n + d.exponent
    if point <= 0:
        memcpy(p, "0.00000", 7)
        p += 2 - point
        memcpy(p, digits, n)
        return p + n - to
    memcpy(p, digits, point)
    p += point
    if d.exponent:
        p[0] = c"."
        p += 1
        memcpy(p, digits + point, n - point)
        p += n - point
    return p - to


cdef inline void put_digits(unsigned char* to, Py_ssize_t n, uint64_t word) noexcept:
    """The last n decimal digits of a word."""
    while n > 0:
        n -= 1
        to[n] = <unsigned char>(c"0" + word % 10)
        word //= 10


cdef bint save_uuid(Output out, PyObject* obj, Shape* shape, bint unique) except -1:
    """Its int, as the state of an empty instance; a UUID that says how safe it is: no."""
    cdef PyObject* number = (<PyObject**>(<char*>obj + shape.offsets[0]))[0]
    if (<PyObject**>(<char*>obj + shape.offsets[1]))[0] != shape.extra:
        return False
    if number == NULL or Py_TYPE(number) != &PyLong_Type:
        return False
    save_class_of(out, obj, PART_CLASS)
    put_new(out)
    enter_memo(out, obj, unique)
    put_code(out, OP_EMPTY_DICT)
    put_one(out, shape.names[0])
    put_one(out, number)
    put_codes(out, OP_SETITEM, OP_BUILD)
    return True


cdef bint save_moment(Output out, PyObject* obj, int kind, bint unique) except -1:
    """date, time, datetime by their packed bytes; timedelta by its three numbers."""
    cdef const unsigned char* data
    cdef unsigned char* p
    cdef int n, folded
    cdef PyDateTime_Delta* delta
    if kind == TIMEDELTA:
        delta = <PyDateTime_Delta*>obj
        save_class_of(out, obj, PART_CALLABLE)
        p = out.p
        if p >= out.end:
            p = out.more(p, SLACK)
        p = put_small(put_small(put_small(p, delta.days), delta.seconds), delta.microseconds)
        p[0] = OP_TUPLE3
        out.p = p + 1
        close_call(out, obj, unique)
        return True
    folded = -1
    if kind == DATE:
        data, n = (<PyDateTime_Date*>obj).data, 4
    elif kind == TIME:
        if (<PyDateTime_Time*>obj).hastzinfo:
            return False
        data, n = (<PyDateTime_Time*>obj).data, 6
        if (<PyDateTime_Time*>obj).fold:
            folded = 0
    else:
        if (<PyDateTime_DateTime*>obj).hastzinfo:
            return False
        data, n = (<PyDateTime_DateTime*>obj).data, 10
        if (<PyDateTime_DateTime*>obj).fold:
            folded = 2
    save_class_of(out, obj, PART_CALLABLE)
    p = out.p
    if p >= out.end:
        p = out.more(p, SLACK)
    p[0] = OP_SHORT_BINBYTES
    p[1] = <unsigned char>n
    memcpy(p + 2, data, n)
    if folded >= 0:
        p[2 + folded] |= 0x80  # fold is the top bit of the hour, or of the month
    p[2 + n] = OP_TUPLE1
    out.p = p + 3 + n
    close_call(out, obj, unique)
    return True


cdef bint save_array(Output out, PyObject* obj, Shape* shape, bint unique) except -1:
    """A contiguous array of plain numbers: numpy's maker, called with its bytes."""
    cdef Array* array = <Array*>obj
    cdef Py_ssize_t n = plain_size(array)
    cdef Py_ssize_t maker, descr
    cdef PyObject* order
    cdef Task* t
    cdef unsigned char* p
    cdef int i
    if n < 0 or out.proto < 5 or out.buffer_callback is not None:
        return False
    maker = table_get(&out.memo, shape.extra)
    if maker >= 0:
        out.get(maker)
    else:
        save_global(out, shape.extra, None)  # may run code
        if plain_size(array) != n:
            raise RuntimeError("array changed while it was being pickled")
    put_code(out, OP_MARK)
    put_buffer(out, array.data, n, not array.flags & ARRAY_WRITEABLE, flat_view(out, <object>obj, n))
    order = <PyObject*>(ORDER_C if array.flags & ARRAY_C else ORDER_F)
    descr = table_get(&out.memo, array.descr)
    if descr < 0:  # no leaf: with what comes after it, a task
        arguments = (None, <object>array.descr, (<object>obj).shape, <object>order)
        t = push(out, NAMED, <PyObject*>arguments)
        t.next = 1
        t.flags = CALLED | (UNIQUE if unique else 0)
        t.extra = obj
        Py_INCREF(obj)
        return True
    p = out.p
    if p >= out.end:
        p = out.more(p, SLACK)
    p = put_get(p, descr)
    if array.nd > 3:
        p[0] = OP_MARK
        p += 1
    for i in range(array.nd):
        if p >= out.end:
            p = out.more(p, SLACK)
        p = put_short_int(p, array.dimensions[i])
    if p >= out.end:
        p = out.more(p, SLACK)
    p[0] = <unsigned char>(OP_TUPLE if array.nd > 3 else OP_EMPTY_TUPLE if array.nd == 0 else OP_TUPLE1 + array.nd - 1)
    out.p = p + 1
    put_one(out, order)
    put_code(out, OP_TUPLE)
    close_call(out, obj, unique)
    return True


cdef Py_ssize_t plain_size(Array* array) except -2:
    """How many bytes the numbers of a contiguous array are; -1: it is another kind of array."""
    cdef Py_ssize_t n
    cdef int i
    if not array.flags & (ARRAY_C | ARRAY_F) or array.nd > 8:
        return -1
    dtype = <object>array.descr
    n = dtype.itemsize
    if dtype.hasobject or n == 0:
        return -1
    for i in range(array.nd):
        n *= array.dimensions[i]
    return n


cdef str ORDER_C = "C"
cdef str ORDER_F = "F"
