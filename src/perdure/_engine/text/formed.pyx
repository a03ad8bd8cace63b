"""What both texts do with a form (formats/forms): nodes as the values that a form is made of, and back."""

from libc.stdint cimport uint8_t, uint32_t

from perdure._engine.graph.assembly cimport Builder
from perdure._engine.graph.nodes cimport Node, node
from perdure._engine.graph.stack cimport *
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *


cdef bint holds(Row* r, int op) noexcept:
    """Whether a part is what the container holds, as it is natively written."""
    if r.kind == LIST:
        return op == OP_APPEND or op == OP_APPENDS or op == OP_LIST
    if r.kind == DICT:
        return op == OP_SETITEM or op == OP_SETITEMS or op == OP_DICT
    return op == OP_ADDITEMS if r.kind == SET else op == r.op


cdef uint32_t first_step(Tape tape, uint32_t row) noexcept:
    """The part with which what the row's kind is made of or holds has ended; 0 where nothing else comes."""
    cdef Row* r = &tape.rows[row]
    cdef uint32_t part = r.first
    while part and holds(r, tape.parts[part].op):
        part = tape.parts[part].next
    return part


cdef object value_of(Tape tape, uint32_t row, int depth):
    """A node as a form sees it: a leaf's value; a tuple or a dict, so many deep, that nobody else holds; or a Node."""
    cdef Row* r
    cdef Part* p
    cdef Text text
    row = found(tape, row)
    r = &tape.rows[row]
    if r.kind <= STR and not r.first:
        return tape.leaf(row)
    if r.uses <= 1:
        if r.kind == BYTES and not r.first:
            text = tape.argument(row)
            return text.data[:text.n]
        if r.kind == BYTEARRAY and not r.first:
            return tape.view(row)
        if depth and (r.kind == TUPLE or r.kind == DICT):
            if not r.first:
                return () if r.kind == TUPLE else {}
            p = &tape.parts[r.first]
            if not p.next and holds(r, p.op):
                values = values_of(tape, p.start, p.count, depth - 1)
                if r.kind == TUPLE:
                    return tuple(values)
                if all([type(key) is str for key in values[::2]]):
                    return dict(zip(values[::2], values[1::2], strict=True))
    return node(tape, row)


cdef list values_of(Tape tape, uint32_t start, uint32_t count, int depth):
    cdef list values = []
    cdef uint32_t i
    for i in range(count):
        values.append(value_of(tape, tape.children[start + i], depth))
    return values


cdef class Maker:
    """Makes the nodes of what forms give."""

    def __cinit__(self, Builder builder):
        self.builder = builder
        self.callees = {}
        begin_stack(&self.nodes)

    def __dealloc__(self):
        end_stack(&self.nodes)

    cdef int construct(self, uint32_t row, made) except -1:
        """A row begun as an object, as a form says: how ("call" or "new"), callee, arguments, state or None."""
        cdef uint32_t parts[2]
        how, callee, args, state = made
        self.builder.tape.rows[row].op = <uint8_t>(OP_REDUCE if how == "call" else OP_NEWOBJ)
        parts[0] = self.callee(callee) if type(callee) is str else self.row_for(callee)
        parts[1] = self.row_for(args)
        self.builder.close(row, parts, 2)
        if state is not None:
            parts[0] = self.row_for(state)
            self.builder.fill_with(row, OP_BUILD, parts, 1)
        return 0

    cdef uint32_t callee(self, name) except 0:
        row = self.callees.get(name)
        if row is None:
            module, _, qualname = name.partition(":")
            row = self.callees[name] = self.builder.name(module, qualname)
        return row

    cdef uint32_t row_for(self, value) except 0:
        """The node of what a form gives."""
        cdef uint32_t row
        if type(value) is tuple:
            return self.tuple_of(value)
        if type(value) is bytes:
            return self.builder.put_counted(BYTES, OP_SHORT_BINBYTES, OP_BINBYTES, OP_BINBYTES8, <bytes>value,
                                            len(<bytes>value))
        if type(value) is str:
            return self.builder.text(value)
        if type(value) is int:
            return self.builder.integer(value)
        if value is None:
            return self.builder.none()
        if type(value) is Node:
            return (<Node>value).row
        if type(value) is bool:
            return self.builder.boolean(value)
        if type(value) is float:
            return self.builder.real(value)
        if type(value) is bytearray:
            return self.builder.octet_array(value)
        if type(value) is dict:
            return self.dict_of(value)
        if isinstance(value, str):  # of a type of its own, forms.fields.Name
            return self.callee(str(value))
        if type(value) is list:  # an object in an object
            row = self.builder.begin("object")
            self.construct(row, value)
            return row
        raise TypeError(f"a form gives no {type(value).__name__}")

    cdef uint32_t tuple_of(self, tuple values) except 0:
        cdef Py_ssize_t base = self.nodes.count
        cdef uint32_t row
        for each in values:
            push_row(&self.nodes, self.row_for(each))
        row = self.builder.tape.put_leaf(TUPLE, OP_EMPTY_TUPLE, 1, NULL, 0)
        self.builder.close(row, self.nodes.at + base, self.nodes.count - base)
        self.nodes.count = base
        return row

    cdef uint32_t dict_of(self, dict values) except 0:
        cdef Py_ssize_t base = self.nodes.count
        cdef uint32_t row
        for key, each in values.items():
            push_row(&self.nodes, self.builder.key(key))
            push_row(&self.nodes, self.row_for(each))
        row = self.builder.tape.put_leaf(DICT, OP_EMPTY_DICT, 1, NULL, 0)
        self.builder.fill_with(row, OP_SETITEMS, self.nodes.at + base, self.nodes.count - base)
        self.nodes.count = base
        return row
