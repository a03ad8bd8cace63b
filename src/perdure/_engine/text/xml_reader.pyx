"""From the elements of an XML document (docs/xml.md has the vocabulary) to a graph: what expat calls at each tag.

- An element is taken if the one around it accepts it there, with the attributes that it has in the vocabulary; anything
  else is an error with its place.
- What is open is a Frame; nodes that are complete wait on one stack, those of a frame above where it began.
- An element's node is begun with it, so that what is inside can lead back to it.
"""

from binascii import Error as BinasciiError
from binascii import a2b_base64
from struct import unpack

from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.stdint cimport uint8_t, uint32_t

from perdure._engine.graph.assembly cimport Builder
from perdure._engine.graph.nodes cimport node
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.text.formed cimport construct

from perdure.errors import CorruptError, LimitError

NAMESPACE = "urn:perdure:graph:1"
cdef str SPACE = " \t\r\n"
cdef str VERSIONS = "urn:perdure:graph:"  # another one's number

cdef enum:
    DEEPEST = 4_000_000
    MOST_DIGITS = 640  # of an int in decimal: the least that sys.set_int_max_str_digits can forbid more than

# What an element is for the one around it, as bits.
cdef enum:
    ROOT = 1
    VALUE = 2
    PLAIN = 4     # a <str> whose text counts, not its node
    CHAR_ = 8
    ENTRY_ = 16
    KEY_ = 32
    MAKING = 64
    WHOLE_ARGS = 128
    KEYWORDS = 256
    STEP = 512

cdef enum:
    _DOCUMENT, _PERDURE, _NONE, _TRUE, _FALSE, _INT, _FLOAT, _STR, _CHAR, _BYTES, _BYTEARRAY, _STRING, _BUFFER, _LIST
    _TUPLE, _SET, _FROZENSET, _DICT, _ENTRY, _KEY, _NAME, _EXTENSION, _PERSISTENT, _REF, _OBJECT, _CALL, _INSTANCE
    _ALTERED, _CALLEE, _ARGS, _ARGUMENTS, _KWARGS, _ITEMS, _PAIRS, _ADDS, _STATE, _EFFECT, _ATTR
    _FORM   # and those that follow: one for each form
    MOST_ELEMENTS = 128

cdef struct Element:
    int role
    int accepts
    int stage       # its turn among what makes an object
    uint8_t kind    # of the node that it begins as
    uint8_t op
    bint text
    bint labelled   # whether it may have an id
    bint needed     # its attribute

cdef Element elements[MOST_ELEMENTS]
cdef list names = []       # by element
cdef list attributes = []  # by element: the one that it has besides its id; of a form, all, as a tuple
cdef dict numbers = {}     # elements by what expat calls them

cdef enum:
    LAST = 4    # the stage that comes again and again
    KEYED = 9   # of an entry, behind its key

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


def define(int what, str name, int role, int accepts, *, bint text=False, bint labelled=False, attribute=None,
           bint needed=False, int kind=FORWARD, int op=0, int stage=0):
    """An element of the vocabulary."""
    cdef Element* e = &elements[what]
    e.role = role
    e.accepts = accepts
    e.text = text
    e.labelled = labelled
    e.needed = needed
    e.kind = <uint8_t>kind
    e.op = <uint8_t>op
    e.stage = stage
    names.append(name)
    attributes.append(attribute)
    if name:
        numbers[f"{NAMESPACE} {name}"] = what


cdef int set_up() except -1:
    define(_DOCUMENT, "", 0, ROOT)
    define(_PERDURE, "perdure", ROOT, VALUE)
    define(_NONE, "none", VALUE, 0)
    define(_TRUE, "true", VALUE, 0)
    define(_FALSE, "false", VALUE, 0)
    define(_INT, "int", VALUE, 0, text=True)
    define(_FLOAT, "float", VALUE, 0, text=True)
    define(_STR, "str", VALUE | PLAIN, CHAR_, text=True)
    define(_CHAR, "char", CHAR_, 0, attribute="code", needed=True)
    define(_BYTES, "bytes", VALUE, 0, text=True, labelled=True)
    define(_BYTEARRAY, "bytearray", VALUE, 0, text=True, labelled=True)
    define(_STRING, "string", VALUE, 0, text=True, labelled=True)
    define(_BUFFER, "buffer", VALUE, 0, labelled=True, attribute="readonly")
    define(_LIST, "list", VALUE, VALUE, labelled=True, kind=LIST, op=OP_EMPTY_LIST)
    define(_TUPLE, "tuple", VALUE, VALUE, labelled=True, kind=TUPLE, op=OP_EMPTY_TUPLE)
    define(_SET, "set", VALUE, VALUE, labelled=True, kind=SET, op=OP_EMPTY_SET)
    define(_FROZENSET, "frozenset", VALUE, VALUE, labelled=True, kind=FROZENSET, op=OP_FROZENSET)
    define(_DICT, "dict", VALUE, ENTRY_, labelled=True, kind=DICT, op=OP_EMPTY_DICT)
    define(_ENTRY, "entry", ENTRY_, VALUE | KEY_, attribute="key")
    define(_KEY, "key", KEY_, VALUE)
    define(_NAME, "name", VALUE, PLAIN, text=True)
    define(_EXTENSION, "extension", VALUE, 0, attribute="code", needed=True)
    define(_PERSISTENT, "persistent", VALUE, VALUE, labelled=True, kind=PERSISTENT, op=OP_BINPERSID)
    define(_REF, "ref", VALUE, 0, attribute="id", needed=True)
    define(_OBJECT, "object", VALUE, MAKING | WHOLE_ARGS | KEYWORDS | STEP, labelled=True, attribute="class",
           kind=OBJECT, op=OP_NEWOBJ)
    define(_CALL, "call", VALUE, MAKING | WHOLE_ARGS | STEP, labelled=True, attribute="function", kind=OBJECT,
           op=OP_REDUCE)
    define(_INSTANCE, "instance", VALUE, MAKING | STEP, labelled=True, attribute="class", kind=OBJECT, op=OP_OBJ)
    define(_ALTERED, "altered", VALUE, VALUE | STEP)
    define(_CALLEE, "callee", MAKING, VALUE, stage=1)
    define(_ARGS, "args", MAKING, VALUE, stage=2)
    define(_ARGUMENTS, "arguments", WHOLE_ARGS, VALUE, stage=2)
    define(_KWARGS, "kwargs", KEYWORDS, VALUE, stage=3)
    define(_ITEMS, "items", STEP, VALUE, stage=LAST)
    define(_PAIRS, "pairs", STEP, ENTRY_, stage=LAST)
    define(_ADDS, "adds", STEP, VALUE, stage=LAST)
    define(_STATE, "state", STEP, VALUE, stage=LAST)
    define(_EFFECT, "effect", STEP, VALUE, stage=LAST)
    define(_ATTR, "attr", STEP, VALUE, attribute="name", needed=True, stage=LAST)

set_up()


def define_form(str name, tuple attributes_of, bint child, bint parts):
    """A form's element: its attributes, whether it takes a value, or the texts of <str>."""
    if f"{NAMESPACE} {name}" in numbers:
        return
    define(len(names), name, VALUE, VALUE if child else PLAIN if parts else 0, text=True, labelled=True,
           attribute=attributes_of, kind=OBJECT, op=OP_REDUCE)


cdef class Elements:
    """Those of one document. ``forms``: by element, a function that makes of its attributes, its text, the texts in it
    and the Node in it how an object is made; it raises ValueError."""

    cdef object parser
    cdef Builder builder
    cdef dict forms
    cdef dict labels    # rows by id; 0 while there is none yet
    cdef Frame* frames
    cdef Py_ssize_t depth, frame_room
    cdef uint32_t* nodes
    cdef Py_ssize_t count, node_room
    cdef list pieces    # of text
    cdef list given     # by frame: its attribute; of a form, a dict
    cdef list ids       # by frame

    def __cinit__(self, parser, dict forms):
        self.parser = parser
        self.forms = forms
        self.builder = Builder()
        self.labels = {}
        self.frame_room = self.node_room = 64
        self.frames = <Frame*>PyMem_Malloc(self.frame_room * sizeof(Frame))
        self.nodes = <uint32_t*>PyMem_Malloc(self.node_room * sizeof(uint32_t))
        if self.frames == NULL or self.nodes == NULL:
            raise MemoryError
        self.pieces = []
        self.given = []
        self.ids = []
        self.push(_DOCUMENT)

    def __dealloc__(self):
        PyMem_Free(self.frames)
        PyMem_Free(self.nodes)

    @property
    def begun(self):
        """Whether the root element has been met."""
        return self.depth > 1 or self.count > 0

    def graph(self):
        return self.builder.finish(self.nodes[0])

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
        if top.what == _ALTERED and (self.count > top.nodes) == (element.stage == 0):
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
            frame = <Frame*>PyMem_Realloc(self.frames, 2 * self.frame_room * sizeof(Frame))
            if frame == NULL:
                raise MemoryError
            self.frames = frame
            self.frame_room *= 2
        frame = &self.frames[self.depth]
        frame.what = what
        frame.stage = 0
        frame.row = frame.callee = frame.args = frame.kwargs = 0
        frame.made = False
        frame.kept = 0
        frame.nodes = self.count
        frame.pieces = len(self.pieces)
        self.depth += 1
        self.given.append(None)
        self.ids.append(None)
        return frame

    cdef int put(self, uint32_t row) except -1:
        cdef uint32_t* moved
        if self.count == self.node_room:
            moved = <uint32_t*>PyMem_Realloc(self.nodes, 2 * self.node_room * sizeof(uint32_t))
            if moved == NULL:
                raise MemoryError
            self.nodes = moved
            self.node_room *= 2
        self.nodes[self.count] = row
        self.count += 1
        return 0

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
                    self.fail(f"the id {value!r:.50}: letters, digits, '.', '_' and '-', 100 at most, make one")
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
        if self.count - frame.nodes != 1:
            self.fail(f"<{names[frame.what]}> holds one value, not {self.count - frame.nodes}")
        self.count -= 1
        return self.nodes[self.count]

    cdef bytes base64(self, Frame* frame):
        try:
            return a2b_base64(self.text(frame).encode("ascii").translate(None, b" \t\r\n"), strict_mode=True)
        except (BinasciiError, UnicodeEncodeError):
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
                              self.nodes + frame.nodes, self.count - frame.nodes)
            self.count = frame.nodes
            return frame.row
        if what == _TUPLE or what == _FROZENSET:
            builder.close(frame.row, self.nodes + frame.nodes, self.count - frame.nodes)
            self.count = frame.nodes
            return frame.row
        if _OBJECT <= what <= _ALTERED:
            self.make(frame, self.count)
            self.count = frame.nodes
            return frame.row
        if elements[what].stage:
            self.part(frame, top, given)
            return 0
        if what == _NAME:
            return self.name(frame)
        if what == _REF:
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
        elif frame.stage != KEYED or self.count - frame.nodes != 2:
            self.fail("an <entry> has a key= and a value, or a <key> and a value")
        return 0

    cdef uint32_t form(self, Frame* frame, given) except 0:
        cdef Py_ssize_t n = self.count - frame.nodes
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
            construct(self.builder, frame.row, made)
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
                frame.row = self.nodes[frame.nodes]
                frame.kept = 1
            else:
                given = self.given[frame - self.frames]
                if given is not None:
                    frame.callee = self.named(given)
                elif not frame.callee:
                    self.fail(f"<{names[what]}> without {attributes[what]}= or <callee>")
                if what == _INSTANCE:
                    rows = [frame.callee, *[self.nodes[frame.nodes + i] for i in range(frame.kept)]]
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
            builder.fill_with(state, OP_SETITEMS, self.nodes + begin, end - begin)
            builder.fill_with(frame.row, OP_BUILD, &state, 1)
        return 0

    cdef int part(self, Frame* frame, Frame* top, given) except -1:
        """What makes an object, or a step of one, for the object around it."""
        cdef int what = frame.what
        cdef int op
        if what == _CALLEE:
            if self.given[self.depth - 2] is not None:
                self.fail(f"a <callee> besides {attributes[top.what]}=")
            top.callee = self.one(frame)
        elif what == _ARGS:
            if top.what == _INSTANCE:
                top.kept = self.count - frame.nodes
                return 0
            top.args = self.builder.tape.put_leaf(TUPLE, OP_EMPTY_TUPLE, 1, NULL, 0)
            self.builder.close(top.args, self.nodes + frame.nodes, self.count - frame.nodes)
            self.count = frame.nodes
        elif what == _ARGUMENTS:
            top.args = self.one(frame)
        elif what == _KWARGS:
            top.kwargs = self.one(frame)
        else:
            if (what == _STATE or what == _EFFECT) and self.count - frame.nodes != 1:
                self.one(frame)
            self.make(top, frame.nodes)
            op = (OP_APPENDS if what == _ITEMS else OP_SETITEMS if what == _PAIRS else OP_ADDITEMS if what == _ADDS
                  else OP_BUILD if what == _STATE else OP_POP)
            self.builder.fill_with(top.row, op, self.nodes + frame.nodes, self.count - frame.nodes)
            self.count = top.nodes + top.kept
        return 0


# -- texts


cdef bint is_blank(str text) noexcept:
    cdef Py_UCS4 c
    for c in text:
        if c != 32 and c != 10 and c != 13 and c != 9:
            return False
    return True


cdef bint is_digits(str text) noexcept:
    cdef Py_UCS4 c
    for c in text:
        if not 48 <= c <= 57:
            return False
    return len(text) > 0


cdef bint is_hex(str text, Py_ssize_t begin) noexcept:
    cdef Py_UCS4 c
    cdef Py_ssize_t i
    for i in range(begin, len(text)):
        c = text[i]
        if not (48 <= c <= 57 or 97 <= c <= 102):
            return False
    return len(text) > begin


cdef bint is_code(str text) except -1:
    return len(text) <= 6 and is_hex(text, 0) and int(text, 16) <= 0x10FFFF


cdef bint is_label(str text) except -1:
    cdef Py_UCS4 c
    for c in text:
        if not (c.isalnum() or c == 95 or c == 46 or c == 45):
            return False
    return 0 < len(text) <= 100


def real(str text):
    """A float as the vocabulary spells it; ValueError where it is none."""
    cdef Py_UCS4 c
    cdef int state = 0  # 1: among digits; 2: behind the point; 3: behind an e; 4: and its sign; 5: among its digits
    cdef Py_ssize_t i = 1 if text.startswith("-") else 0
    cdef Py_ssize_t n = len(text)
    if text == "nan":
        return unpack(">d", b"\x7f\xf8\0\0\0\0\0\0")[0]
    if text[i:] == "inf":
        return float(text)
    if n == 20 and text.startswith("nan:") and is_hex(text, 4):
        value = unpack(">d", bytes.fromhex(text[4:]))[0]
        if value != value:
            return value
        n = 0
    for i in range(i, n):
        c = text[i]
        if 48 <= c <= 57:
            state = 1 if state == 0 else 5 if state == 3 or state == 4 else state
        elif c == 46 and state == 1:
            state = 2
        elif (c == 101 or c == 69) and (state == 1 or state == 2):
            state = 3
        elif (c == 43 or c == 45) and state == 3:
            state = 4
        else:
            n = 0
            break
    if not 0 < n <= 2000 or not (state == 1 or state == 2 or state == 5):
        raise ValueError(f"the float {text!r:.80}")
    return float(text)


def number(str text):
    """An int, a float or a bool; ValueError where it is none."""
    digits = text[1:] if text.startswith("-") else text
    if is_digits(digits) and len(text) <= MOST_DIGITS:
        return int(text)
    return text == "true" if text == "true" or text == "false" else real(text)
