"""From a graph to XML (docs/xml.md has the vocabulary): one walk over the tape, on a stack of its own.

- No text of the user's becomes an element's name.
- A node has an id where it is written, if more than one place leads to it; further places are a <ref>.
- What is open is a Step: what is left of a node's parts, and the tag that closes it.
"""

from binascii import b2a_base64

from cpython.bytes cimport PyBytes_AS_STRING
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint32_t
from libc.stdio cimport snprintf
from libc.string cimport memset

from perdure._engine.graph.nodes cimport Graph, Node
from perdure._engine.graph.stack cimport doubled
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.text.formed cimport first_step, holds, value_of
from perdure._engine.text.xml_output cimport *
from perdure._engine.text.xml_survey cimport *

cdef enum:
    DEEPEST = 60  # levels that are indented: a line is in proportion to what stands on it, however deep it is

# What a Step does next.
cdef enum:
    CHILDREN    # of a part, or of all parts from it on
    PAIRS
    ATTRIBUTES  # pairs that are a state
    STEPS       # the parts of an object
    WRAPPED     # a value in an element of its own
    VALUE
    ARGS        # children, once their element is open
    CLOSE

cdef struct Step:
    const char* tag  # which closes it; NULL: nothing does
    int what
    bint alone       # of its part, not of those that follow it
    uint32_t row     # whose parts these are, up to the first one that alters it; 0: any part is one
    uint32_t part
    uint32_t next

cdef const char* tags[32]


cdef void set_up():
    memset(tags, 0, sizeof(tags))
    tags[<int>LIST] = b"list"
    tags[<int>TUPLE] = b"tuple"
    tags[<int>SET] = b"set"
    tags[<int>FROZENSET] = b"frozenset"
    tags[<int>BYTES] = b"bytes"
    tags[<int>BYTEARRAY] = b"bytearray"
    tags[<int>STRING] = b"string"

set_up()


cdef class Writing(Survey):
    cdef Step* steps
    cdef Py_ssize_t depth, step_room
    cdef uint32_t* labels   # by row; 0: none yet
    cdef uint32_t label_count
    cdef bytes indent       # of one level; None: all on one line
    cdef Py_ssize_t level
    cdef bint inline        # what comes next stands on the line that is begun
    cdef dict forms         # by what is called
    cdef dict form_of       # rows of names: the form
    cdef dict tags          # those of forms, as bytes

    def __cinit__(self, Tape tape, bytes indent, dict forms):
        self.indent = indent
        self.forms = forms
        self.form_of = {}
        self.tags = {}
        self.step_room = 64
        self.steps = <Step*>PyMem_Malloc(self.step_room * sizeof(Step))
        self.labels = <uint32_t*>PyMem_Calloc(tape.row_count, sizeof(uint32_t))
        if self.steps == NULL or self.labels == NULL:
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self.steps)
        PyMem_Free(self.labels)

    # -- tags

    cdef int start(self, const char* tag, uint32_t row) except -1:
        """Of an element, up to its attributes; with the id of a row that has one."""
        cdef char text[32]
        if self.inline:
            self.inline = False
        else:
            self.line()
        self.byte(60)
        self.say(tag)
        if row and self.seen[row] & AGAIN_SEEN:
            self.label_count += 1
            self.labels[row] = self.label_count
            snprintf(text, 32, b' id="%u"', self.label_count)
            self.say(text)
        return 0

    cdef int line(self) except -1:
        if self.indent is not None:
            self.byte(10)
            for _ in range(min(self.level, DEEPEST)):
                self.put_bytes(self.indent)
        return 0

    cdef int close(self, const char* tag) except -1:
        self.say(b"</")
        self.say(tag)
        self.byte(62)
        return 0

    cdef int block(self, const char* tag, int what, uint32_t row, uint32_t part, uint32_t next, bint alone) except -1:
        """An element is open, and what comes into it stands on lines of its own."""
        self.byte(62)
        self.level += 1
        return self.push(tag, what, row, part, next, alone)

    cdef int wrap(self, const char* tag, uint32_t row) except -1:
        """An element with one value, on the same line."""
        self.byte(62)
        self.push(tag, CLOSE, 0, 0, 0, False)
        self.inline = True
        return self.enter(row)

    cdef int push(self, const char* tag, int what, uint32_t row, uint32_t part, uint32_t next, bint alone) except -1:
        cdef Step* s
        if self.depth == self.step_room:
            self.steps = <Step*>doubled(self.steps, &self.step_room, sizeof(Step))
        s = &self.steps[self.depth]
        s.tag = tag
        s.what = what
        s.row = row
        s.part = part
        s.next = next
        s.alone = alone
        self.depth += 1
        return 0

    # -- the walk

    cdef bytes document(self):
        self.look(self.tape.root)
        for row in self.tape.dropped:
            self.look(row)
        self.say(b'<perdure xmlns="urn:perdure:graph:1">')
        self.level = 1
        for row in self.tape.dropped:
            self.start(b"effect", 0)
            self.wrap(b"effect", row)
            self.walk()
        self.enter(self.tape.root)
        self.walk()
        self.level = 0
        self.line()
        self.close(b"perdure")
        return self.out.base[:self.out.n]

    cdef int walk(self) except -1:
        """Writes what is left of the open elements."""
        cdef Step* s
        while self.depth:
            s = &self.steps[self.depth - 1]
            if s.what == CHILDREN:
                self.child(s)
            elif s.what == PAIRS or s.what == ATTRIBUTES:
                self.pair(s)
            elif s.what == STEPS:
                self.step(s)
            else:
                self.depth -= 1
                if s.what == CLOSE:
                    self.close(s.tag)
                elif s.what == VALUE:
                    self.inline = True
                    self.enter(s.row)
                elif s.what == ARGS:
                    self.start(s.tag, 0)
                    self.block(s.tag, CHILDREN, s.row, s.part, s.next, s.alone)
                else:
                    self.start(s.tag, 0)
                    self.wrap(s.tag, s.row)
        return 0

    cdef int child(self, Step* s) except -1:
        cdef Part* p
        while s.part:
            p = &self.tape.parts[s.part]
            if s.row and not holds(&self.tape.rows[s.row], p.op):
                break
            if s.next < p.count:
                s.next += 1
                return self.enter(self.tape.children[p.start + s.next - 1])
            s.part = 0 if s.alone else p.next
            s.next = 0
        return self.end(s)

    cdef int pair(self, Step* s) except -1:
        cdef Part* p
        cdef uint32_t key, value
        cdef bint attributes = s.what == ATTRIBUTES
        while s.part:
            p = &self.tape.parts[s.part]
            if s.row and not holds(&self.tape.rows[s.row], p.op):
                break
            if s.next + 1 < p.count:
                key = found(self.tape, self.tape.children[p.start + s.next])
                value = self.tape.children[p.start + s.next + 1]
                s.next += 2
                self.start(b"attr" if attributes else b"entry", 0)
                if self.is_label(key):
                    self.attribute(b' name="' if attributes else b' key="', self.text_of(key))
                    return self.wrap(b"attr" if attributes else b"entry", value)
                self.say(b"><key")
                self.push(b"entry", CLOSE, 0, 0, 0, False)
                self.push(NULL, VALUE, value, 0, 0, False)
                return self.wrap(b"key", key)
            s.part = 0 if s.alone else p.next
            s.next = 0
        return self.end(s)

    cdef int step(self, Step* s) except -1:
        """The next part of an object, or of what is altered."""
        cdef Part* p
        cdef uint32_t part, value
        cdef bint attributes
        while s.part:
            part = s.part
            p = &self.tape.parts[part]
            s.part = p.next
            if p.count == 0:
                continue
            attributes, s.next = s.next, False
            if p.op == OP_APPEND or p.op == OP_APPENDS:
                self.start(b"items", 0)
                return self.block(b"items", CHILDREN, 0, part, 0, True)
            if p.op == OP_ADDITEMS:
                self.start(b"adds", 0)
                return self.block(b"adds", CHILDREN, 0, part, 0, True)
            if p.op == OP_SETITEM or p.op == OP_SETITEMS:
                self.start(b"pairs", 0)
                return self.block(b"pairs", PAIRS, 0, part, 0, True)
            value = found(self.tape, self.tape.children[p.start])
            if p.op == OP_BUILD:
                if not attributes and self.is_attributes(value):
                    s.next = True
                    return self.push(NULL, ATTRIBUTES, value, self.tape.rows[value].first, 0, False)
                self.start(b"state", 0)
                return self.wrap(b"state", value)
            self.start(b"effect", 0)
            return self.wrap(b"effect", value)
        return self.end(s)

    cdef int end(self, Step* s) except -1:
        self.depth -= 1
        if s.tag != NULL:
            self.level -= 1
            self.line()
            self.close(s.tag)
        return 0

    # -- nodes

    cdef int enter(self, uint32_t row) except -1:
        cdef char text[32]
        row = found(self.tape, row)
        if self.labels[row]:
            self.start(b"ref", 0)
            snprintf(text, 32, b' id="%u"/>', self.labels[row])
            return self.say(text)
        if self.seen[row] & ALTERED:
            self.seen[row] &= ~ALTERED  # a name, say, has no id: where it stands again it is not altered again
            self.start(b"altered", 0)
            self.block(b"altered", STEPS, row, first_step(self.tape, row), 0, False)
        return self.value(row)

    cdef int value(self, uint32_t row) except -1:
        cdef Row* r = &self.tape.rows[row]
        cdef int kind = r.kind
        cdef Text text
        if kind == OBJECT:
            return self.made(row)
        if kind == STR:
            text = self.text_of(row)
            self.start(b"str", 0)
            return self.content(b"str", text)
        if kind == NONE:
            self.start(b"none", 0)
        elif kind == BOOL:
            self.start(b"true" if self.tape.leaf(row) else b"false", 0)
        elif kind == INT:
            self.start(b"int>", 0)
            self.integer(row)
            return self.close(b"int")
        elif kind == FLOAT:
            self.start(b"float>", 0)
            self.real(self.tape.leaf(row))
            return self.close(b"float")
        elif STRING <= kind <= BYTEARRAY:
            self.start(tags[kind], row)
            held = b2a_base64(self.tape.view(row), newline=False)
            text.data = <const unsigned char*>PyBytes_AS_STRING(held)
            text.n = len(held)
            return self.content(tags[kind], text)
        elif kind == BUFFER:
            self.start(b"buffer", row)
            if r.flags & READONLY:
                self.say(b' readonly="true"')
        elif kind == NAME:
            return self.name(row)
        elif kind == EXTENSION:
            self.start(b"extension", 0)
            self.put_bytes(b' code="%d"' % self.tape.leaf(row))
        elif kind == PERSISTENT:
            self.start(b"persistent", row)
            if r.op != OP_PERSID:
                return self.wrap(b"persistent", self.tape.children[self.tape.parts[r.first].start])
            self.say(b"><str")
            held = self.tape.leaf(row).encode()
            text.data = <const unsigned char*>PyBytes_AS_STRING(held)
            text.n = len(held)
            self.content(b"str", text)
            return self.close(b"persistent")
        elif kind == DICT:
            self.start(b"dict", row)
            if self.count(row):
                return self.block(b"dict", PAIRS, row, r.first, 0, False)
        else:
            self.start(tags[kind], row)
            if self.count(row):
                return self.block(tags[kind], CHILDREN, row, r.first, 0, False)
        return self.say(b"/>")

    cdef int content(self, const char* tag, Text text) except -1:
        if text.n == 0:
            return self.say(b"/>")
        self.byte(62)
        self.put_text(text.data, text.n, in_text)
        return self.close(tag)

    cdef int attribute(self, const char* opening, Text text) except -1:
        self.say(opening)
        self.put_text(text.data, text.n, in_attribute)
        self.byte(34)
        return 0

    cdef int integer(self, uint32_t row) except -1:
        cdef char text[32]
        number = self.tape.leaf(row)
        if self.tape.rows[row].op not in (OP_LONG1, OP_LONG4, OP_LONG, OP_INT):
            snprintf(text, 32, b"%d", <int>number)
            return self.say(text)
        return self.put_bytes((b"%d" if number.bit_length() <= DECIMAL else b"%#x") % number)

    cdef int name(self, uint32_t row) except -1:
        cdef bytes whole = self.name_of(row)
        cdef Text text
        self.start(b"name", 0)
        if whole is not None:
            text.data = <const unsigned char*>PyBytes_AS_STRING(whole)
            text.n = len(whole)
            return self.content(b"name", text)
        self.byte(62)
        for part in self.tape.name(row):
            whole = part.encode("utf-8", "surrogatepass")
            text.data = <const unsigned char*>PyBytes_AS_STRING(whole)
            text.n = len(whole)
            self.say(b"<str")
            self.content(b"str", text)
        return self.close(b"name")

    cdef int made(self, uint32_t row) except -1:
        """An object: what it is made by and of is left as steps, the first one on top."""
        cdef Tape tape = self.tape
        cdef Row* r = &tape.rows[row]
        cdef int op = r.op
        cdef uint32_t part = r.first
        cdef Part* making = &tape.parts[part]
        cdef const uint32_t* of = tape.children + making.start
        cdef uint32_t callee = found(tape, of[0])
        cdef uint32_t arguments = found(tape, of[1]) if op != OP_OBJ and op != OP_INST else 0
        cdef const char* tag = b"call" if op == OP_REDUCE else b"instance" if not arguments else b"object"
        cdef bytes whole = self.name_of(callee) if not self.seen[callee] & ALTERED else None
        cdef Text text
        cdef bint bare = whole is not None and op != OP_NEWOBJ_EX and not making.next
        if (op == OP_REDUCE or op == OP_NEWOBJ) and self.forms and self.formed(row, callee, arguments, making.next):
            return 0
        self.start(tag, row)
        if whole is not None:
            text.data = <const unsigned char*>PyBytes_AS_STRING(whole)
            text.n = len(whole)
            self.attribute(b' function="' if op == OP_REDUCE else b' class="', text)
        if bare and (self.is_empty(arguments) if arguments else making.count == 1):
            return self.say(b"/>")
        self.block(tag, STEPS, row, making.next, 0, False)
        if op == OP_NEWOBJ_EX:
            self.push(b"kwargs", WRAPPED, of[2], 0, 0, False)
        if not arguments:
            if making.count > 1:
                self.push(b"args", ARGS, 0, part, 1, True)
        elif tape.rows[arguments].kind != TUPLE or self.seen[arguments] & (AGAIN_SEEN | ALTERED):
            self.push(b"arguments", WRAPPED, arguments, 0, 0, False)
        elif not self.is_empty(arguments):
            self.push(b"args", ARGS, arguments, tape.rows[arguments].first, 0, False)
        if whole is None:
            self.push(b"callee", WRAPPED, callee, 0, 0, False)
        return 0

    # -- forms

    cdef bint formed(self, uint32_t row, uint32_t callee, uint32_t arguments, uint32_t step) except -1:
        """Whether an object is written in a form of its own."""
        cdef Row* r = &self.tape.rows[row]
        cdef bint by_name = self.tape.rows[callee].kind == NAME
        cdef Node child = None
        cdef bytes tag
        if by_name and callee in self.form_of:
            form = self.form_of[callee]
        else:
            form = self.forms.get(":".join(self.tape.name(callee)) if by_name else "")
            if by_name:
                self.form_of[callee] = form
        if form is None or (self.seen[callee] | self.seen[arguments]) & ALTERED or (
                step and (self.tape.parts[step].next or self.tape.parts[step].op != OP_BUILD)):
            return False
        args = value_of(self.tape, arguments, 3)
        if type(args) is not tuple:
            return False
        state = value_of(self.tape, self.tape.children[self.tape.parts[step].start], 3) if step else None
        if step and state is None:  # which is not the same as to have none
            return False
        fields = form(("call" if r.op == OP_REDUCE else "new") if by_name else value_of(self.tape, callee, 0),
                      list(args), state)
        if fields is None or not all([stands(value) for _, value in fields]):
            return False
        tag = self.tags.setdefault(fields[0][0], fields[0][0][1:].encode())
        self.start(tag, row)
        for key, value in fields[1:]:
            if type(value) is Node:
                child = value
                continue
            self.put_bytes(b' %s="' % key.encode())
            self.plain(value, in_attribute)
            self.byte(34)
        first = fields[0][1]
        if type(first) is bytes:
            self.say(b' encoding="base64"')
        self.byte(62)
        if type(first) is Node:
            child = first
        elif isinstance(first, (tuple, list)) and first and type(first[0]) is str:
            for value in first:
                self.say(b"<str>")
                self.plain(value, in_text)
                self.close(b"str")
        else:
            self.plain(first, in_text)
        if child is None:
            self.close(tag)
            return True
        self.push(tag, CLOSE, 0, 0, 0, False)
        self.inline = True
        self.enter(child.row)
        return True


def write(Graph graph, indent=None, dict forms=None):
    """The document of a graph, in UTF-8 and without a declaration. ``indent``: what a level is indented by. ``forms``:
    by "module:qualname" of what is called, a function that makes of ("call" or "new", arguments, state) the tag and the
    fields of an object in a form of its own, or None."""
    return Writing(graph.tape, None if indent is None else indent.encode(), forms).document()
