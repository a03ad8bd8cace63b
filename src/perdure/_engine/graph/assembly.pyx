"""A graph from its leaves up, for what reads nodes out of a text: no stream is there yet, `dumps` writes it.

Leaves are put on the tape as opcodes of protocol 5. A node that holds others is begun before they are known and filled
afterwards, so that they can lead back to it. Nodes are numbers here.
"""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy
from cpython.mem cimport PyMem_Free, PyMem_Malloc

from perdure._engine.graph.nodes cimport Graph
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *

from perdure.errors import CorruptError

cdef dict begun = {
    "list": (LIST, OP_EMPTY_LIST), "dict": (DICT, OP_EMPTY_DICT), "set": (SET, OP_EMPTY_SET),
    "tuple": (TUPLE, OP_EMPTY_TUPLE), "frozenset": (FROZENSET, OP_FROZENSET), "object": (OBJECT, OP_REDUCE),
    "persistent": (PERSISTENT, OP_BINPERSID),
}
cdef dict making = {
    "call": OP_REDUCE, "new": OP_NEWOBJ, "new_ex": OP_NEWOBJ_EX, "obj": OP_OBJ, "id": OP_BINPERSID,
}
cdef dict filling = {
    "items": OP_APPENDS, "pairs": OP_SETITEMS, "adds": OP_ADDITEMS, "state": OP_BUILD, "call": OP_POP,
}


cdef class Builder:
    """Makes nodes; `finish` makes a Graph of them."""

    def __cinit__(self):
        self.tape = Tape()
        self.tape.protocol = 5
        self.texts = {}
        self.names = {}

    # -- leaves

    cpdef uint32_t none(self) except 0:
        return self.tape.put_leaf(NONE, OP_NONE, 1, NULL, 0)

    cpdef uint32_t boolean(self, bint value) except 0:
        return self.tape.put_leaf(BOOL, OP_NEWTRUE if value else OP_NEWFALSE, 1, NULL, 0)

    cpdef uint32_t integer(self, value) except 0:
        cdef unsigned char data[4]
        cdef long long small
        cdef int i, width
        cdef bytes long_one
        if -0x80000000 <= value <= 0x7FFFFFFF:
            small = value
            width = 1 if 0 <= small < 256 else 2 if 0 <= small < 65536 else 4
            for i in range(4):
                data[i] = <unsigned char>(small >> (8 * i))
            return self.tape.put_leaf(INT, OP_BININT1 if width == 1 else OP_BININT2 if width == 2 else OP_BININT, 1,
                                      data, width)
        n = (value if value >= 0 else ~value).bit_length() // 8 + 1
        long_one = value.to_bytes(n, "little", signed=True)
        return self.put_counted(INT, OP_LONG1, OP_LONG4, 0, long_one, n)

    cpdef uint32_t real(self, double value) except 0:
        cdef uint64_t bits
        cdef unsigned char data[8]
        cdef int i
        memcpy(&bits, &value, 8)
        for i in range(8):
            data[i] = <unsigned char>(bits >> (56 - 8 * i))
        return self.tape.put_leaf(FLOAT, OP_BINFLOAT, 1, data, 8)

    cdef uint32_t put_counted(self, int kind, int short_op, int op, int long_op, const unsigned char* data,
                              Py_ssize_t n) except 0:
        """In the shortest form that holds n bytes; 0 for a form that the opcode has not."""
        if short_op and n < 256:
            return self.tape.put_leaf(kind, short_op, 2, data, n)
        if op and n <= 0x7FFFFFFF:
            return self.tape.put_leaf(kind, op, 5, data, n)
        if not long_op:
            raise OverflowError("longer than the format of pickles allows")
        return self.tape.put_leaf(kind, long_op, 9, data, n)

    cdef uint32_t text_of(self, const unsigned char* data, Py_ssize_t n) except 0:
        """Of UTF-8, which the caller vouches for."""
        return self.put_counted(STR, OP_SHORT_BINUNICODE, OP_BINUNICODE, OP_BINUNICODE8, data, n)

    cpdef uint32_t text(self, str value) except 0:
        cdef bytes data = value.encode("utf-8", "surrogatepass")
        return self.text_of(data, len(data))

    cpdef uint32_t key(self, str value) except 0:
        """As `text`, but one node for all that are equal."""
        row = self.texts.get(value)
        if row is None:
            row = self.texts[value] = self.text(value)
        return row

    cpdef uint32_t string(self, data) except 0:
        """Of a Python 2 str's bytes."""
        cdef bytes flat = bytes(data)
        return self.put_counted(STRING, OP_SHORT_BINSTRING, OP_BINSTRING, 0, flat, len(flat))

    cpdef uint32_t octets(self, data) except 0:
        """Bytes, of any object that has them."""
        cdef const unsigned char[::1] view = memoryview(data).cast("B")
        return self.put_counted(BYTES, OP_SHORT_BINBYTES, OP_BINBYTES, OP_BINBYTES8,
                                &view[0] if len(view) else NULL, len(view))

    cpdef uint32_t octet_array(self, data) except 0:
        """A bytearray."""
        cdef const unsigned char[::1] view = memoryview(data).cast("B")
        return self.put_counted(BYTEARRAY, 0, 0, OP_BYTEARRAY8, &view[0] if len(view) else NULL, len(view))

    cpdef uint32_t buffer(self, bint readonly) except 0:
        """One that whoever loads the stream hands over."""
        cdef uint32_t row = self.tape.put_leaf(BUFFER, OP_NEXT_BUFFER, 1, NULL, 0)
        if readonly:
            self.tape.rows[row].flags |= READONLY
        return row

    cpdef uint32_t extension(self, long code) except 0:
        cdef unsigned char data[4]
        cdef int i
        if not 0 < code <= 0x7FFFFFFF:
            raise ValueError("an extension's number is from 1 to 2,147,483,647")
        for i in range(4):
            data[i] = <unsigned char>(code >> (8 * i))
        return self.tape.put_leaf(EXTENSION, OP_EXT1 if code < 256 else OP_EXT2 if code < 65536 else OP_EXT4, 1, data,
                                  1 if code < 256 else 2 if code < 65536 else 4)

    cpdef uint32_t name(self, str module, str qualname) except 0:
        """One node for all uses of a name."""
        cdef uint32_t parts[2]
        cdef uint32_t row
        known = self.names.get((module, qualname))
        if known is not None:
            return known
        parts[0] = self.key(module)
        parts[1] = self.key(qualname)
        row = self.tape.add_row(NAME, OP_STACK_GLOBAL, 0, 1)
        self.tape.add_part(row, OP_STACK_GLOBAL, parts, 2)
        self.names[module, qualname] = row
        return row

    # -- what has parts

    cpdef uint32_t begin(self, str kind) except 0:
        """A list, dict or set that is empty yet; a tuple, frozenset, object or persistent that `made_of` makes."""
        form, op = begun[kind]
        return self.tape.put_leaf(form, op, 1, NULL, 0)

    cpdef int made_of(self, uint32_t row, str how, nodes) except -1:
        """A tuple or frozenset of nodes (``how`` is "items"); an object by "call" of a callable and a tuple, "new" of
        a class and a tuple, "new_ex" with a dict besides, "obj" of a class and arguments; a persistent by its "id"."""
        if how in making:
            self.tape.rows[row].op = making[how]
        return self.fill_from(row, 0, nodes)

    cpdef int fill(self, uint32_t row, str what, nodes) except -1:
        """"items" that are appended; "pairs", keys and values by turns; "adds" to a set; a "state"; a "call" whose
        result nobody gets."""
        return self.fill_from(row, filling[what], nodes)

    cdef int fill_from(self, uint32_t row, int op, nodes) except -1:
        cdef Py_ssize_t i, n = len(nodes)
        cdef uint32_t* items = <uint32_t*>PyMem_Malloc((n + 1) * sizeof(uint32_t))
        if items == NULL:
            raise MemoryError
        try:
            for i in range(n):
                items[i] = nodes[i]
                if not 0 < items[i] < self.tape.row_count:
                    raise ValueError("no node of this graph")
            return self.fill_with(row, op, items, n) if op else self.close(row, items, n)
        finally:
            PyMem_Free(items)

    cdef int fill_with(self, uint32_t row, int op, const uint32_t* nodes, Py_ssize_t count) except -1:
        cdef int kind = self.tape.rows[row].kind
        if kind < NAME and op != OP_POP and kind != (LIST if op == OP_APPENDS else DICT if op == OP_SETITEMS
                                                     else SET if op == OP_ADDITEMS else NAME):
            raise CorruptError(f"{kind_names[kind]} is not filled like this")  # as in a stream
        if op == OP_POP:
            self.expect_calls(nodes, count)
        if count:
            self.tape.add_part(row, op, nodes, count)
        return 0

    cdef int begin_with(self, const uint32_t* nodes, Py_ssize_t count) except -1:
        """Calls that are made for their effect before there is anything else."""
        cdef Py_ssize_t i
        self.expect_calls(nodes, count)
        for i in range(count):
            self.tape.dropped.append(nodes[i])
            self.tape.rows[nodes[i]].uses += 1
        return 0

    cdef int expect_calls(self, const uint32_t* nodes, Py_ssize_t count) except -1:
        cdef Py_ssize_t i
        for i in range(count):
            if self.tape.rows[nodes[i]].kind != OBJECT:
                raise CorruptError("what is called for its effect is no call")
        return 0

    cdef int close(self, uint32_t row, const uint32_t* nodes, Py_ssize_t count) except -1:
        cdef Row* r = &self.tape.rows[row]
        if r.kind == TUPLE:
            r.op = <unsigned char>(OP_TUPLE if count > 3 else OP_TUPLE1 + count - 1 if count else OP_EMPTY_TUPLE)
        if count:
            self.tape.add_part(row, r.op, nodes, count)
        return 0

    def finish(self, uint32_t root):
        """The graph, of which one node is the root."""
        cdef Graph graph = Graph.__new__(Graph)
        graph.tape = self.tape
        self.tape.root = root
        self.tape.rows[root].uses += 1
        return graph
