"""What a JSON text is made of: literals, numbers, strings and names, tagged where JSON has no such thing."""

from cpython.mem cimport PyMem_Free
from libc.math cimport isfinite
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memchr, memcpy

from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.text.floats cimport set_up_powers
from perdure._engine.text.output cimport *

cdef enum:
    MOST_BITS = 14284  # of an int that is written in decimals: it has no more than 4,300 digits

cdef object SAFE = 2**53

set_up_powers(True)


cdef class Output:
    """The text that is being written."""

    def __cinit__(self):
        self.names = {}

    def __dealloc__(self):
        PyMem_Free(self.out.base)

    cdef int open_tagged(self, uint32_t label) except -1:
        self.tag(b"{")
        if label:
            self.say(b'"$id":')
            put_number(&self.out, label)
            self.say(b",")
        return 0

    cdef int leaf(self, uint32_t row) except -1:
        cdef Row* r = &self.tape.rows[row]
        cdef int op = r.op
        cdef Text text
        cdef uint64_t bits = 0
        cdef double value
        cdef int i
        if op == OP_NONE:
            return self.say(b"null")
        if r.kind == BOOL:
            return self.say(b"true" if self.tape.leaf(row) else b"false")
        if r.kind == STR and op != OP_UNICODE:
            text = self.tape.argument(row)
            return self.string(text.data, text.n)
        if op == OP_BININT1 or op == OP_BININT2 or op == OP_BININT or (op == OP_LONG1 and 0 < r.kind and
                                                                       self.tape.argument(row).n <= 8):
            text = self.tape.argument(row)
            if op != OP_BININT1 and op != OP_BININT2 and text.n and text.data[text.n - 1] & 0x80:
                bits = <uint64_t>-1
            for i in range(<int>text.n - 1, -1, -1):
                bits = bits << 8 | text.data[i]
            if not (self.safe and op == OP_LONG1):
                return put_number(&self.out, <long long>bits)
        if op == OP_BINFLOAT:
            text = self.tape.argument(row)
            for i in range(8):
                bits = bits << 8 | text.data[i]
            memcpy(&value, &bits, 8)
            return self.real(value)
        return self.plain(self.tape.leaf(row))

    cdef int real(self, double value) except -1:
        cdef uint64_t bits
        if isfinite(value):
            return put_real(&self.out, value)
        if value == value:
            return self.tag(b'{"$float":"inf"}' if value > 0 else b'{"$float":"-inf"}')
        memcpy(&bits, &value, 8)
        self.tagged = True
        return self.say_bytes(b'{"$float":"nan:%016x"}' % bits)

    cdef int string(self, const unsigned char* p, Py_ssize_t n) except -1:
        cdef Py_ssize_t begin = self.out.n, i
        i = put_string(&self.out, p, n)
        if i == n:
            return 0
        self.out.n = begin
        self.tag(b'{"$str":[')
        i = 0
        while i < n:
            if i:
                put_byte(&self.out, 44)
            if lone(p + i, n - i):
                put_number(&self.out, (p[i] & 15) << 12 | (p[i + 1] & 63) << 6 | (p[i + 2] & 63))
                i += 3
            else:
                i += put_string(&self.out, p + i, n - i)
        return self.say(b"]}")

    cdef int plain(self, value) except -1:
        """A value of Python's, of the types that forms are made of."""
        cdef bytes flat
        cdef Py_ssize_t i
        if value is None or value is True or value is False:
            return self.say(b"null" if value is None else b"true" if value else b"false")
        if type(value) is int:
            if is_safe(value):
                return put_number(&self.out, value)
            return self.large(value)
        if type(value) is float:
            return self.real(value)
        if type(value) is str:
            flat = (<str>value).encode("utf-8", "surrogatepass")
            return self.string(flat, len(flat))
        if type(value) is list or type(value) is tuple:
            put_byte(&self.out, 91)
            for i in range(len(value)):
                if i:
                    put_byte(&self.out, 44)
                self.plain(value[i])
            return put_byte(&self.out, 93)
        raise TypeError(f"a form is made of plain values, not of {type(value).__name__}")

    cdef int large(self, value) except -1:
        """An int beyond what a double holds exactly."""
        cdef bytes text = decimals(value)
        if text is not None and not self.safe:
            return self.say_bytes(text)
        self.tag(b'{"$int":"')
        self.say_bytes(text if text is not None else hex(value).encode())
        return self.say(b'"}')

    cdef int put_name(self, uint32_t row) except -1:
        cdef bytes written = self.names.get(row)
        cdef Py_ssize_t begin = self.out.n
        if written is not None:
            return self.say_bytes(written)
        module, name = self.tape.name(row)
        text = f"{module}:{name}"
        if not is_unicode(text):
            import json

            self.say_bytes(json.dumps([module, name]).encode())  # a $str is none of the two
        elif ":" in module:
            self.plain([module, name])
        else:
            self.plain(text)
        self.names[row] = self.out.base[begin:self.out.n]
        return 0

    cdef bint has_plain_name(self, uint32_t row) except -1:
        """Of a callee: whether one string says all."""
        if self.tape.rows[row].kind != NAME:
            return False
        if row in self.names:
            return (<bytes>self.names[row])[0] == 34
        module, name = self.tape.name(row)
        return ":" not in module and is_unicode(f"{module}:{name}")


cdef bint is_safe(value) except -1:
    """Whether an int is one that a double holds, and the next one too."""
    return -SAFE <= value <= SAFE


cdef bytes decimals(value):
    """An int's; None where it has too many digits."""
    if value.bit_length() > MOST_BITS:
        return None
    try:
        return b"%d" % value
    except ValueError:  # the interpreter's limit is lower
        return None


cdef bint is_unicode(str text) except -1:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


cdef bint has_lone(const unsigned char* p, Py_ssize_t n) noexcept:
    cdef const unsigned char* at
    cdef const unsigned char* end = p + n
    while p < end:
        at = <const unsigned char*>memchr(p, 0xED, end - p)
        if at == NULL:
            return False
        if lone(at, end - at):
            return True
        p = at + 1
    return False
