"""What both texts do with a form (formats/forms.py): nodes as the values that a form is made of, and back."""

from libc.stdint cimport uint32_t

from perdure._engine.graph.assembly cimport Builder
from perdure._engine.graph.nodes cimport Node, node
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *


cdef object value_of(Tape tape, uint32_t row, int depth):
    """A node as a form sees it: a leaf's value; a tuple or a dict, so many deep, that nobody else holds; or a Node."""
    cdef Row* r
    cdef Part* p
    cdef uint32_t start, i
    row = found(tape, row)
    r = &tape.rows[row]
    if r.kind <= STR and not r.first:
        return tape.leaf(row)
    if r.uses <= 1:
        if r.kind == BYTES and not r.first:
            return bytes(tape.view(row))
        if r.kind == BYTEARRAY and not r.first:
            return tape.view(row)
        if depth and (r.kind == TUPLE or r.kind == DICT):
            if not r.first:
                return () if r.kind == TUPLE else {}
            p = &tape.parts[r.first]
            if not p.next and p.op != OP_POP:
                start = p.start
                values = [value_of(tape, tape.children[start + i], depth - 1) for i in range(p.count)]
                if r.kind == TUPLE:
                    return tuple(values)
                if all([type(key) is str for key in values[::2]]):
                    return dict(zip(values[::2], values[1::2], strict=True))
    return node(tape, row)


cdef int construct(Builder builder, uint32_t row, made) except -1:
    """A row that was begun as an object, as a form says: how ("call" or "new"), callee, arguments, state or None."""
    how, callee, args, state = made
    builder.made_of(row, how, [named(builder, callee) if isinstance(callee, str) else row_for(builder, callee),
                               row_for(builder, args)])
    if state is not None:
        builder.fill(row, "state", [row_for(builder, state)])
    return 0


cdef uint32_t row_for(Builder builder, value) except 0:
    """The node of what a form gives."""
    cdef uint32_t row
    if type(value) is Node:
        return (<Node>value).row
    if value is None:
        return builder.none()
    if type(value) is bool:
        return builder.boolean(value)
    if type(value) is int:
        return builder.integer(value)
    if type(value) is float:
        return builder.real(value)
    if type(value) is str:
        return builder.key(value)
    if isinstance(value, str):  # of a type of its own, forms.Name
        return named(builder, value)
    if type(value) is bytes:
        return builder.octets(value)
    if type(value) is bytearray:
        return builder.octet_array(value)
    if type(value) is tuple:
        row = builder.begin("tuple")
        builder.made_of(row, "items", [row_for(builder, each) for each in value])
        return row
    if type(value) is dict:
        row = builder.begin("dict")
        builder.fill(row, "pairs", [row_for(builder, each) for pair in value.items() for each in pair])
        return row
    if type(value) is list:  # an object in an object
        row = builder.begin("object")
        construct(builder, row, value)
        return row
    raise TypeError(f"a form gives no {type(value).__name__}")


cdef uint32_t named(Builder builder, text) except 0:
    module, _, name = text.partition(":")
    return builder.name(str(module), str(name))
