"""What Python sees of a tape: a Graph, and Nodes, which are places in it.

A Node is made when it is asked for; two of the same place are equal. What it says is read from the tape each time, so
that an edit shows everywhere at once.
"""

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint8_t, uint32_t, uint64_t

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
        cdef uint32_t row = read(self.tape, begin, len(stream))
        self.tape.end = end
        return node(self.tape, row)


cdef bint is_made(Tape tape, Row* r) noexcept:
    """Whether it is known what makes an object: of one that a text has begun it is not, up to its end."""
    return r.first != 0 and tape.parts[r.first].op == r.op


cdef Node node(Tape tape, uint32_t row):
    cdef Node made = Node.__new__(Node)
    made.tape = tape
    made.row = found(tape, row)
    return made


cdef class Node:
    """A place in a graph. ``kind`` says which of the properties it has."""

    def __init__(self, *args, **kwargs):
        raise TypeError("nodes are of a graph: graph.root, graph.add(stream)")

    cdef Row* here(self) noexcept:
        """The node's row, which an edit may have put another one in the place of."""
        self.row = found(self.tape, self.row)
        return &self.tape.rows[self.row]

    def __eq__(self, other):
        if type(other) is not Node or (<Node>other).tape is not self.tape:
            return False
        return (<Node>other).here() == self.here()

    def __hash__(self):
        self.here()
        return hash(self.row)

    def __repr__(self):
        kind = self.kind
        if self.name is not None:
            return f"<{kind} {self.name}>"
        if self.here().kind == INT and self.tape.size_of(self.row) > 1000:
            return f"<{kind} of {self.value.bit_length()} bits>"  # Python refuses to write down the longest
        if self.here().kind <= STR:
            return f"<{kind} {self.value!r:.60}>"
        return f"<{kind} of {len(self)}>" if LIST <= self.here().kind <= FROZENSET else f"<{kind}>"

    @property
    def kind(self):
        """One of KINDS."""
        return kind_names[self.here().kind]

    @property
    def index(self):
        """The node's number in its graph, from 1."""
        self.here()
        return self.row

    @property
    def uses(self):
        """How often it is part of another node, or the root."""
        return self.here().uses

    @property
    def offset(self):
        """Where in the stream the opcode lies that makes it."""
        return self.here().at

    @property
    def value(self):
        """Of a none, bool, int, float or str: that. Of a string, bytes or bytearray: a memoryview of the stream. Of an
        extension: its number; of a buffer: whether it is read-only. Of a persistent: its id, a node or a str."""
        cdef Row* r = self.here()
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
        cdef uint32_t part = self.here().first
        cdef Py_ssize_t n = 0
        cdef bint pairs = self.here().kind == DICT
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
        cdef Row* r = self.here()
        cdef uint32_t part = r.first
        cdef list nodes = []
        while part:
            op = self.tape.parts[part].op
            if filling.get(op) == what or (op == r.op and r.kind != OBJECT):
                nodes += self.nodes_of(part)
            part = self.tape.parts[part].next
        return nodes

    @property
    def parts(self):
        """All nodes that this one is made of and filled with, in the order of the stream."""
        cdef uint32_t part = self.here().first
        cdef list nodes = []
        while part:
            nodes += self.nodes_of(part)
            part = self.tape.parts[part].next
        return nodes

    @property
    def items(self):
        """The nodes in a list, tuple, set or frozenset; those that are appended to an object."""
        return self.all_of("adds" if self.here().kind == SET else "items")

    @property
    def pairs(self):
        """The (key, value) nodes of a dict; those that are set in an object."""
        nodes = self.all_of("pairs")
        return list(zip(nodes[::2], nodes[1::2], strict=True))

    @property
    def steps(self):
        """What is done to a node once it is made, in order: pairs of what ("items", "pairs", "adds", "state", "call")
        and its nodes; a "call" is made for its effect, after which nobody has its result."""
        cdef uint32_t part = self.here().first
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
        return making.get(self.here().op) if self.here().kind == OBJECT else None

    cdef list made_of(self):
        cdef Row* r = self.here()
        if r.kind != OBJECT or not is_made(self.tape, r):
            raise AttributeError(f"a {self.kind} is not made by a call")
        return self.nodes_of(r.first)

    @property
    def callee(self):
        """The node of what is called to make an object, or whose __new__ is."""
        return self.made_of()[0]

    @property
    def arguments(self):
        """The node of the arguments: a tuple, in sound streams. None of an object made as in Python 2."""
        return self.made_of()[1] if self.here().op not in (OP_INST, OP_OBJ) else None

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
        cdef uint32_t part = self.here().first
        state = None
        while part:
            if self.tape.parts[part].op == OP_BUILD:
                state = self.nodes_of(part)[0]
            part = self.tape.parts[part].next
        return state

    @property
    def name(self):
        """``module:qualname`` of a name, or of the class or function that makes an object, as far as it has one."""
        cdef Row* r = self.here()
        if r.kind == NAME:
            return ":".join(self.tape.name(self.row))
        if r.kind != OBJECT or not is_made(self.tape, r):
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

    # -- edits

    def replace(self, Node other not None):
        """Puts another node of the same graph in this one's place, wherever that is; this Node is that one then."""
        self.of_this(other)
        if self.here() == other.here():
            return
        other.here().uses += self.here().uses
        self.here().kind = FORWARD
        self.tape.rows[self.row].first = other.row

    def fill(self, str what, nodes):
        """Makes ``nodes`` all that a node has of a kind of step: its "items" (those of a tuple or frozenset too),
        "pairs" (of nodes), "adds" or "state" (one node, or none)."""
        cdef Row* r = self.here()
        cdef uint32_t part = r.first, kept
        cdef int op
        cdef list parts = [], rows
        if what == "pairs":
            nodes = [each for pair in nodes for each in pair]
        rows = [self.of_this(each) for each in nodes]
        op = self.step_for(what, len(rows))
        while part:  # what is not replaced
            if filling.get(self.tape.parts[part].op) == what or (r.kind < NAME and self.tape.parts[part].op == r.op):
                self.release(part)
            else:
                parts.append(part)
            part = self.tape.parts[part].next
        made = r.kind == TUPLE or r.kind == FROZENSET or r.op == OP_LIST or r.op == OP_DICT
        if made:
            r.op = <uint8_t>op
        if rows:
            new = self.put_part(op, rows)
            at = 0 if made else self.place_of(what, parts)
            parts.insert(at, new)
        kept = 0
        for part in reversed(parts):
            self.tape.parts[part].next = kept
            kept = part
        r = self.here()
        r.first = kept
        r.last = parts[len(parts) - 1] if parts else 0

    cdef uint32_t of_this(self, Node other) except 0:
        if other.tape is not self.tape:
            raise ValueError("a node of another graph: its stream can be added to this one")
        other.here()
        return other.row

    cdef int step_for(self, str what, Py_ssize_t n) except -1:
        """The opcode of a step that this kind of node has."""
        cdef Row* r = self.here()
        cdef bint any_step = r.kind >= NAME
        if what == "items" and r.kind == TUPLE:
            return OP_TUPLE1 + n - 1 if 1 <= n <= 3 and self.tape.protocol >= 2 else OP_TUPLE
        if what == "items" and r.kind == FROZENSET:
            return OP_FROZENSET
        if what == "items" and (r.kind == LIST or any_step):
            return OP_LIST if r.op == OP_LIST else OP_APPENDS
        if what == "pairs" and (r.kind == DICT or any_step) and n % 2 == 0:
            return OP_DICT if r.op == OP_DICT else OP_SETITEMS
        if what == "adds" and (r.kind == SET or any_step):
            return OP_ADDITEMS
        if what == "state" and any_step and n < 2:
            return OP_BUILD
        raise ValueError(f"a {self.kind} has no such {what}")

    cdef int release(self, uint32_t part) except -1:
        cdef uint32_t i
        for i in range(self.tape.parts[part].count):
            self.tape.rows[found(self.tape, self.tape.children[self.tape.parts[part].start + i])].uses -= 1
        return 0

    cdef uint32_t put_part(self, int op, list rows) except 0:
        cdef Py_ssize_t i, n = len(rows)
        cdef uint32_t* items = <uint32_t*>PyMem_Malloc(n * sizeof(uint32_t))
        if items == NULL:
            raise MemoryError
        try:
            for i in range(n):
                items[i] = rows[i]
            return self.tape.add_part(0, op, items, n)
        finally:
            PyMem_Free(items)

    cdef Py_ssize_t place_of(self, str what, list parts) except -1:
        """Among the parts that stay: what makes the node comes first, its state last."""
        cdef Py_ssize_t i
        order = ("items", "pairs", "adds", "state")
        for i in range(len(parts)):
            step = filling.get(self.tape.parts[<uint32_t>parts[i]].op)
            if step in order and order.index(step) > order.index(what):
                return i
        return len(parts)
