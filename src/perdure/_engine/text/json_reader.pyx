"""From a JSON text to a tape: RFC 8259, and in an envelope the vocabulary of docs/json.md.

Rules:
- No recursion: what is open is a stack of frames, so that depth costs memory and nothing else.
- Nothing is imported or built; a name is two strings.
- Memory is a small multiple of the text; no number in it makes room for anything.
"""

from binascii import a2b_base64

from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp, memset

from perdure._engine.graph.assembly cimport Builder
from perdure._engine.graph.nodes cimport Node, node
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.text.scanner cimport Scanner, space

from perdure.errors import CorruptError

cdef extern from *:
    """
    static inline uint32_t perdure_mixed(const unsigned char *p, Py_ssize_t n)
    {
        uint32_t x = (uint32_t)n;
        if (n)
            x = x * 31 + p[0] + p[n >> 1] * 0x1003Fu + p[n - 1] * 0x60F1u;
        return x * 0x9E3779B1u >> 16;
    }
    """
    uint32_t mixed "perdure_mixed"(const unsigned char*, Py_ssize_t) noexcept

cdef enum:
    KNOWN = 1024  # strings that may come again

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

cdef enum:  # what an object lacks yet
    CALLEE
    ARGUMENTS
    KEYWORDS
    FILLED

cdef enum:  # words: fields, and tags beside the Kinds, which are those of containers
    WORD_NEW = 20
    WORD_ARGS
    WORD_ARGUMENTS
    WORD_KWARGS
    WORD_ITEMS
    WORD_PAIRS
    WORD_ADDS
    WORD_STATE
    WORD_CALL
    WORD_STEPS
    WORD_BEFORE
    WORD_VALUE
    REF = 40
    ID
    NEW
    CALL
    INST
    BYTES_
    BYTEARRAY_
    STRING_
    FLOAT_
    INT_
    STR_
    NAME_
    EXTENSION_
    BUFFER_
    PERSISTENT_
    FORM       # and those of the forms, from here on

cdef struct Frame:
    uint8_t what
    uint8_t tag
    uint8_t op       # by which what comes is taken
    uint8_t stage
    uint8_t seen     # which fillings came
    uint32_t row
    uint32_t callee
    uint32_t args
    uint32_t kwargs
    Py_ssize_t base  # of its nodes

cdef struct Known:
    const unsigned char* data
    Py_ssize_t n
    uint32_t row

cdef dict WORDS = {
    b"new": WORD_NEW, b"args": WORD_ARGS, b"arguments": WORD_ARGUMENTS, b"kwargs": WORD_KWARGS, b"items": WORD_ITEMS,
    b"pairs": WORD_PAIRS, b"adds": WORD_ADDS, b"state": WORD_STATE, b"call": WORD_CALL, b"steps": WORD_STEPS,
    b"before": WORD_BEFORE, b"value": WORD_VALUE,
    b"$list": LIST, b"$tuple": TUPLE, b"$set": SET, b"$frozenset": FROZENSET, b"$dict": DICT, b"$ref": REF, b"$id": ID,
    b"$object": NEW, b"$call": CALL, b"$inst": INST, b"$bytes": BYTES_, b"$bytearray": BYTEARRAY_, b"$string": STRING_,
    b"$float": FLOAT_, b"$int": INT_, b"$str": STR_, b"$name": NAME_, b"$extension": EXTENSION_, b"$buffer": BUFFER_,
    b"$persistent": PERSISTENT_,
}
cdef uint8_t filling[WORD_STEPS]
filling[<int>WORD_ITEMS] = OP_APPENDS
filling[<int>WORD_PAIRS] = OP_SETITEMS
filling[<int>WORD_ADDS] = OP_ADDITEMS
filling[<int>WORD_STATE] = OP_BUILD
filling[<int>WORD_CALL] = OP_POP


cdef class Reader(Scanner):
    cdef Builder builder
    cdef Tape tape
    cdef Frame* frames
    cdef Py_ssize_t depth, frame_room
    cdef uint32_t* nodes     # of the frames that are open
    cdef Py_ssize_t count, node_room
    cdef Known* known        # strings that came: keys, words and names, each in its third
    cdef dict words          # tags and fields: their numbers
    cdef list forms          # by number: (tag, function)
    cdef uint32_t* labelled  # by $id, as long as they come in order
    cdef Py_ssize_t label_count, label_room
    cdef dict labels         # the other ones
    cdef dict callees
    cdef bint enveloped, before
    cdef uint32_t root

    def __cinit__(self, dict forms):
        self.builder = Builder()
        self.tape = self.builder.tape
        self.words = {tag.encode(): FORM + i for i, tag in enumerate(forms)} | WORDS
        self.forms = list(forms.items())
        self.labels = {}
        self.callees = {}
        self.frame_room = self.node_room = self.label_room = 64
        self.frames = <Frame*>PyMem_Malloc(64 * sizeof(Frame))
        self.nodes = <uint32_t*>PyMem_Malloc(64 * sizeof(uint32_t))
        self.labelled = <uint32_t*>PyMem_Malloc(64 * sizeof(uint32_t))
        self.known = <Known*>PyMem_Malloc(3 * KNOWN * sizeof(Known))
        if self.frames == NULL or self.nodes == NULL or self.labelled == NULL or self.known == NULL:
            raise MemoryError
        memset(self.known, 0, 3 * KNOWN * sizeof(Known))

    def __dealloc__(self):
        PyMem_Free(self.frames)
        PyMem_Free(self.nodes)
        PyMem_Free(self.labelled)
        PyMem_Free(self.known)

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

    # -- strings that come again

    cdef Known* place(self, int third, Text text) noexcept:
        """Where a string is if it came before, and nothing took its place."""
        return &self.known[third * KNOWN + mixed(text.data, text.n) % KNOWN]

    cdef inline bint is_known(self, Known* known, Text text) noexcept:
        return known.data != NULL and known.n == text.n and memcmp(known.data, text.data, text.n) == 0

    cdef inline int remember(self, Known* known, Text text, uint32_t row) except -1:
        if not self.escaped:  # else it lies where the next one will
            known.data = text.data
            known.n = text.n
            known.row = row
        return 0

    cdef uint32_t key(self, Text text) except 0:
        """One node for keys that are equal, mostly."""
        cdef Known* known = self.place(0, text)
        cdef uint32_t row
        if self.is_known(known, text):
            return known.row
        row = self.builder.text_of(text.data, text.n)
        self.remember(known, text, row)
        return row

    cdef int word_number(self, Text text) except -1:
        """0: it is none."""
        cdef Known* known = self.place(1, text)
        cdef int number
        if self.is_known(known, text):
            return <int>known.row
        number = self.words.get(text.data[:text.n], 0)
        self.remember(known, text, number)
        return number

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
                c = space(self)
                frame = &self.frames[self.depth - 1]
                if c == (125 if frame.what == MEMBERS else 93):
                    self.p += 1
                    state = self.close()
                elif frame.what == PAIRS:
                    state = self.pair()
                else:
                    state = KEY if frame.what == MEMBERS else VALUE
            elif state == STEP_OR_END:
                if space(self) == 93:
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
        if space(self) != 123:
            return VALUE
        q = self.p
        self.p += 1
        if space(self) == 34 and self.string_object() == "$perdure":
            self.expect(58)
            space(self)
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

    cdef int value(self) except -1:
        cdef int c = space(self), kind
        cdef long long whole = 0
        cdef double real = 0.0
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
            kind = self.number(&whole, &real)
            if kind == 0:
                return self.deliver(self.builder.real(real))
            return self.deliver(self.small_integer(whole) if kind == 1 else self.builder.integer(self.large_integer()))
        if c == b"n" and self.word(b"null", 4):
            return self.deliver(self.builder.none())
        if c == b"t" and self.word(b"true", 4):
            return self.deliver(self.builder.boolean(True))
        if c == b"f" and self.word(b"false", 5):
            return self.deliver(self.builder.boolean(False))
        raise CorruptError("a value is expected" if c != b"N" and c != b"I" else "JSON has no NaN and no Infinity")

    cdef uint32_t small_integer(self, long long value) except 0:
        cdef unsigned char data[9]
        cdef int i, width
        if -0x80000000 <= value <= 0x7FFFFFFF:
            width = 1 if 0 <= value < 256 else 2 if 0 <= value < 65536 else 4
        else:
            width = 8
        for i in range(8):
            data[i] = <unsigned char>(value >> (8 * i))
        if width == 8:
            while width > 5 and data[width - 1] == (0 if data[width - 2] < 128 else 255):
                width -= 1
            return self.tape.put_leaf(INT, OP_LONG1, 2, data, width)
        return self.tape.put_leaf(INT, OP_BININT1 if width == 1 else OP_BININT2 if width == 2 else OP_BININT, 1, data,
                                  width)

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
        cdef int c = space(self)
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
        space(self)
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
        cdef Text text
        if space(self) == 34 and self.p + 1 < self.end and (self.p[1] == 36 or self.p[1] == 92):
            q = self.p
            text = self.string()
            if text.n and text.data[0] == 36:
                return self.tagged(q, self.word_number(text))
            self.p = q
        self.open(MEMBERS, self.tape.put_leaf(DICT, OP_EMPTY_DICT, 1, NULL, 0), OP_SETITEMS)
        return FIRST_ITEM

    cdef int tagged(self, const unsigned char* at, int tag) except -1:
        """The tag, which stands at `at`, says what follows."""
        cdef Frame* frame
        cdef long long label = -1
        cdef Text text
        self.expect(58)
        if tag == REF:
            return self.reference()
        if tag == ID:
            label = self.label()
            self.expect(44)
            space(self)
            at = self.p
            text = self.string()
            tag = self.word_number(text)
            if tag == ID or tag == REF or tag == NAME_ or tag == EXTENSION_ or not tag:
                self.p = at
                raise CorruptError("behind an $id stands the tag that it is of")
            self.expect(58)
        if not tag:
            self.p = at
            raise CorruptError(f"{self.string_object()[:50]!r} is no tag of version 1")
        frame = self.open(TAGGED, 0, 0)
        frame.tag = <uint8_t>tag
        if BYTES_ <= tag <= BUFFER_:
            frame.row = self.leaf(tag)
        elif tag == LIST or tag == DICT or tag == SET:
            frame.row = self.tape.put_leaf(tag, OP_EMPTY_LIST if tag == LIST else OP_EMPTY_DICT if tag == DICT
                                           else OP_EMPTY_SET, 1, NULL, 0)
        elif tag == TUPLE or tag == FROZENSET:
            frame.row = self.tape.put_leaf(tag, OP_EMPTY_TUPLE if tag == TUPLE else OP_FROZENSET, 1, NULL, 0)
        elif tag == PERSISTENT_:
            frame.row = self.tape.put_leaf(PERSISTENT, OP_BINPERSID, 1, NULL, 0)
        else:
            frame.row = self.tape.put_leaf(OBJECT, OP_NEWOBJ if tag == NEW else OP_OBJ if tag == INST else OP_REDUCE, 1,
                                           NULL, 0)
        if label >= 0:
            self.tape.rows[frame.row].flags |= AGAIN  # so that forms see it as a node
            self.set_label(label, frame.row)
        if NEW <= tag <= INST:
            if space(self) != 34:
                return VALUE
            frame.callee = self.name()
            frame.stage = ARGUMENTS
            return AFTER
        if BYTES_ <= tag <= BUFFER_:
            return AFTER
        if tag >= PERSISTENT_:
            return VALUE
        return self.pairs() if tag == DICT else self.sequence()

    cdef long long label(self) except -1:
        cdef const unsigned char* q
        cdef long long label
        space(self)
        q = self.p
        label = self.whole_number()
        if self.row_labelled(label):
            self.p = q
            raise CorruptError("an $id that another one has")
        return label

    cdef uint32_t row_labelled(self, long long label):
        cdef uint32_t row = self.labelled[label] if label < self.label_count else 0
        return row if row or not self.labels else self.labels.get(label, 0)

    cdef int set_label(self, long long label, uint32_t row) except -1:
        cdef uint32_t* moved
        if self.label_count == 0:
            self.labelled[0] = 0  # ours begin with 1
            self.label_count = 1
        if label != self.label_count:
            self.labels[label] = row
            return 0
        if self.label_count == self.label_room:
            moved = <uint32_t*>PyMem_Realloc(self.labelled, 2 * self.label_room * sizeof(uint32_t))
            if moved == NULL:
                raise MemoryError
            self.labelled = moved
            self.label_room *= 2
        self.labelled[self.label_count] = row
        self.label_count += 1
        return 0

    cdef int reference(self) except -1:
        cdef const unsigned char* q
        cdef uint32_t row
        space(self)
        q = self.p
        row = self.row_labelled(self.whole_number())
        if not row:
            self.p = q
            raise CorruptError("a $ref to an $id that has not come yet")
        self.expect(125)
        return self.deliver(row)

    cdef uint32_t leaf(self, int tag) except 0:
        cdef const unsigned char* q
        space(self)
        q = self.p
        if tag == NAME_:
            return self.name()
        if tag == STR_:
            return self.broken_string()
        if tag == BUFFER_:
            if self.word(b"true", 4):
                return self.builder.buffer(True)
            if self.word(b"false", 5):
                return self.builder.buffer(False)
            raise CorruptError("true or false is expected: whether the buffer is read-only")
        if tag == EXTENSION_:
            value = self.whole_number()
            if not 0 < value <= 0x7FFFFFFF:
                self.p = q
                raise CorruptError("an extension's number is from 1 to 2,147,483,647")
            return self.builder.extension(value)
        text = self.string_object()
        if tag == FLOAT_:
            value = special(text)
        elif tag == INT_:
            value = integer_of(text)
        else:
            value = decoded(text)
        if value is None:
            self.p = q
            raise CorruptError('a $float is "inf", "-inf" or "nan:" and sixteen hexadecimal digits' if tag == FLOAT_
                               else 'an $int is decimal digits, at most 4,300, or "0x" and hexadecimal ones'
                               if tag == INT_ else "no base64")
        if tag == FLOAT_:
            return self.tape.put_leaf(FLOAT, OP_BINFLOAT, 1, <bytes>value, 8)
        if tag == INT_:
            return self.builder.integer(value)
        if tag == BYTES_:
            return self.builder.octets(value)
        return self.builder.octet_array(value) if tag == BYTEARRAY_ else self.builder.string(value)

    cdef uint32_t broken_string(self) except 0:
        """Of pieces: strings, and the code points of lone surrogates."""
        cdef const unsigned char* q
        cdef bytearray whole = bytearray()
        cdef Text text
        self.expect(91)
        if space(self) == 93:
            self.p += 1
            return self.builder.text_of(b"", 0)
        while True:
            q = self.p
            if space(self) == 34:
                text = self.string()
                whole += text.data[:text.n]
            else:
                code = self.whole_number()
                if not 0xD800 <= code < 0xE000:
                    self.p = q
                    raise CorruptError("in a $str, numbers are the code points of surrogates")
                whole += chr(code).encode("utf-8", "surrogatepass")
            if space(self) == 93:
                self.p += 1
                return self.builder.text_of(whole, len(whole))
            self.expect(44)

    cdef uint32_t name(self) except 0:
        """"module:qualname", or both in an array."""
        cdef const unsigned char* q = self.p
        cdef Text text
        cdef Known* known
        cdef uint32_t row
        if q[0] == 91:
            self.p += 1
            module = self.string_object()
            self.expect(44)
            name = self.string_object()
            self.expect(93)
            return self.builder.name(module, name)
        text = self.string()
        known = self.place(2, text)
        if self.is_known(known, text):
            return known.row
        module, colon, name = text.data[:text.n].decode("utf-8", "surrogatepass").partition(":")
        if not colon:
            self.p = q
            raise CorruptError('a name is "module:qualname"')
        row = self.builder.name(module, name)
        self.remember(known, text, row)
        return row

    cdef int sequence(self) except -1:
        self.expect(91)
        self.open(SEQUENCE, 0, 0)
        return FIRST_ITEM

    cdef int pairs(self) except -1:
        if space(self) == 123:
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
        cdef int word
        self.expect(91)
        space(self)
        q = self.p
        word = self.word_number(self.string())
        if not WORD_ITEMS <= word <= WORD_CALL:
            self.p = q
            raise CorruptError("a step is items, pairs, adds, state or call")
        self.expect(44)
        frame = self.open(STEP, self.frames[self.depth - 1].row, filling[word])
        if word == WORD_STATE or word == WORD_CALL:
            frame.what = TAGGED
            frame.tag = 0
            return VALUE
        return self.pairs() if word == WORD_PAIRS else self.sequence()

    cdef int field(self) except -1:
        """A key of a tagged object, behind a comma."""
        cdef const unsigned char* q
        cdef Frame* frame = &self.frames[self.depth - 1]
        cdef Text text
        cdef int state = -1
        space(self)
        q = self.p
        text = self.string()
        if frame.tag >= FORM:
            if text.n == 0 or text.data[0] != 36:
                self.push(self.key(text))
                self.expect(58)
                return VALUE
        else:
            state = self.known_field(frame, self.word_number(text))
        if state < 0:
            self.p = q
            raise CorruptError(f"{self.string_object()[:50]!r} has no place here")
        return state

    cdef int known_field(self, Frame* frame, int word) except -2:
        """-1: a tagged object has none, here. Behind the key stands a colon."""
        cdef int op, bit
        if frame.what == ENVELOPE:
            if self.root or not (word == WORD_VALUE or (word == WORD_BEFORE and not self.before)):
                return -1
            self.expect(58)
            self.before = True
            return VALUE if word == WORD_VALUE else self.sequence()
        if LIST <= frame.tag <= FROZENSET:
            if word != WORD_STEPS or frame.seen:
                return -1
            return self.steps(frame)
        if not NEW <= frame.tag <= INST:
            return -1
        op = self.tape.rows[frame.row].op
        if frame.stage == ARGUMENTS and ((word == WORD_ARGUMENTS and frame.tag != INST) or
                                         word == (WORD_NEW if frame.tag == NEW else WORD_ARGS)):
            self.expect(58)
            return VALUE if word == WORD_ARGUMENTS else self.sequence()
        if word == WORD_KWARGS and frame.tag == NEW and frame.stage <= KEYWORDS:
            frame.stage = KEYWORDS
            self.expect(58)
            return VALUE
        if word == WORD_STEPS and not frame.seen:
            self.make(frame)
            return self.steps(frame)
        if not WORD_ITEMS <= word <= WORD_STATE:
            return -1
        bit = 1 << (word - WORD_ITEMS)
        if frame.seen & bit:
            return -1
        self.make(frame)
        frame.seen |= <uint8_t>bit
        frame.op = filling[word]
        self.expect(58)
        if word == WORD_STATE:
            return VALUE
        return self.pairs() if word == WORD_PAIRS else self.sequence()

    cdef int steps(self, Frame* frame) except -2:
        frame.seen = 255
        self.expect(58)
        self.expect(91)
        self.open(STEPS, frame.row, 0)
        return STEP_OR_END

    cdef int take_node(self, Frame* frame, uint32_t row) except -1:
        """What a field of a tagged object is, where that is one node."""
        if frame.tag >= FORM:
            self.push(row)
        elif frame.tag == 0:  # a step
            self.builder.fill_with(frame.row, frame.op, &row, 1)
            frame.what = STEP
        elif frame.tag == PERSISTENT_:
            self.builder.close(frame.row, &row, 1)
        elif frame.stage == FILLED:
            self.builder.fill_with(frame.row, frame.op, &row, 1)
        elif frame.stage == CALLEE:
            frame.callee = row
            frame.stage = ARGUMENTS
        elif frame.stage == ARGUMENTS:
            frame.args = row
            frame.stage = KEYWORDS
        else:
            frame.kwargs = row
            frame.stage = FILLED
        return AFTER

    cdef int take_nodes(self, Py_ssize_t base) except -1:
        """What a field of a tagged object is, where that is a number of nodes."""
        cdef Frame* frame = &self.frames[self.depth - 1]
        cdef uint32_t* nodes = self.nodes + base
        cdef Py_ssize_t i, count = self.count - base
        if frame.what == STEP or frame.stage == FILLED:
            self.builder.fill_with(frame.row, frame.op, nodes, count)
        elif frame.what == ENVELOPE:
            self.tape.dropped = [nodes[i] for i in range(count)]
            for i in range(count):
                self.tape.rows[nodes[i]].uses += 1
        elif frame.tag == TUPLE or frame.tag == FROZENSET:
            self.builder.close(frame.row, nodes, count)
        elif frame.tag <= FROZENSET:
            self.builder.fill_with(frame.row, OP_APPENDS if frame.tag == LIST else OP_ADDITEMS if frame.tag == SET
                                   else OP_SETITEMS, nodes, count)
        elif frame.tag == INST:
            self.push(0)
            nodes = self.nodes + base
            for i in range(count, 0, -1):
                nodes[i] = nodes[i - 1]
            nodes[0] = frame.callee
            self.builder.close(frame.row, nodes, count + 1)
            frame.stage = FILLED
        else:
            frame.args = self.tuple_of(nodes, count)
            frame.stage = KEYWORDS
        self.count = base
        return AFTER

    cdef uint32_t tuple_of(self, const uint32_t* nodes, Py_ssize_t count) except 0:
        cdef uint32_t row = self.tape.put_leaf(TUPLE, OP_EMPTY_TUPLE, 1, NULL, 0)
        self.builder.close(row, nodes, count)
        return row

    cdef int make(self, Frame* frame) except -1:
        """An object of its callee and arguments, unless it is made."""
        cdef uint32_t parts[3]
        if self.tape.rows[frame.row].first:
            return 0
        parts[0] = frame.callee
        if frame.tag == INST:
            frame.stage = FILLED
            return self.builder.close(frame.row, parts, 1)
        parts[1] = frame.args if frame.args else self.tuple_of(NULL, 0)
        parts[2] = frame.kwargs
        if frame.kwargs:
            self.tape.rows[frame.row].op = OP_NEWOBJ_EX
        frame.stage = FILLED
        return self.builder.close(frame.row, parts, 3 if frame.kwargs else 2)

    cdef int close_tagged(self) except -1:
        cdef Frame frame = self.frames[self.depth - 1]
        if frame.what == ENVELOPE:
            if not self.root:
                raise CorruptError("an envelope without a value")
            self.depth -= 1
            return AFTER
        if NEW <= frame.tag <= INST:
            self.make(&frame)
        elif frame.tag >= FORM:
            self.by_form(&frame)
        self.depth -= 1
        return self.deliver(frame.row)

    # -- forms

    cdef int by_form(self, Frame* frame) except -1:
        cdef Py_ssize_t i
        tag, form = self.forms[frame.tag - FORM]
        fields = {tag: self.value_of(self.nodes[frame.base], 3)}
        for i in range(frame.base + 1, self.count, 2):
            key = self.tape.leaf(self.nodes[i])
            if key in fields:
                raise CorruptError(f"{key:.50} comes twice")
            fields[key] = self.value_of(self.nodes[i + 1], 3)
        self.count = frame.base
        try:
            made = form(fields)
        except (ValueError, OverflowError) as error:
            raise CorruptError(f"{tag}: {str(error)[:200]}") from None
        return self.construct(frame.row, made)

    cdef int construct(self, uint32_t row, made) except -1:
        """An object, as a form says: (how, callee, arguments, state or None)."""
        cdef uint32_t parts[2]
        how, callee, args, state = made
        self.tape.rows[row].op = <uint8_t>(OP_REDUCE if how == "call" else OP_NEWOBJ)
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
        cdef Py_ssize_t base = self.count
        if type(value) is tuple:
            for each in <tuple>value:
                self.push(self.row_for(each))
            row = self.tuple_of(self.nodes + base, self.count - base)
            self.count = base
            return row
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
            for key, each in (<dict>value).items():
                self.push(self.builder.key(key))
                self.push(self.row_for(each))
            row = self.tape.put_leaf(DICT, OP_EMPTY_DICT, 1, NULL, 0)
            self.builder.fill_with(row, OP_SETITEMS, self.nodes + base, self.count - base)
            self.count = base
            return row
        if isinstance(value, str):  # of a type of its own: a name
            return self.callee(str(value))
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


cdef object decoded(str text):
    """The bytes of base64; None where it is none."""
    try:
        return a2b_base64(text.encode("ascii"), strict_mode=True)
    except ValueError:
        return None


cdef object integer_of(str text):
    digits = text.removeprefix("-")
    if digits.startswith("0x") and digits[2:].isalnum() and digits.isascii():
        try:
            return int(text, 16)
        except ValueError:
            return None
    if digits.isdecimal() and digits.isascii() and len(digits) <= 4300:
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
