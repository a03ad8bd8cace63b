"""From a JSON text to a tape: RFC 8259, and in an envelope the vocabulary of docs/json.md.

Rules:
- No recursion: what is open is a stack of frames, so that depth costs memory and nothing else.
- Nothing is imported or built; a name is two strings.
- `p` stays where a value began until it has been understood, so that an error knows its offset.
- Memory is a small multiple of the text; no number in it makes room for anything.
"""

from binascii import a2b_base64

from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp, memcpy

from perdure._engine.graph.assembly cimport Builder
from perdure._engine.graph.nodes cimport Node, node
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.text.output cimport Out, put, put_byte, simple_bytes

from perdure.errors import CorruptError, LimitError, TruncatedError

cdef extern from "Python.h":
    double PyOS_string_to_double(const char*, char**, object) except? -1.0

cdef enum:
    MOST_DIGITS = 4300  # of an int in decimals: reading more takes time that grows as their square

cdef enum:  # what a frame is
    ARRAY      # a list
    MEMBERS    # a dict
    SEQUENCE   # [nodes] of a tag
    PAIRS      # [[key, value]] of a tag, or {key: value}
    PAIR
    TAGGED     # an object whose first key is a tag
    STEPS      # [[what, nodes]]
    STEP
    ENVELOPE

cdef enum:  # what is expected
    VALUE
    FIRST_ITEM
    AFTER
    KEY
    FIELD
    STEP_OR_END
    AFTER_STEP

cdef enum:  # what an object lacks yet
    CALLEE
    ARGUMENTS
    KEYWORDS
    FILLED

cdef struct Frame:
    uint8_t what
    uint8_t tag      # a Kind, FORM or 0
    uint8_t op       # by which what comes is taken
    uint8_t stage
    uint8_t seen     # which fillings came
    uint32_t row
    uint32_t callee
    uint32_t args
    uint32_t kwargs
    Py_ssize_t base  # of its nodes
    Py_ssize_t label # -1: none

cdef enum:
    FORM = 200

cdef dict containers = {"$list": LIST, "$tuple": TUPLE, "$set": SET, "$frozenset": FROZENSET, "$dict": DICT}
cdef dict kinds = {LIST: "list", TUPLE: "tuple", SET: "set", FROZENSET: "frozenset", DICT: "dict"}
cdef dict objects = {"$object": OP_NEWOBJ, "$call": OP_REDUCE, "$inst": OP_OBJ}
cdef dict fillings = {"items": OP_APPENDS, "pairs": OP_SETITEMS, "adds": OP_ADDITEMS, "state": OP_BUILD, "call": OP_POP}


cdef class Reader:
    cdef Builder builder
    cdef Tape tape
    cdef const unsigned char* start
    cdef const unsigned char* p
    cdef const unsigned char* end
    cdef Frame* frames
    cdef Py_ssize_t depth, frame_room
    cdef uint32_t* nodes     # of the frames that are open
    cdef Py_ssize_t count, node_room
    cdef Out scratch         # a string without its escapes
    cdef dict labels         # id: row
    cdef dict forms
    cdef list fields         # of the forms that are open: [tag, {key: row}, the key that comes]
    cdef list before         # nodes of the envelope's "before"
    cdef bint enveloped
    cdef uint32_t root

    def __cinit__(self, forms):
        self.builder = Builder()
        self.tape = self.builder.tape
        self.forms = forms
        self.labels = {}
        self.fields = []
        self.frame_room = self.node_room = 64
        self.frames = <Frame*>PyMem_Malloc(64 * sizeof(Frame))
        self.nodes = <uint32_t*>PyMem_Malloc(64 * sizeof(uint32_t))
        if self.frames == NULL or self.nodes == NULL:
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self.frames)
        PyMem_Free(self.nodes)
        PyMem_Free(self.scratch.base)

    # -- stacks

    cdef Frame* open(self, int what, uint32_t row, int op) except NULL:
        cdef Frame* moved
        cdef Frame* frame
        if self.depth == self.frame_room:
            moved = <Frame*>PyMem_Realloc(self.frames, 2 * self.frame_room * sizeof(Frame))
            if moved == NULL:
                raise MemoryError
            self.frames = moved
            self.frame_room *= 2
        frame = &self.frames[self.depth]
        self.depth += 1
        frame.what = <uint8_t>what
        frame.tag = frame.stage = frame.seen = 0
        frame.op = <uint8_t>op
        frame.row = row
        frame.callee = frame.args = frame.kwargs = 0
        frame.base = self.count
        frame.label = -1
        return frame

    cdef inline int push(self, uint32_t row) except -1:
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

    # -- characters

    cdef inline int space(self) except -1:
        """The next character that is no white space."""
        while self.p < self.end:
            if self.p[0] != 32 and self.p[0] != 10 and self.p[0] != 13 and self.p[0] != 9:
                return self.p[0]
            self.p += 1
        raise TruncatedError("the text ends before its value does")

    cdef int expect(self, int character) except -1:
        if self.space() != character:
            raise CorruptError(f"'{chr(character)}' is expected")
        self.p += 1
        return 0

    cdef Text string(self) except *:
        """What stands between quotation marks, as UTF-8: in the text itself, or without its escapes in `scratch`."""
        cdef const unsigned char* q
        cdef Text text
        cdef Py_ssize_t same
        if self.space() != 34:
            raise CorruptError("a string is expected")
        q = self.p + 1
        self.scratch.n = 0
        text.data = q
        while True:
            same = simple_bytes(q, self.end - q)
            if q + same < self.end and q[same] == 0xED:  # which it stops at for the writer's sake
                same += 1
                if text.data == NULL:
                    put(&self.scratch, <const char*>q, same)
                q += same
                continue
            if text.data == NULL:
                put(&self.scratch, <const char*>q, same)
            q += same
            if q == self.end:
                raise TruncatedError("the text ends within a string")
            if q[0] == 34:
                break
            if q[0] != 92:
                self.p = q
                raise CorruptError("a control character in a string")
            if text.data != NULL:
                put(&self.scratch, <const char*>text.data, q - text.data)
                text.data = NULL
            q = self.escape(q)
        if text.data == NULL:
            text.data = self.scratch.base
            text.n = self.scratch.n
        else:
            text.n = q - text.data
        self.p = q + 1
        return text

    cdef const unsigned char* escape(self, const unsigned char* q) except NULL:
        cdef int c, other
        if self.end - q < 2:
            raise TruncatedError("the text ends within a string")
        c = q[1]
        if c == b"u":
            c = self.hexadecimal(q)
            q += 6
            if 0xD800 <= c < 0xDC00 and self.end - q >= 6 and q[0] == 92 and q[1] == b"u":
                other = self.hexadecimal(q)
                if 0xDC00 <= other < 0xE000:
                    c = 0x10000 + ((c - 0xD800) << 10 | (other - 0xDC00))
                    q += 6
            self.character(c)
            return q
        c = (10 if c == b"n" else 9 if c == b"t" else 13 if c == b"r" else 8 if c == b"b" else 12 if c == b"f"
             else c if c == 34 or c == 92 or c == 47 else 0)
        if not c:
            self.p = q
            raise CorruptError("no escape that JSON has")
        put_byte(&self.scratch, c)
        return q + 2

    cdef int hexadecimal(self, const unsigned char* q) except -1:
        cdef int i, c, value = 0
        if self.end - q < 6:
            raise TruncatedError("the text ends within a string")
        for i in range(2, 6):
            c = q[i]
            c = c - 48 if 48 <= c <= 57 else (c | 32) - 87 if 97 <= (c | 32) <= 102 else -1
            if c < 0:
                self.p = q
                raise CorruptError("\\u is followed by four hexadecimal digits")
            value = value << 4 | c
        return value

    cdef int character(self, int c) except -1:
        if c < 0x80:
            return put_byte(&self.scratch, c)
        if c < 0x800:
            put_byte(&self.scratch, 0xC0 | c >> 6)
        else:
            if c < 0x10000:
                put_byte(&self.scratch, 0xE0 | c >> 12)
            else:
                put_byte(&self.scratch, 0xF0 | c >> 18)
                put_byte(&self.scratch, 0x80 | (c >> 12 & 63))
            put_byte(&self.scratch, 0x80 | (c >> 6 & 63))
        return put_byte(&self.scratch, 0x80 | (c & 63))

    cdef str string_object(self):
        cdef Text text = self.string()
        return text.data[:text.n].decode("utf-8", "surrogatepass")

    cdef uint32_t key(self, Text text) except 0:
        """One node for all keys that are equal."""
        cdef str value
        if text.n > 64:
            return self.builder.text_of(text.data, text.n)
        value = text.data[:text.n].decode("utf-8", "surrogatepass")
        row = self.builder.texts.get(value)
        if row is None:
            row = self.builder.texts[value] = self.builder.text_of(text.data, text.n)
        return row

    cdef uint32_t number(self) except 0:
        cdef const unsigned char* q = self.p
        cdef const unsigned char* begin
        cdef bint negative = q[0] == 45
        cdef bint real = False
        cdef long long small = 0
        cdef double value
        q += negative
        begin = q
        while q < self.end and 48 <= q[0] <= 57:
            if q - begin < 18:
                small = small * 10 + q[0] - 48
            q += 1
        if q == begin or (begin[0] == 48 and q - begin > 1):
            raise self.unfinished(q, "a number begins otherwise")
        cdef Py_ssize_t digits = q - begin
        if q < self.end and q[0] == 46:
            real = True
            q += 1
            begin = q
            while q < self.end and 48 <= q[0] <= 57:
                q += 1
            if q == begin:
                raise self.unfinished(q, "digits are expected behind a point")
        if q < self.end and (q[0] | 32) == 101:
            real = True
            q += 1
            if q < self.end and (q[0] == 43 or q[0] == 45):
                q += 1
            begin = q
            while q < self.end and 48 <= q[0] <= 57:
                q += 1
            if q == begin:
                raise self.unfinished(q, "an exponent has digits")
        begin = self.p
        if not real and digits <= 18:
            self.p = q
            return self.small_integer(-small if negative else small)
        if real:  # the text ends with a byte that is no digit: bytes do, and read adds to them
            value = PyOS_string_to_double(<const char*>begin, NULL, None) if q == self.end else parsed(begin, q)
            self.p = q
            return self.builder.real(value)
        if digits > MOST_DIGITS:
            raise LimitError(f"an int of more than {MOST_DIGITS:,} digits: $int takes them as hexadecimal", "digits")
        integer = int(begin[:q - begin])
        self.p = q
        return self.builder.integer(integer)

    cdef object unfinished(self, const unsigned char* q, str text):
        if q == self.end:
            return TruncatedError("the text ends within a number")
        self.p = q
        return CorruptError(text)

    cdef uint32_t small_integer(self, long long value) except 0:
        cdef unsigned char data[9]
        cdef int i, width
        if -0x80000000 <= value <= 0x7FFFFFFF:
            width = 1 if 0 <= value < 256 else 2 if 0 <= value < 65536 else 4
            for i in range(4):
                data[i] = <unsigned char>(value >> (8 * i))
            return self.tape.put_leaf(INT, OP_BININT1 if width == 1 else OP_BININT2 if width == 2 else OP_BININT, 1,
                                      data, width)
        return self.builder.integer(value)

    cdef bint word(self, const char* text, int n) noexcept:
        if self.end - self.p < n or memcmp(self.p, text, n) != 0:
            return False
        self.p += n
        return True

    # -- the machine

    cdef int run(self) except -1:
        cdef int state = self.begin()
        cdef int c
        cdef Frame* frame
        while True:
            if state == VALUE:
                state = self.value()
            elif state == AFTER:
                if not self.depth:
                    break
                state = self.after()
            elif state == KEY:
                state = self.member()
            elif state == FIRST_ITEM:
                c = self.space()
                frame = &self.frames[self.depth - 1]
                if c == (125 if frame.what == MEMBERS else 93):
                    self.p += 1
                    state = self.close()
                elif frame.what == PAIRS:
                    state = self.pair()
                else:
                    state = KEY if frame.what == MEMBERS else VALUE
            elif state == STEP_OR_END:
                if self.space() == 93:
                    self.p += 1
                    self.depth -= 1
                    state = AFTER
                else:
                    state = self.step()
            else:
                state = self.field()
        while self.p < self.end:
            if self.p[0] != 32 and self.p[0] != 10 and self.p[0] != 13 and self.p[0] != 9:
                raise CorruptError("something follows the value")
            self.p += 1
        return 0

    cdef int begin(self) except -1:
        """Whether the text has an envelope: an object whose first key is "$perdure"."""
        cdef const unsigned char* q
        if self.space() != 123:
            return VALUE
        q = self.p
        self.p += 1
        if self.space() == 34 and self.string_object() == "$perdure":
            self.expect(58)
            self.space()
            q = self.p
            version = self.whole_number()
            if version != 1:
                self.p = q
                raise CorruptError(f"version {version} of the vocabulary, of which this release of perdure knows 1")
            self.enveloped = True
            self.open(ENVELOPE, 0, 0)
            return AFTER
        self.p = q
        return VALUE

    cdef object whole_number(self):
        cdef const unsigned char* q
        self.space()
        q = self.p
        while q < self.end and 48 <= q[0] <= 57 and q - self.p < 19:
            q += 1
        if q == self.p or (q[0] == 46) or (q[0] | 32) == 101:
            raise CorruptError("a whole number is expected")
        value = int(self.p[:q - self.p])
        self.p = q
        return value

    cdef int value(self) except -1:
        cdef int c = self.space()
        cdef Text text
        if c == 34:
            text = self.string()
            return self.deliver(self.builder.text_of(text.data, text.n))
        if c == 123:
            self.p += 1
            if self.enveloped:
                return self.opened()
            self.open(MEMBERS, self.tape.put_leaf(DICT, OP_EMPTY_DICT, 1, NULL, 0), OP_SETITEMS)
            return FIRST_ITEM
        if c == 91:
            self.p += 1
            self.open(ARRAY, self.tape.put_leaf(LIST, OP_EMPTY_LIST, 1, NULL, 0), OP_APPENDS)
            return FIRST_ITEM
        if c == 45 or 48 <= c <= 57:
            return self.deliver(self.number())
        if c == b"n" and self.word(b"null", 4):
            return self.deliver(self.builder.none())
        if c == b"t" and self.word(b"true", 4):
            return self.deliver(self.builder.boolean(True))
        if c == b"f" and self.word(b"false", 5):
            return self.deliver(self.builder.boolean(False))
        raise CorruptError("a value is expected" if c != b"N" and c != b"I" else "JSON has no NaN and no Infinity")

    cdef int deliver(self, uint32_t row) except -1:
        """A value is complete: it goes to the frame that asked for it."""
        cdef Frame* frame
        if not self.depth:
            self.root = row
            return AFTER
        frame = &self.frames[self.depth - 1]
        if frame.what == TAGGED:
            return self.take_node(frame, row)
        if frame.what == ENVELOPE:
            self.root = row
            return AFTER
        self.push(row)
        return AFTER

    cdef int after(self) except -1:
        """Behind a value, or what stands for one."""
        cdef Frame* frame = &self.frames[self.depth - 1]
        cdef int c = self.space()
        if frame.what == TAGGED or frame.what == ENVELOPE:
            if c == 125:
                self.p += 1
                return self.close_tagged()
            if c != 44:
                raise CorruptError("',' or '}' is expected")
            self.p += 1
            return FIELD
        if frame.what == STEP:
            self.expect(93)
            self.depth -= 1
            return AFTER
        if frame.what == PAIR:
            if self.count - frame.base == 1:
                self.expect(44)
                return VALUE
            self.expect(93)
            self.depth -= 1
            return AFTER
        if c == (125 if frame.what == MEMBERS else 93):
            self.p += 1
            if frame.what == STEPS:
                self.depth -= 1
                return AFTER
            return self.close()
        if c != 44:
            raise CorruptError("',' or '}' is expected" if frame.what == MEMBERS else "',' or ']' is expected")
        self.p += 1
        if frame.what == MEMBERS:
            return KEY
        return self.pair() if frame.what == PAIRS else self.step() if frame.what == STEPS else VALUE

    cdef int pair(self) except -1:
        self.expect(91)
        self.open(PAIR, 0, 0)
        return VALUE

    cdef int member(self) except -1:
        """A key and its colon."""
        cdef const unsigned char* q
        cdef Text text
        self.space()
        q = self.p
        text = self.string()
        if self.enveloped and text.n and text.data[0] == 36:
            self.p = q
            raise CorruptError("a key that begins with $ where no tag can be: such a dict is written as $dict")
        self.push(self.key(text))
        self.expect(58)
        return VALUE

    cdef int close(self) except -1:
        """A list or a dict, or the nodes of a tag, are complete."""
        cdef Frame frame = self.frames[self.depth - 1]
        self.depth -= 1
        if frame.row:
            self.builder.fill_with(frame.row, frame.op, self.nodes + frame.base, self.count - frame.base)
            self.count = frame.base
            return self.deliver(frame.row)
        return self.take_nodes(frame.base)

    # -- tags

    cdef int opened(self) except -1:
        """An object of which nothing but its brace has been read: a dict, or one with a tag."""
        cdef const unsigned char* q
        cdef Frame* frame
        if self.space() == 34:
            q = self.p
            tag = self.string_object()
            if tag.startswith("$"):
                self.p = q
                if tag == "$ref":
                    return self.reference()
                frame = self.open(TAGGED, 0, 0)
                return self.tag_of(frame, tag)
            self.p = q
        self.open(MEMBERS, self.tape.put_leaf(DICT, OP_EMPTY_DICT, 1, NULL, 0), OP_SETITEMS)
        return FIRST_ITEM

    cdef int reference(self) except -1:
        cdef const unsigned char* q
        self.string()
        self.expect(58)
        self.space()
        q = self.p
        row = self.labels.get(self.whole_number())
        if row is None:
            self.p = q
            raise CorruptError("a $ref to an $id that has not come yet")
        self.expect(125)
        return self.deliver(row)

    cdef int tag_of(self, Frame* frame, str tag) except -1:
        """The tag, at which `p` stands, says what follows."""
        cdef const unsigned char* q = self.p
        self.string()
        self.expect(58)
        if tag == "$id":
            if frame.label >= 0:
                self.p = q
                raise CorruptError("a second $id")
            self.space()
            q = self.p
            label = self.whole_number()
            if label in self.labels:
                self.p = q
                raise CorruptError("an $id that another one has")
            self.expect(44)
            self.space()
            q = self.p
            tag = self.string_object()
            self.p = q
            if not tag.startswith("$") or tag in ("$id", "$ref", "$name", "$extension"):
                raise CorruptError("behind an $id stands the tag that it is of")
            frame.label = label
            return self.tag_of(frame, tag)
        if tag in containers:
            frame.tag = containers[tag]
            self.row_of(frame, self.builder.begin(kinds[<int>frame.tag]))
            if frame.tag == DICT:
                return self.pairs()
            return self.sequence()
        if tag in objects:
            frame.tag = OBJECT
            self.row_of(frame, self.builder.begin("object"))
            self.tape.rows[frame.row].op = objects[tag]
            if self.space() == 34:
                frame.callee = self.name()
                frame.stage = ARGUMENTS
                return AFTER
            return VALUE
        if tag in self.forms:
            frame.tag = FORM
            self.row_of(frame, self.builder.begin("object"))
            self.fields.append([tag, {}, tag])
            return VALUE
        if tag == "$persistent":
            frame.tag = PERSISTENT
            self.row_of(frame, self.builder.begin("persistent"))
            return VALUE
        self.row_of(frame, self.leaf(tag, q))
        return AFTER

    cdef int row_of(self, Frame* frame, uint32_t row) except -1:
        frame.row = row
        if frame.label >= 0:
            self.labels[frame.label] = row
            self.tape.rows[row].flags |= AGAIN
        return 0

    cdef uint32_t leaf(self, str tag, const unsigned char* at) except 0:
        cdef const unsigned char* q
        if tag == "$name":
            return self.name()
        self.space()
        q = self.p
        if tag in ("$bytes", "$bytearray", "$string"):
            text = self.string_object()
            try:
                data = a2b_base64(text.encode("ascii"), strict_mode=True)
            except ValueError:
                self.p = q
                raise CorruptError("no base64") from None
            if tag == "$bytes":
                return self.builder.octets(data)
            return self.builder.octet_array(data) if tag == "$bytearray" else self.builder.string(data)
        if tag == "$float":
            text = self.string_object()
            value = special(text)
            if value is None:
                self.p = q
                raise CorruptError('a $float is "inf", "-inf" or "nan:" and sixteen hexadecimal digits')
            return self.tape.put_leaf(FLOAT, OP_BINFLOAT, 1, <bytes>value, 8)
        if tag == "$int":
            text = self.string_object()
            value = integer_of(text)
            if value is None:
                self.p = q
                raise CorruptError('an $int is decimal digits, at most 4,300, or "0x" and hexadecimal ones')
            return self.builder.integer(value)
        if tag == "$str":
            return self.broken_string()
        if tag == "$extension":
            value = self.whole_number()
            if not 0 < value <= 0x7FFFFFFF:
                self.p = q
                raise CorruptError("an extension's number is from 1 to 2,147,483,647")
            return self.builder.extension(value)
        if tag == "$buffer":
            if self.word(b"true", 4):
                return self.builder.buffer(True)
            if self.word(b"false", 5):
                return self.builder.buffer(False)
            raise CorruptError("true or false is expected: whether the buffer is read-only")
        self.p = at
        raise CorruptError(f"{tag[:50]!r} is no tag of version 1")

    cdef uint32_t broken_string(self) except 0:
        """Of pieces: strings, and the code points of lone surrogates."""
        cdef const unsigned char* q
        cdef bytearray whole = bytearray()
        cdef Text text
        self.expect(91)
        if self.space() == 93:
            self.p += 1
            return self.builder.text_of(b"", 0)
        while True:
            q = self.p
            if self.space() == 34:
                text = self.string()
                whole += text.data[:text.n]
            else:
                code = self.whole_number()
                if not 0xD800 <= code < 0xE000:
                    self.p = q
                    raise CorruptError("in a $str, numbers are the code points of surrogates")
                whole += chr(code).encode("utf-8", "surrogatepass")
            if self.space() == 93:
                self.p += 1
                return self.builder.text_of(whole, len(whole))
            self.expect(44)

    cdef uint32_t name(self) except 0:
        """"module:qualname", or both in an array."""
        cdef const unsigned char* q
        self.space()
        q = self.p
        if self.p[0] == 91:
            self.p += 1
            module = self.string_object()
            self.expect(44)
            name = self.string_object()
            self.expect(93)
            return self.builder.name(module, name)
        module, colon, name = self.string_object().partition(":")
        if not colon:
            self.p = q
            raise CorruptError("a name is \"module:qualname\"")
        return self.builder.name(module, name)

    cdef int sequence(self) except -1:
        self.expect(91)
        self.open(SEQUENCE, 0, 0)
        return FIRST_ITEM

    cdef int pairs(self) except -1:
        if self.space() == 123:
            self.p += 1
            self.open(MEMBERS, 0, 0)
        else:
            self.expect(91)
            self.open(PAIRS, 0, 0)
        return FIRST_ITEM

    cdef int step(self) except -1:
        """["what", ...] of "steps"."""
        cdef const unsigned char* q
        cdef Frame* frame
        self.expect(91)
        self.space()
        q = self.p
        op = fillings.get(self.string_object())
        if op is None:
            self.p = q
            raise CorruptError("a step is items, pairs, adds, state or call")
        self.expect(44)
        frame = self.open(STEP, self.frames[self.depth - 1].row, op)
        if op == OP_BUILD or op == OP_POP:
            frame.what = TAGGED
            frame.tag = 0
            frame.stage = FILLED
            return VALUE
        return self.pairs() if op == OP_SETITEMS else self.sequence()

    cdef int field(self) except -1:
        """A key of a tagged object, behind a comma."""
        cdef const unsigned char* q
        cdef Frame* frame = &self.frames[self.depth - 1]
        self.space()
        q = self.p
        key = self.string_object()
        self.expect(58)
        if frame.what == ENVELOPE:
            if key == "before" and self.before is None and not self.root:
                self.before = []
                return self.sequence()
            if key == "value" and not self.root:
                return VALUE
        elif frame.tag == FORM:
            form = self.fields[len(self.fields) - 1]
            if not key.startswith("$") and key not in form[1]:
                form[2] = key
                return VALUE
        elif frame.tag == OBJECT or frame.tag in kinds:
            if key == "steps" and not frame.seen:
                if frame.tag == OBJECT:
                    self.make(frame)
                frame.seen = 255
                self.expect(91)
                self.open(STEPS, frame.row, 0)
                return STEP_OR_END
            if frame.tag == OBJECT:
                state = self.object_field(frame, key)
                if state >= 0:
                    return state
        self.p = q
        raise CorruptError(f"{key[:50]!r} has no place here")

    cdef int object_field(self, Frame* frame, str key) except -2:
        """-1: no such field, here."""
        cdef int op = self.tape.rows[frame.row].op, bit
        if frame.stage == ARGUMENTS:
            if key == "arguments" and op != OP_OBJ:
                return VALUE
            if key == ("new" if op == OP_NEWOBJ else "args"):
                return self.sequence()
        if key == "kwargs" and op == OP_NEWOBJ and frame.stage <= KEYWORDS:
            frame.stage = KEYWORDS
            return VALUE
        if key not in fillings or key == "call":
            return -1
        bit = 1 if key == "items" else 2 if key == "pairs" else 4 if key == "adds" else 8
        if frame.seen & bit:
            return -1
        self.make(frame)
        frame.seen |= bit
        frame.op = fillings[key]
        if frame.op == OP_BUILD:
            return VALUE
        return self.pairs() if frame.op == OP_SETITEMS else self.sequence()

    cdef int take_node(self, Frame* frame, uint32_t row) except -1:
        """What a field of a tagged object is, where that is one node."""
        if frame.tag == 0:  # a step
            self.builder.fill_with(frame.row, frame.op, &row, 1)
            frame.what = STEP
        elif frame.tag == FORM:
            tag, fields, key = self.fields[len(self.fields) - 1]
            fields[key] = row
        elif frame.tag == PERSISTENT:
            self.builder.close(frame.row, &row, 1)
        elif frame.stage == CALLEE:
            frame.callee = row
            frame.stage = ARGUMENTS
        elif frame.stage == ARGUMENTS:
            frame.args = row
            frame.stage = KEYWORDS
        elif frame.stage == KEYWORDS:
            frame.kwargs = row
            frame.stage = FILLED
        else:
            self.builder.fill_with(frame.row, frame.op, &row, 1)
        return AFTER

    cdef int take_nodes(self, Py_ssize_t base) except -1:
        """What a field of a tagged object is, where that is a number of nodes."""
        cdef Frame* frame = &self.frames[self.depth - 1]
        cdef uint32_t* nodes = self.nodes + base
        cdef Py_ssize_t count = self.count - base
        cdef uint32_t row
        if frame.what == STEP:
            self.builder.fill_with(frame.row, frame.op, nodes, count)
        elif frame.what == ENVELOPE:
            self.tape.dropped = [nodes[i] for i in range(count)]
            for i in range(count):
                self.tape.rows[nodes[i]].uses += 1
        elif frame.tag == TUPLE or frame.tag == FROZENSET:
            self.builder.close(frame.row, nodes, count)
        elif frame.tag in kinds:
            self.builder.fill_with(frame.row, OP_APPENDS if frame.tag == LIST else OP_ADDITEMS if frame.tag == SET
                                   else OP_SETITEMS, nodes, count)
        elif frame.stage == ARGUMENTS and self.tape.rows[frame.row].op == OP_OBJ:
            self.push(0)
            nodes = self.nodes + base
            for i in range(count, 0, -1):
                nodes[i] = nodes[i - 1]
            nodes[0] = frame.callee
            self.builder.close(frame.row, nodes, count + 1)
            frame.stage = FILLED
        elif frame.stage == ARGUMENTS:
            row = self.builder.begin("tuple")
            self.builder.close(row, nodes, count)
            frame.args = row
            frame.stage = KEYWORDS
        else:
            self.builder.fill_with(frame.row, frame.op, nodes, count)
        self.count = base
        return AFTER

    cdef int make(self, Frame* frame) except -1:
        """An object of its callee and arguments, unless it is made."""
        cdef uint32_t parts[3]
        cdef Row* row
        if self.tape.rows[frame.row].first:
            return 0
        parts[0] = frame.callee
        if self.tape.rows[frame.row].op == OP_OBJ:
            frame.stage = FILLED
            return self.builder.close(frame.row, parts, 1)
        parts[1] = frame.args if frame.args else self.builder.begin("tuple")
        parts[2] = frame.kwargs
        if frame.kwargs:
            self.tape.rows[frame.row].op = OP_NEWOBJ_EX
        row = &self.tape.rows[parts[1]]
        if row.kind != TUPLE or (frame.kwargs and self.tape.rows[frame.kwargs].kind != DICT):
            raise CorruptError("arguments are a tuple, and kwargs a dict")
        frame.stage = FILLED
        return self.builder.close(frame.row, parts, 3 if frame.kwargs else 2)

    cdef int close_tagged(self) except -1:
        cdef Frame frame = self.frames[self.depth - 1]
        if frame.what == ENVELOPE:
            if not self.root:
                raise CorruptError("an envelope without a value")
        elif frame.tag == OBJECT:
            self.make(&frame)
        elif frame.tag == FORM:
            self.by_form(frame.row)
        self.depth -= 1
        return AFTER if frame.what == ENVELOPE else self.deliver(frame.row)

    # -- forms

    cdef int by_form(self, uint32_t row) except -1:
        tag, rows, _ = self.fields.pop()
        fields = {key: self.value_of(value, 3) for key, value in rows.items()}
        try:
            made = self.forms[tag](fields)
        except (ValueError, OverflowError) as error:
            raise CorruptError(f"{tag}: {str(error)[:200]}") from None
        return self.construct(row, made)

    cdef int construct(self, uint32_t row, made) except -1:
        """An object, as a form says: (how, callee, arguments, state or None)."""
        cdef uint32_t parts[2]
        how, callee, args, state = made
        self.tape.rows[row].op = <uint8_t>(OP_REDUCE if how == "call" else OP_NEWOBJ)
        if type(callee) is str:
            module, _, name = callee.partition(":")
            parts[0] = self.builder.name(module, name)
        else:
            parts[0] = self.row_for(callee)
        parts[1] = self.row_for(args)
        self.builder.close(row, parts, 2)
        if state is not None:
            parts[0] = self.row_for(state)
            self.builder.fill_with(row, OP_BUILD, parts, 1)
        return 0

    cdef uint32_t row_for(self, value) except 0:
        """The node of what a form gives."""
        cdef uint32_t row
        if type(value) is Node:
            return (<Node>value).row
        if type(value) is tuple:
            row = self.builder.begin("tuple")
            self.builder.made_of(row, "items", [self.row_for(each) for each in value])
            return row
        if value is None:
            return self.builder.none()
        if type(value) is bool:
            return self.builder.boolean(value)
        if type(value) is int:
            return self.builder.integer(value)
        if type(value) is float:
            return self.builder.real(value)
        if type(value) is str:
            return self.builder.key(value)
        if type(value) is bytes:
            return self.builder.octets(value)
        if type(value) is bytearray:
            return self.builder.octet_array(value)
        if type(value) is dict:
            row = self.builder.begin("dict")
            self.builder.fill(row, "pairs", [self.row_for(each) for pair in value.items() for each in pair])
            return row
        if isinstance(value, str):  # of a type of its own: a name
            module, _, name = value.partition(":")
            return self.builder.name(str(module), str(name))
        if type(value) is list:  # an object in an object
            row = self.builder.begin("object")
            self.construct(row, value)
            return row
        raise TypeError(f"a form gives no {type(value).__name__}")

    cdef object value_of(self, uint32_t row, int depth):
        """A node as a form sees it: a leaf's value, a list or a dict of such; or the node."""
        cdef Row* r = &self.tape.rows[row]
        cdef Part* part
        cdef uint32_t i
        if r.kind <= STR:
            return self.tape.leaf(row)
        if depth and not r.flags & AGAIN and (r.kind == LIST or r.kind == DICT):
            if not r.first:
                return [] if r.kind == LIST else {}
            part = &self.tape.parts[r.first]
            if not part.next:
                values = [self.value_of(self.tape.children[part.start + i], depth - 1) for i in range(part.count)]
                if r.kind == LIST:
                    return values
                if all([type(key) is str for key in values[::2]]):
                    return dict(zip(values[::2], values[1::2], strict=True))
        return node(self.tape, row)


cdef double parsed(const unsigned char* begin, const unsigned char* end) except? -1.0:
    cdef char small[64]
    cdef Py_ssize_t n = end - begin
    if n < 64:
        memcpy(small, begin, n)
        small[n] = 0
        return PyOS_string_to_double(small, NULL, None)
    return PyOS_string_to_double(begin[:n], NULL, None)


cdef object special(str text):
    """The eight bytes of what JSON has no number for; None where it is none."""
    if text == "inf":
        return b"\x7f\xf0\0\0\0\0\0\0"
    if text == "-inf":
        return b"\xff\xf0\0\0\0\0\0\0"
    if len(text) == 20 and text.startswith("nan:"):
        try:
            bits = bytes.fromhex(text[4:])
        except ValueError:
            return None
        if len(bits) == 8 and bits[0] & 0x7F == 0x7F and bits[1] & 0xF0 == 0xF0 and (bits[1] & 15 or any(bits[2:])):
            return bits
    return None


cdef object integer_of(str text):
    digits = text.removeprefix("-")
    if digits.startswith("0x") and digits[2:].isalnum() and digits.isascii():
        try:
            return int(text, 16)
        except ValueError:
            return None
    if digits.isdecimal() and digits.isascii() and len(digits) <= MOST_DIGITS:
        return int(text)
    return None


def read(bytes text, forms):
    """The graph of a text in UTF-8, which the caller vouches for. ``forms``: by tag, a function that makes of fields
    ("call" or "new", callee, arguments, state), or raises ValueError.

    CorruptError, and TruncatedError where the text only ends too early, with the offset in bytes; LimitError.
    """
    cdef Reader reader = Reader(forms)
    reader.start = reader.p = text
    reader.end = reader.p + len(text)
    try:
        reader.run()
    except CorruptError as error:
        if error.offset is None:
            error.offset = reader.p - reader.start
        raise
    return reader.builder.finish(reader.root)
