"""The graph's columns, and what a row says: see tape.pxd."""

from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from codecs import escape_decode, raw_unicode_escape_decode

from cpython.float cimport PyFloat_FromDouble
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from perdure._engine.graph.stack cimport doubled
from perdure._engine.opcodes cimport *

from perdure.errors import CorruptError, LimitError

cdef enum:
    FIRST = 64
    MOST = 0xFFFFFFF0  # rows, parts or children

cdef extern from "Python.h":
    object _PyLong_FromByteArray(const unsigned char*, size_t, int, int)
    object PyUnicode_DecodeUTF8(const char*, Py_ssize_t, const char*)

# By Kind; what a node's `kind` says.
cdef tuple kind_names = (
    "", "none", "bool", "int", "float", "str", "string", "bytes", "bytearray", "buffer", "list", "tuple", "dict", "set",
    "frozenset", "name", "extension", "object", "persistent",
)


cdef void* grown(void* column, Py_ssize_t* room, size_t item) except NULL:
    if room[0] >= <Py_ssize_t>MOST:
        raise LimitError("a graph of more than 4,294,967,280 nodes", "nodes")
    return doubled(column, room, item)


cdef class Tape:
    """What `read` makes of a stream; ``data`` is any object of contiguous bytes, which stay in use. Without any, leaves
    can be put."""

    def __cinit__(self, data=None):
        self.row_room = self.part_room = self.child_room = FIRST
        self.rows = <Row*>PyMem_Malloc(FIRST * sizeof(Row))
        self.parts = <Part*>PyMem_Malloc(FIRST * sizeof(Part))
        self.children = <uint32_t*>PyMem_Malloc(FIRST * sizeof(uint32_t))
        if self.rows == NULL or self.parts == NULL or self.children == NULL:
            raise MemoryError
        self.row_count = self.part_count = 1  # 0 is none
        self.frames = []
        self.dropped = []
        self.attempts = {}
        self.sources = []
        if data is not None:
            self.add_source(data)

    def __dealloc__(self):
        PyMem_Free(self.rows)
        PyMem_Free(self.parts)
        PyMem_Free(self.children)
        PyMem_Free(self.own)

    cdef unsigned char* put(self, Py_ssize_t n) except NULL:
        """Room for n bytes of a leaf, at offset `size`, of a tape that has its own; the caller moves `size` on."""
        cdef Py_ssize_t room = self.own_room or 256
        cdef unsigned char* moved
        while room - self.size < n:
            room *= 2
        if room > self.own_room:
            moved = <unsigned char*>PyMem_Realloc(self.own, room)
            if moved == NULL:
                raise MemoryError
            self.base = self.own = moved
            self.own_room = room
        return self.own + self.size

    cdef uint32_t put_leaf(self, int kind, int op, int width, const unsigned char* data, Py_ssize_t n) except 0:
        """A leaf of ``width - 1`` bytes of length, or none, and n of argument."""
        cdef unsigned char* p = self.put(1 + width + n)
        cdef uint64_t length = n
        cdef int i
        p[0] = <unsigned char>op
        for i in range(width - 1):
            p[1 + i] = <unsigned char>(length >> (8 * i))
        if n:
            memcpy(p + width, data, n)
        self.size += width + n
        return self.add_row(kind, op, self.size - width - n, width if width > 1 else 1 + n)

    cdef uint64_t add_source(self, data) except? 0:
        """Where the bytes begin among all sources'."""
        cdef uint64_t begin = 0
        cdef const unsigned char[::1] view
        flat = memoryview(data).cast("B").toreadonly()
        if self.sources:
            begin = <uint64_t>self.sources[len(self.sources) - 1][0] + len(self.sources[len(self.sources) - 1][1])
        else:
            view = flat
            self.size = len(flat)
            self.base = &view[0] if len(flat) else NULL
        self.sources.append((begin, flat))
        return begin

    cdef const unsigned char* bytes_at(self, uint64_t at) noexcept:
        cdef const unsigned char[::1] view
        cdef uint64_t begin
        if at < <uint64_t>self.size or len(self.sources) < 2:
            return self.base + at
        for begin, flat in reversed(self.sources):
            if at >= begin:
                view = flat
                return &view[at - begin] if len(flat) else NULL
        return NULL

    cdef uint32_t add_row(self, int kind, int op, uint64_t at, int width) except 0:
        cdef Row* row
        if self.row_count == self.row_room:
            self.rows = <Row*>grown(self.rows, &self.row_room, sizeof(Row))
        row = &self.rows[self.row_count]
        row.at = at
        row.first = row.last = row.uses = 0
        row.kind = <uint8_t>kind
        row.op = <uint8_t>op
        row.flags = 0
        row.width = <uint8_t>width
        self.row_count += 1
        return <uint32_t>(self.row_count - 1)

    cdef uint32_t add_part(self, uint32_t row, int op, const uint32_t* nodes, Py_ssize_t count) except 0:
        cdef Part* part
        cdef Row* owner
        cdef Py_ssize_t i
        while self.child_room - self.child_count < count:
            self.children = <uint32_t*>grown(self.children, &self.child_room, sizeof(uint32_t))
        if self.part_count == self.part_room:
            self.parts = <Part*>grown(self.parts, &self.part_room, sizeof(Part))
        part = &self.parts[self.part_count]
        part.start = <uint32_t>self.child_count
        part.count = <uint32_t>count
        part.next = 0
        part.op = <uint8_t>op
        for i in range(count):
            self.children[self.child_count + i] = nodes[i]
            self.rows[nodes[i]].uses += 1
        self.child_count += count
        self.part_count += 1
        if row == 0:  # of nobody, yet
            return <uint32_t>(self.part_count - 1)
        owner = &self.rows[row]
        if owner.last:
            self.parts[owner.last].next = <uint32_t>(self.part_count - 1)
        else:
            owner.first = <uint32_t>(self.part_count - 1)
        owner.last = <uint32_t>(self.part_count - 1)
        return owner.last

    # -- what a row says

    cdef Text argument(self, uint32_t row) noexcept:
        """The bytes of a leaf's argument: behind its length, or the line without its end."""
        cdef Row* r = &self.rows[row]
        cdef const unsigned char* p = self.bytes_at(r.at)
        cdef Text text
        cdef int op = r.op
        text.data = p + r.width
        if op == OP_SHORT_BINUNICODE or op == OP_SHORT_BINBYTES or op == OP_SHORT_BINSTRING or op == OP_LONG1:
            text.n = p[1]
        elif op == OP_BINUNICODE or op == OP_BINBYTES or op == OP_BINSTRING or op == OP_LONG4:
            text.n = little(p + 1, 4)
        elif op == OP_BINUNICODE8 or op == OP_BINBYTES8 or op == OP_BYTEARRAY8:
            text.n = little(p + 1, 8)
        elif r.width > 1:
            text.data = p + 1
            text.n = r.width - 1
        else:
            text.n = 0
            while text.data[text.n] != 10:
                text.n += 1
        return text

    cdef Py_ssize_t size_of(self, uint32_t row) noexcept:
        """Of a leaf's opcode with its argument, as it lies in its source."""
        cdef Row* r = &self.rows[row]
        cdef const unsigned char* p
        cdef const unsigned char* start
        cdef int lines = 2 if r.op == OP_GLOBAL or r.op == OP_INST else 1
        if r.op == OP_GLOBAL or r.op == OP_INST or is_line_leaf(r.op):
            start = p = self.bytes_at(r.at)
            while lines:
                lines -= p[0] == 10
                p += 1
            return p - start
        if r.width <= 1:
            return 1
        if r.kind == STR or STRING <= r.kind <= BYTEARRAY or r.op == OP_LONG1 or r.op == OP_LONG4:
            return r.width + self.argument(row).n
        return r.width

    cdef object leaf(self, uint32_t row):
        """The value of a node of kind NONE to STR, or an EXTENSION's number; CorruptError where a line is none."""
        cdef Row* r = &self.rows[row]
        cdef Text text
        cdef int op = r.op
        if op == OP_NONE:
            return None
        if op == OP_NEWTRUE or op == OP_NEWFALSE:
            return op == OP_NEWTRUE
        text = self.argument(row)
        if r.kind == STR and op != OP_UNICODE:
            return PyUnicode_DecodeUTF8(<const char*>text.data, text.n, b"surrogatepass")
        if op == OP_BININT1 or op == OP_BININT2 or r.kind == EXTENSION:
            return little(text.data, text.n)
        if op == OP_BININT:
            return <int32_t>little(text.data, 4)
        if op == OP_LONG1 or op == OP_LONG4:
            return _PyLong_FromByteArray(text.data, text.n, 1, 1)
        if op == OP_BINFLOAT:
            return PyFloat_FromDouble(double_of(text.data))
        line = text.data[:text.n]
        try:
            if op == OP_UNICODE:
                return raw_unicode_escape_decode(line)[0]
            if op == OP_INT:
                return line == b"01" if r.kind == BOOL else int(line)
            if op == OP_LONG:
                return int(line[:-1] if line.endswith(b"L") else line)
            if op == OP_FLOAT:
                return float(line)
            if op == OP_PERSID:
                return line.decode("ascii")
            if op == OP_STRING:
                if len(line) < 2 or line[0] != line[len(line) - 1] or line[0] not in b"'\"":
                    raise ValueError("the STRING opcode argument must be quoted")
                return escape_decode(line[1:-1])[0]
        except (ValueError, UnicodeDecodeError) as error:
            raise CorruptError(str(error)[:200]) from None
        raise TypeError(f"a {kind_names[r.kind]} has no value of its own")

    cdef object view(self, uint32_t row):
        """The bytes of a STRING, BYTES or BYTEARRAY, as they lie in their source."""
        cdef Row* r = &self.rows[row]
        cdef Text text
        cdef uint64_t at = r.at + r.width
        if r.op == OP_STRING:
            return memoryview(self.leaf(row))
        text = self.argument(row)
        if not self.sources:
            return memoryview(text.data[:text.n])
        for begin, flat in reversed(self.sources):
            if r.at >= <uint64_t>begin:
                return flat[at - <uint64_t>begin:at - <uint64_t>begin + text.n]

    cdef object name(self, uint32_t row):
        """(module, qualified name) of a NAME, as Python 3 knows it; CorruptError where it is no text."""
        cdef Row* r = &self.rows[row]
        cdef Text module, name
        if r.op == OP_STACK_GLOBAL:
            return (self.leaf(found(self, self.children[self.parts[r.first].start])),
                    self.leaf(found(self, self.children[self.parts[r.first].start + 1])))
        module.data = self.bytes_at(r.at) + 1
        module.n = 0
        while module.data[module.n] != 10:
            module.n += 1
        name.data = module.data + module.n + 1
        name.n = 0
        while name.data[name.n] != 10:
            name.n += 1
        try:
            pair = (module.data[:module.n].decode(), name.data[:name.n].decode())
        except UnicodeDecodeError:
            raise CorruptError("a name that is no text") from None
        if self.protocol >= 3:
            return pair
        if pair in NAME_MAPPING:
            return NAME_MAPPING[pair]
        return IMPORT_MAPPING.get(pair[0], pair[0]), pair[1]


cdef inline uint64_t little(const unsigned char* p, Py_ssize_t n) noexcept:
    cdef uint64_t value = 0
    while n > 0:
        n -= 1
        value = value << 8 | p[n]
    return value


cdef double double_of(const unsigned char* p) noexcept:
    """Of eight bytes, the highest first."""
    cdef uint64_t bits = 0
    cdef double value
    cdef int i
    for i in range(8):
        bits = bits << 8 | p[i]
    memcpy(&value, &bits, 8)
    return value
