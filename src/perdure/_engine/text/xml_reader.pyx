"""From the elements of an XML document (docs/xml.md has the vocabulary) to a graph: what expat calls at each tag.

- An element is taken if the one around it accepts it there, with the attributes that it has in the vocabulary; anything
  else is an error with its place.
- What is open is a Frame; nodes that are complete wait on one stack, those of a frame above where it began.
- An element's node is begun with it, so that what is inside can lead back to it.
"""


from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint32_t

from perdure._engine.graph.assembly cimport Builder
from perdure._engine.graph.nodes cimport node
from perdure._engine.graph.stack cimport *
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.text.formed cimport Maker
from perdure._engine.text.xml_vocabulary cimport *

from perdure._engine.text.base64 import decoded
from perdure.errors import CorruptError, LimitError

cdef enum:
    DEEPEST = 4_000_000

cdef struct Frame:
    int what
    int stage
    uint32_t row
    uint32_t callee   # of what makes an object: this, and so on
    uint32_t args
    uint32_t kwargs
    bint made
    Py_ssize_t kept   # nodes of it that stay: the arguments of an <instance>, what is <altered>
    Py_ssize_t nodes  # where its nodes begin
    Py_ssize_t pieces


cdef class Elements:
    """Those of one document. ``forms``: by element, a function that makes of its attributes, its text, the texts in it
    and the Node in it how an object is made; it raises ValueError."""

    cdef object parser
    cdef Builder builder
    cdef Maker maker
    cdef dict forms
    cdef dict labels    # rows by id; 0 while there is none yet
    cdef Frame* frames
    cdef Py_ssize_t depth, frame_room
    cdef Stack nodes
    cdef list pieces    # of text
    cdef list given     # by frame: its attribute; of a form, a dict
    cdef list ids       # by frame

    def __cinit__(self, parser, dict forms):
        self.parser = parser
        self.forms = forms
        self.builder = Builder()
        self.maker = Maker(self.builder)
        self.labels = {}
        self.frame_room = 64
        self.frames = <Frame*>PyMem_Malloc(self.frame_room * sizeof(Frame))
        begin_stack(&self.nodes)
        if self.frames == NULL:
            raise MemoryError
        self.pieces = []
        self.given = []
        self.ids = []
        self.push(_DOCUMENT)

    def __dealloc__(self):
        PyMem_Free(self.frames)
        end_stack(&self.nodes)

    @property
    def begun(self):
        """Whether the root element has been met."""
        return self.depth > 1 or self.nodes.count > 0

    def graph(self):
        return self.builder.finish(self.nodes.at[0])

    def let_go(self):
        """The parser and what it calls hold each other."""
        self.parser = None

    # -- errors

    cdef int fail(self, str message, kind=CorruptError, what=None) except -1:
        offset = self.parser.CurrentByteIndex
        message = f"XML: {message} (line {self.parser.CurrentLineNumber}, byte {offset})"
        raise kind(message, offset if what is None else what)

    cdef int misplaced(self, str name) except -1:
        space, _, short = name.rpartition(" ")
        around = names[self.frames[self.depth - 1].what]
        if name in numbers:
            return self.fail(f"<{short}> in <{around}>, where it has no place" if around
                             else f"<{short}> as the root element")
        if space != NAMESPACE and space.startswith(VERSIONS) and space[len(VERSIONS):][:9].isdecimal():
            return self.fail(f"a vocabulary of another version, {space!r:.50}; this release reads {NAMESPACE!r}")
        return self.fail(f"the element {short!r:.80} of {f'the namespace {space!r:.80}' if space else 'no namespace'}")

    # -- what expat calls

    def characters(self, str data):
        if self.parser is None:  # what expat still had when it was let go
            return
        if elements[self.frames[self.depth - 1].what].text:
            self.pieces.append(data)
        elif not is_blank(data):
            name = names[self.frames[self.depth - 1].what]
            self.fail(f"text in <{name}>, which has none: {data.strip(SPACE)!r:.50}")

    def start(self, str name, list attributes_given):
        cdef Frame* top = &self.frames[self.depth - 1]
        cdef Frame* frame
        cdef Element* element
        cdef int what
        number = numbers.get(name)
        if number is None:
            self.misplaced(name)
        what = number
        element = &elements[what]
        if not element.role & elements[top.what].accepts:
            self.misplaced(name)
        if element.stage:
            if element.stage <= top.stage and not element.stage == top.stage == LAST:
                self.fail(f"<{names[what]}> comes too late in <{names[top.what]}>")
            top.stage = element.stage
        if top.what == _ALTERED and (self.nodes.count > top.nodes) == (element.stage == 0):
            self.fail(f"<altered> holds one value, not {2 if element.stage == 0 else 0}")
        if self.depth > DEEPEST:
            self.fail(f"more than {DEEPEST:,} elements in one another", LimitError, "depth")
        frame = self.push(what)
        if attributes_given:
            self.take(what, attributes_given)
        if element.needed and self.given[len(self.given) - 1] is None:
            self.fail(f"<{names[what]}> without {attributes[what]}=")
        if element.kind:
            frame.row = self.builder.tape.put_leaf(element.kind, element.op, 1, NULL, 0)
            label = self.ids[len(self.ids) - 1]
            if label is not None:
                self.labels[label] = frame.row

    def end(self, str name):
        cdef Frame* frame = &self.frames[self.depth - 1]
        cdef uint32_t row = self.finished(frame, frame - 1)
        self.depth -= 1
        self.given.pop()
        label = self.ids.pop()
        if row:
            self.put(row)
            if label is not None:
                self.labels[label] = row

    cdef Frame* push(self, int what) except NULL:
        cdef Frame* frame
        if self.depth == self.frame_room:
            self.frames = <Frame*>doubled(self.frames, &self.frame_room, sizeof(Frame))
        frame = &self.frames[self.depth]
        frame.what = what
        frame.stage = 0
        frame.row = frame.callee = frame.args = frame.kwargs = 0
        frame.made = False
        frame.kept = 0
        frame.nodes = self.nodes.count
        frame.pieces = len(self.pieces)
        self.depth += 1
        self.given.append(None)
        self.ids.append(None)
        return frame

    cdef int put(self, uint32_t row) except -1:
        return push_row(&self.nodes, row)

    cdef int take(self, int what, list attributes_given) except -1:
        """The attributes of the element that has just begun."""
        cdef Py_ssize_t i
        cdef Py_ssize_t last = self.depth - 1
        known = attributes[what]
        for i in range(0, len(attributes_given), 2):
            name = attributes_given[i]
            value = attributes_given[i + 1]
            if name == known:
                self.given[last] = value
            elif name == "id" and elements[what].labelled:
                if not is_label(value):
                    self.fail(f"the id {value!r:.50}: ASCII letters, digits, '.', '_' and '-', 100 at most, make one")
                if value in self.labels:
                    self.fail(f"the id {value!r} a second time")
                self.ids[last] = value
                self.labels[value] = 0
            elif what >= _FORM and name in known:
                if self.given[last] is None:
                    self.given[last] = {}
                self.given[last][name] = value
            else:
                self.fail(f"<{names[what]}> has no attribute {name!r:.80}")
        return 0

    # -- what is in an element that ends

    cdef str text(self, Frame* frame):
        cdef Py_ssize_t n = len(self.pieces) - frame.pieces
        if n == 1:
            return self.pieces.pop()
        text = "".join(self.pieces[frame.pieces:]) if n else ""
        del self.pieces[frame.pieces:]
        return text

    cdef uint32_t one(self, Frame* frame) except 0:
        """Its one value."""
        if self.nodes.count - frame.nodes != 1:
            self.fail(f"<{names[frame.what]}> holds one value, not {self.nodes.count - frame.nodes}")
        self.nodes.count -= 1
        return self.nodes.at[self.nodes.count]

    cdef bytes base64(self, Frame* frame):
        try:
            return decoded(self.text(frame).encode("ascii").translate(None, b" \t\r\n"))
        except ValueError:
            self.fail(f"what is in <{names[frame.what]}> is not base64")

    cdef uint32_t named(self, str text) except 0:
        module, colon, qualname = text.partition(":")
        if not colon:
            self.fail(f"the name {text!r:.80}, which is not module:qualname")
        return self.builder.name(module, qualname)

    cdef uint32_t finished(self, Frame* frame, Frame* top) except? 0:
        """The node of an element; 0 where it has told the one around it what there is to tell."""
        cdef Builder builder = self.builder
        cdef int what = frame.what
        cdef uint32_t row
        given = self.given[self.depth - 1]
        if what == _STR:
            if elements[top.what].accepts & PLAIN:  # the text stays among the pieces, as one
                self.pieces.append((self.text(frame),))
                return 0
            return builder.text(self.text(frame))
        if what == _INT:
            return self.integer(self.text(frame).strip(SPACE))
        if what == _ENTRY:
            return self.entry(frame, given)
        if what == _FLOAT:
            try:
                return builder.real(real(self.text(frame).strip(SPACE)))
            except ValueError as error:
                self.fail(str(error))
        if what == _NONE:
            return builder.none()
        if what == _TRUE or what == _FALSE:
            return builder.boolean(what == _TRUE)
        if what == _ATTR:
            row = self.one(frame)
            self.put(builder.key(given))
            self.put(row)
            return 0
        if what == _LIST or what == _SET or what == _DICT:
            builder.fill_with(frame.row, OP_APPENDS if what == _LIST else OP_ADDITEMS if what == _SET else OP_SETITEMS,
                              self.nodes.at + frame.nodes, self.nodes.count - frame.nodes)
            self.nodes.count = frame.nodes
            return frame.row
        if what == _TUPLE or what == _FROZENSET:
            builder.close(frame.row, self.nodes.at + frame.nodes, self.nodes.count - frame.nodes)
            self.nodes.count = frame.nodes
            return frame.row
        if _OBJECT <= what <= _ALTERED:
            self.make(frame, self.nodes.count)
            self.nodes.count = frame.nodes
            return frame.row
        if elements[what].stage:
            self.part(frame, top, given)
            return 0
        if what == _NAME:
            return self.name(frame)
        if what == _REF:
            if top.what == _ALTERED:
                self.fail("a <ref> in <altered>, which holds what it alters")
            row = self.labels.get(given, 0)
            if not row:
                self.fail(f"a <ref> to {given!r:.50}, which is nobody's id up to here")
            return row
        if what == _CHAR:
            if not is_code(given):
                self.fail(f"the code {given!r:.50}, which is no character's in hexadecimal")
            self.pieces.append(chr(int(given, 16)))
            return 0
        if what == _BYTES:
            return builder.octets(self.base64(frame))
        if what == _BYTEARRAY:
            return builder.octet_array(self.base64(frame))
        if what == _STRING:
            return builder.string(self.base64(frame))
        if what >= _FORM:
            return self.form(frame, given)
        if what == _KEY:
            if self.given[self.depth - 2] is not None or frame.nodes > top.nodes:
                self.fail("a <key> comes first in an <entry> without key=")
            top.stage = KEYED
            return self.one(frame)
        if what == _PERSISTENT:
            row = self.one(frame)
            builder.close(frame.row, &row, 1)
            return frame.row
        if what == _BUFFER:
            if given not in (None, "true", "false"):
                self.fail(f"readonly={given!r:.50}, which is true or false")
            return builder.buffer(given == "true")
        if what == _EXTENSION:
            if not 0 < len(given) <= 10 or not is_digits(given) or not 0 < int(given) <= 0x7FFFFFFF:
                self.fail(f"the code {given!r:.50}, which is a number from 1 to 2,147,483,647")
            return builder.extension(int(given))
        return self.one(frame)  # of the document

    cdef uint32_t integer(self, str text) except 0:
        cdef Py_ssize_t n = len(text)
        digits = text[1:] if text.startswith("-") else text
        if is_digits(digits):
            if n > MOST_DIGITS:
                self.fail(f"an int of more than {MOST_DIGITS} digits is written in hexadecimal, 0x...")
            return self.builder.integer(int(text))
        if digits.startswith("0x") and is_hex(digits, 2):
            return self.builder.integer(int(text, 16))
        return self.fail(f"the int {text!r:.80}")

    cdef uint32_t name(self, Frame* frame) except 0:
        cdef Py_ssize_t n = len(self.pieces) - frame.pieces
        if n == 1 and type(self.pieces[frame.pieces]) is str:
            return self.named(self.pieces.pop())
        pieces = self.pieces[frame.pieces:]
        del self.pieces[frame.pieces:]
        parts = [each[0] for each in pieces if type(each) is tuple]
        text = "".join([each for each in pieces if type(each) is str])
        if not parts:
            return self.named(text)
        if len(parts) != 2 or not is_blank(text):
            self.fail("a <name> is module:qualname, or two <str>")
        return self.builder.name(parts[0], parts[1])

    cdef uint32_t entry(self, Frame* frame, given) except? 0:
        """A key and a value, for what is around it."""
        cdef uint32_t value
        if given is not None:
            value = self.one(frame)
            self.put(self.builder.key(given))
            self.put(value)
        elif frame.stage != KEYED or self.nodes.count - frame.nodes != 2:
            self.fail("an <entry> has a key= and a value, or a <key> and a value")
        return 0

    cdef uint32_t form(self, Frame* frame, given) except 0:
        cdef Py_ssize_t n = self.nodes.count - frame.nodes
        name = names[frame.what]
        child = None
        if n:
            child = node(self.builder.tape, self.one(frame))
        pieces = self.pieces[frame.pieces:]
        del self.pieces[frame.pieces:]
        text = "".join([each for each in pieces if type(each) is str])
        parts = [each[0] for each in pieces if type(each) is tuple]
        try:
            made = self.forms[name]({} if given is None else given, text, parts, child)
            self.maker.construct(frame.row, made)
        except (ValueError, OverflowError) as error:
            self.fail(f"<{name}>: {str(error)[:200]}")
        return frame.row

    # -- objects

    cdef int make(self, Frame* frame, Py_ssize_t end) except -1:
        """What comes so far makes the object; attributes that came, up to a place among the nodes, are its state."""
        cdef Builder builder = self.builder
        cdef uint32_t parts[3]
        cdef uint32_t state
        cdef Py_ssize_t begin
        cdef int what = frame.what
        if not frame.made:
            frame.made = True
            if what == _ALTERED:
                if end == frame.nodes:
                    self.fail("<altered> holds one value, not 0")
                frame.row = self.nodes.at[frame.nodes]
                frame.kept = 1
            else:
                given = self.given[frame - self.frames]
                if given is not None:
                    frame.callee = self.named(given)
                elif not frame.callee:
                    self.fail(f"<{names[what]}> without {attributes[what]}= or <callee>")
                if what == _INSTANCE:
                    rows = [frame.callee, *[self.nodes.at[frame.nodes + i] for i in range(frame.kept)]]
                    builder.made_of(frame.row, "obj", rows)
                else:
                    parts[0] = frame.callee
                    parts[1] = frame.args or builder.tape.put_leaf(TUPLE, OP_EMPTY_TUPLE, 1, NULL, 0)
                    parts[2] = frame.kwargs
                    if frame.kwargs:
                        builder.tape.rows[frame.row].op = OP_NEWOBJ_EX
                    builder.close(frame.row, parts, 3 if frame.kwargs else 2)
        begin = frame.nodes + frame.kept
        if end > begin:
            state = builder.tape.put_leaf(DICT, OP_EMPTY_DICT, 1, NULL, 0)
            builder.fill_with(state, OP_SETITEMS, self.nodes.at + begin, end - begin)
            self.fill(frame.row, OP_BUILD, &state, 1)
        return 0

    cdef int part(self, Frame* frame, Frame* top, given) except -1:
        """What makes an object, or a step of one, for the object around it."""
        cdef int what = frame.what
        cdef int op
        cdef uint32_t row
        if what == _CALLEE:
            if self.given[self.depth - 2] is not None:
                self.fail(f"a <callee> besides {attributes[top.what]}=")
            top.callee = self.one(frame)
        elif what == _ARGS:
            if top.what == _INSTANCE:
                top.kept = self.nodes.count - frame.nodes
                return 0
            top.args = self.builder.tape.put_leaf(TUPLE, OP_EMPTY_TUPLE, 1, NULL, 0)
            self.builder.close(top.args, self.nodes.at + frame.nodes, self.nodes.count - frame.nodes)
            self.nodes.count = frame.nodes
        elif what == _ARGUMENTS:
            top.args = self.one(frame)
        elif what == _KWARGS:
            top.kwargs = self.one(frame)
        elif top.what == _PERDURE:
            if frame.nodes > top.nodes:
                self.fail("an <effect> behind the value, before which it comes")
            row = self.one(frame)
            try:
                self.builder.begin_with(&row, 1)
            except CorruptError as error:
                self.fail(str(error))
        else:
            if (what == _STATE or what == _EFFECT) and self.nodes.count - frame.nodes != 1:
                self.one(frame)
            self.make(top, frame.nodes)
            op = (OP_APPENDS if what == _ITEMS else OP_SETITEMS if what == _PAIRS else OP_ADDITEMS if what == _ADDS
                  else OP_BUILD if what == _STATE else OP_POP)
            self.fill(top.row, op, self.nodes.at + frame.nodes, self.nodes.count - frame.nodes)
            self.nodes.count = top.nodes + top.kept
        return 0

    cdef int fill(self, uint32_t row, int op, const uint32_t* nodes, Py_ssize_t count) except -1:
        try:
            return self.builder.fill_with(row, op, nodes, count)
        except CorruptError as error:
            return self.fail(str(error))
