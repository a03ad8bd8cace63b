"""What Python sees of a tape: a Graph, and Nodes, which are places in it.

A Node is made when it is asked for; two of the same place are equal. What it says is read from the tape each time, so
that an edit shows everywhere at once.
"""

from libc.stdint cimport uint32_t, uint64_t

from perdure._engine.graph.reading cimport read
from perdure._engine.graph.tape cimport *
from perdure._engine.graph.writing cimport write
from perdure._engine.opcodes cimport *

KINDS = kind_names[1:]

cdef dict making = {OP_REDUCE: "call", OP_NEWOBJ: "new", OP_NEWOBJ_EX: "new_ex", OP_INST: "inst", OP_OBJ: "obj"}
cdef dict filling = {
    OP_APPEND: "items", OP_APPENDS: "items", OP_SETITEM: "pairs", OP_SETITEMS: "pairs", OP_ADDITEMS: "adds",
    OP_BUILD: "state", OP_POP: "call",
}


cdef class Graph:
    """The nodes of one stream. ``data``: an object of contiguous bytes, which the graph goes on using."""

    def __init__(self, data, Py_ssize_t begin=0):
        self.tape = Tape(data)
        self.tape.root = read(self.tape, begin, self.tape.size - begin)
        self.tape.rows[self.tape.root].uses += 1

    @property
    def root(self):
        """The node of the stream's object."""
        return node(self.tape, self.tape.root)

    @property
    def protocol(self):
        """Of the stream: 0 where it does not say."""
        return self.tape.protocol

    @property
    def end(self):
        """How many bytes the stream is long."""
        return self.tape.end

    def __len__(self):
        """How many nodes there are."""
        return self.tape.row_count - 1

    def __iter__(self):
        """All nodes, in the order in which the stream makes them; those too that it drops again."""
        cdef Py_ssize_t row
        for row in range(1, self.tape.row_count):
            if self.tape.rows[row].kind != FORWARD:
                yield node(self.tape, <uint32_t>row)

    def dumps(self):
        """The stream: the one that was read, byte for byte, if a pickler wrote it and nothing was edited since."""
        return write(self.tape)

    def add(self, stream):
        """The node of another stream, whose nodes become this graph's."""
        cdef uint64_t begin = self.tape.add_source(stream)
        cdef Py_ssize_t end = self.tape.end
        cdef int protocol = self.tape.protocol
        cdef uint32_t row = read(self.tape, begin, len(stream))
        self.tape.end = end
        self.tape.protocol = protocol
        return node(self.tape, row)


cdef Node node(Tape tape, uint32_t row):
    cdef Node made = Node.__new__(Node)
    made.tape = tape
    made.row = found(tape, row)
    return made


cdef class Node:
    """A place in a graph. ``kind`` says which of the properties it has."""

    def __init__(self, *args, **kwargs):
        raise TypeError("nodes are of a graph: graph.root, graph.add(stream)")

    def __eq__(self, other):
        return type(other) is Node and (<Node>other).tape is self.tape and (<Node>other).row == self.row

    def __hash__(self):
        return hash(self.row)

    def __repr__(self):
        kind = self.kind
        if NAME <= self.tape.rows[self.row].kind:
            return f"<{kind} {self.name or ''}>".replace(" >", ">")
        if self.tape.rows[self.row].kind <= STR:
            return f"<{kind} {self.value!r:.60}>"
        return f"<{kind}>" if self.tape.rows[self.row].kind < LIST else f"<{kind} of {len(self)}>"

    @property
    def kind(self):
        """One of KINDS."""
        return kind_names[self.tape.rows[self.row].kind]

    @property
    def index(self):
        """The node's number in its graph, from 1."""
        return self.row

    @property
    def uses(self):
        """How often it is part of another node, or the root."""
        return self.tape.rows[self.row].uses

    @property
    def offset(self):
        """Where in the stream the opcode lies that makes it."""
        return self.tape.rows[self.row].at

    @property
    def value(self):
        """Of a none, bool, int, float or str: that. Of a string, bytes or bytearray: a memoryview of the stream. Of an
        extension: its number; of a buffer: whether it is read-only. Of a persistent: its id, a node or a str."""
        cdef Row* r = &self.tape.rows[self.row]
        if r.kind <= STR or r.kind == EXTENSION:
            return self.tape.leaf(self.row)
        if STRING <= r.kind <= BYTEARRAY:
            return self.tape.view(self.row)
        if r.kind == BUFFER:
            return bool(r.flags & READONLY)
        if r.kind == PERSISTENT:
            if r.op == OP_PERSID:
                return self.tape.leaf(self.row)
            return node(self.tape, self.tape.children[self.tape.parts[r.first].start])
        raise AttributeError(f"a {self.kind} has parts, no value")

    def __len__(self):
        cdef uint32_t part = self.tape.rows[self.row].first
        cdef Py_ssize_t n = 0
        cdef bint pairs = self.tape.rows[self.row].kind == DICT
        while part:
            if self.tape.parts[part].op != OP_POP:
                n += self.tape.parts[part].count
            part = self.tape.parts[part].next
        return n // 2 if pairs else n

    # -- parts

    cdef list nodes_of(self, uint32_t part):
        cdef Part* p = &self.tape.parts[part]
        cdef uint32_t i
        return [node(self.tape, self.tape.children[p.start + i]) for i in range(p.count)]

    cdef list all_of(self, str what):
        """The nodes of all parts of a kind."""
        cdef Row* r = &self.tape.rows[self.row]
        cdef uint32_t part = r.first
        cdef list nodes = []
        while part:
            op = self.tape.parts[part].op
            if filling.get(op) == what or (op == r.op and r.kind != OBJECT):
                nodes += self.nodes_of(part)
            part = self.tape.parts[part].next
        return nodes

    @property
    def items(self):
        """The nodes in a list, tuple, set or frozenset; those that are appended to an object."""
        return self.all_of("adds" if self.tape.rows[self.row].kind == SET else "items")

    @property
    def pairs(self):
        """The (key, value) nodes of a dict; those that are set in an object."""
        nodes = self.all_of("pairs")
        return list(zip(nodes[::2], nodes[1::2], strict=True))

    @property
    def steps(self):
        """What is done to a node once it is made, in order: pairs of what ("items", "pairs", "adds", "state", "call")
        and its nodes; a "call" is made for its effect, after which nobody has its result."""
        cdef uint32_t part = self.tape.rows[self.row].first
        steps = []
        while part:
            what = filling.get(self.tape.parts[part].op)
            if what is not None:
                nodes = self.nodes_of(part)
                if what == "pairs":
                    nodes = list(zip(nodes[::2], nodes[1::2], strict=True))
                steps.append((what, nodes))
            part = self.tape.parts[part].next
        return steps

    @property
    def how(self):
        """How an object is made: "call", "new", "new_ex", or as in Python 2 "inst", "obj"; of others None."""
        return making.get(self.tape.rows[self.row].op) if self.tape.rows[self.row].kind == OBJECT else None

    cdef list made_of(self):
        cdef Row* r = &self.tape.rows[self.row]
        if r.kind != OBJECT:
            raise AttributeError(f"a {self.kind} is not made by a call")
        return self.nodes_of(r.first)

    @property
    def callee(self):
        """The node of what is called to make an object, or whose __new__ is."""
        return self.made_of()[0]

    @property
    def arguments(self):
        """The node of the arguments: a tuple, in sound streams. None of an object made as in Python 2."""
        return self.made_of()[1] if self.tape.rows[self.row].op not in (OP_INST, OP_OBJ) else None

    @property
    def args(self):
        """The nodes of the arguments."""
        made = self.made_of()
        return made[1].items if self.arguments is not None else made[1:]

    @property
    def kwargs(self):
        """The node of the keyword arguments, a dict; or None."""
        return self.made_of()[2] if self.how == "new_ex" else None

    @property
    def state(self):
        """The node that an object is given as its state, or None."""
        cdef uint32_t part = self.tape.rows[self.row].first
        state = None
        while part:
            if self.tape.parts[part].op == OP_BUILD:
                state = self.nodes_of(part)[0]
            part = self.tape.parts[part].next
        return state

    @property
    def name(self):
        """``module:qualname`` of a name, or of the class or function that makes an object, as far as it has one."""
        cdef Row* r = &self.tape.rows[self.row]
        if r.kind == NAME:
            return ":".join(self.tape.name(self.row))
        if r.kind != OBJECT:
            return None
        callee = self.callee
        if callee.kind != "name":
            return None
        name = callee.name
        if name in ("copyreg:_reconstructor", "copyreg:__newobj__", "copyreg:__newobj_ex__") and self.how == "call":
            args = self.args
            if args and args[0].kind == "name":
                return args[0].name
        return name
