"""The machine that a JSON text runs: RFC 8259, from the text to a tape, with a stack of frames for what is open.

It knows that in an envelope an object can be tagged, and leaves what that means to its subclasses, json_leaves and
json_reader.

- No recursion: depth costs memory and nothing else.
- Memory is a small multiple of the text; no number in it makes room for anything.
"""

from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp

from perdure._engine.graph.assembly cimport Builder
from perdure._engine.graph.stack cimport *
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.text.json_machine cimport *
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
    MOST_KNOWN = 1024  # strings that may come again


cdef dict WORDS = {
    b"new": WORD_NEW, b"args": WORD_ARGS, b"arguments": WORD_ARGUMENTS, b"kwargs": WORD_KWARGS, b"items": WORD_ITEMS,
    b"pairs": WORD_PAIRS, b"adds": WORD_ADDS, b"state": WORD_STATE, b"call": WORD_CALL, b"steps": WORD_STEPS,
    b"before": WORD_BEFORE, b"value": WORD_VALUE,
    b"$list": LIST, b"$tuple": TUPLE, b"$set": SET, b"$frozenset": FROZENSET, b"$dict": DICT, b"$ref": REF, b"$id": ID,
    b"$object": NEW, b"$call": CALL, b"$inst": INST, b"$bytes": BYTES_, b"$bytearray": BYTEARRAY_, b"$string": STRING_,
    b"$float": FLOAT_, b"$int": INT_, b"$str": STR_, b"$name": NAME_, b"$extension": EXTENSION_, b"$buffer": BUFFER_,
    b"$persistent": PERSISTENT_, b"$altered": ALTERED_,
}
cdef dict words_of_tags = {}  # with the tags of forms, by which those are


cdef dict words_with(tuple tags):
    words = words_of_tags.get(tags)
    if words is None:
        words = words_of_tags[tags] = {tag.encode(): FORM + i for i, tag in enumerate(tags)} | WORDS
    return words


cdef class Machine(Scanner):
    """A text, the frames that are open in it, and the tape that it becomes."""

    def __cinit__(self, bytes text, dict forms):
        cdef size_t slots = 16
        self.start = self.p = text
        self.end = self.p + len(text)
        self.builder = Builder()
        self.tape = self.builder.tape
        self.words = words_with(tuple(forms))
        self.forms = list(forms.items())
        self.labels = {}
        self.frame_room = 64
        self.frames = <Frame*>PyMem_Malloc(64 * sizeof(Frame))
        begin_stack(&self.nodes)
        begin_stack(&self.labelled)
        push_row(&self.labelled, 0)  # ours begin with 1
        while slots < MOST_KNOWN and slots * 8 < <size_t>len(text):
            slots *= 2
        self.known_slots = slots
        self.known = <Known*>PyMem_Calloc(3 * slots, sizeof(Known))
        if self.frames == NULL or self.known == NULL:
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self.frames)
        end_stack(&self.nodes)
        end_stack(&self.labelled)
        PyMem_Free(self.known)

    # -- stacks

    cdef Frame* open(self, int what, uint32_t row, int op) except NULL:
        cdef Frame* frame
        if self.depth == self.frame_room:
            self.frames = <Frame*>doubled(self.frames, &self.frame_room, sizeof(Frame))
        frame = &self.frames[self.depth]
        self.depth += 1
        frame.what = <uint8_t>what
        frame.tag = frame.stage = frame.seen = 0
        frame.op = <uint8_t>op
        frame.row = row
        frame.callee = frame.args = frame.kwargs = 0
        frame.base = self.nodes.count
        return frame

    cdef inline int push(self, uint32_t row) except -1:
        return push_row(&self.nodes, row)

    # -- strings that come again

    cdef Known* place(self, int third, Text text) noexcept:
        """Where a string is if it came before, and nothing took its place."""
        return &self.known[third * self.known_slots + (mixed(text.data, text.n) & (self.known_slots - 1))]

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
            if self.nodes.count - frame.base == 1:
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
            self.builder.fill_with(frame.row, frame.op, self.nodes.at + frame.base, self.nodes.count - frame.base)
            self.nodes.count = frame.base
            return self.deliver(frame.row)
        return self.take_nodes(frame.base)

    # -- what a subclass knows

    cdef int opened(self) except -1:
        """An object of which nothing but its brace has been read."""
        raise NotImplementedError

    cdef int field(self) except -1:
        """A key of a tagged object, behind a comma."""
        raise NotImplementedError

    cdef int step(self) except -1:
        """["what", ...] of "steps"."""
        raise NotImplementedError

    cdef int take_node(self, Frame* frame, uint32_t row) except -1:
        """What a field of a tagged object is, where that is one node."""
        raise NotImplementedError

    cdef int take_nodes(self, Py_ssize_t base) except -1:
        """What a field of a tagged object is, where that is a number of nodes."""
        raise NotImplementedError

    cdef int close_tagged(self) except -1:
        raise NotImplementedError
