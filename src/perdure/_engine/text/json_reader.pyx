"""From a JSON text to a tape: the vocabulary of docs/json.md, in an envelope.

Nothing is imported or built; a name is two strings. What a text says is checked as it is read, in its order: an error
is where `p` stands.
"""

from libc.stdint cimport uint8_t, uint32_t

from perdure._engine.collector cimport pause, resume
from perdure._engine.graph.nodes cimport node
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.text.formed cimport Maker, holds
from perdure._engine.text.json_leaves cimport Leaves
from perdure._engine.text.json_machine cimport *
from perdure._engine.text.scanner cimport space

from perdure.errors import CorruptError

cdef uint8_t filling[WORD_STEPS]
filling[<int>WORD_ITEMS] = OP_APPENDS
filling[<int>WORD_PAIRS] = OP_SETITEMS
filling[<int>WORD_ADDS] = OP_ADDITEMS
filling[<int>WORD_STATE] = OP_BUILD
filling[<int>WORD_CALL] = OP_POP


cdef class Reader(Leaves):
    """What tags mean that other nodes are in."""
    cdef Maker maker

    def __cinit__(self, bytes text, dict forms):
        self.maker = Maker(self.builder)

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
            tag = self.word_number(text) if text.n and text.data[0] == 36 else 0  # else a field's name
            if tag == ID or tag == REF or tag == NAME_ or tag == EXTENSION_ or tag == ALTERED_ or not tag:
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
        elif tag == ALTERED_:
            frame.row = 0  # that of what is in it
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
        cdef int bit
        if frame.what == ENVELOPE:
            if self.root or not (word == WORD_VALUE or (word == WORD_BEFORE and not self.before)):
                return -1
            self.expect(58)
            self.before = True
            return VALUE if word == WORD_VALUE else self.sequence()
        if LIST <= frame.tag <= FROZENSET or frame.tag == ALTERED_:
            if word != WORD_STEPS or frame.seen:
                return -1
            return self.steps(frame)
        if not NEW <= frame.tag <= INST:
            return -1
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
        elif frame.tag == ALTERED_:
            frame.row = row
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
        cdef uint32_t* nodes = self.nodes.at + base
        cdef Py_ssize_t i, count = self.nodes.count - base
        if frame.what == STEP or frame.stage == FILLED:
            self.builder.fill_with(frame.row, frame.op, nodes, count)
        elif frame.what == ENVELOPE:
            self.builder.begin_with(nodes, count)
        elif frame.tag == TUPLE or frame.tag == FROZENSET:
            self.builder.close(frame.row, nodes, count)
        elif frame.tag <= FROZENSET:
            self.builder.fill_with(frame.row, OP_APPENDS if frame.tag == LIST else OP_ADDITEMS if frame.tag == SET
                                   else OP_SETITEMS, nodes, count)
        elif frame.tag == INST:
            self.push(0)
            nodes = self.nodes.at + base
            for i in range(count, 0, -1):
                nodes[i] = nodes[i - 1]
            nodes[0] = frame.callee
            self.builder.close(frame.row, nodes, count + 1)
            frame.stage = FILLED
        else:
            frame.args = self.tuple_of(nodes, count)
            frame.stage = KEYWORDS
        self.nodes.count = base
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
        elif frame.tag == ALTERED_ and not frame.seen:
            raise CorruptError("an $altered without steps")
        self.depth -= 1
        return self.deliver(frame.row)

    # -- forms

    cdef int by_form(self, Frame* frame) except -1:
        cdef Py_ssize_t i
        tag, form = self.forms[frame.tag - FORM]
        fields = {tag: self.value_of(self.nodes.at[frame.base], 3)}
        for i in range(frame.base + 1, self.nodes.count, 2):
            key = self.tape.leaf(self.nodes.at[i])
            if key in fields:
                raise CorruptError(f"{key:.50} comes twice")
            fields[key] = self.value_of(self.nodes.at[i + 1], 3)
        self.nodes.count = frame.base
        try:
            made = form(fields)
        except (ValueError, OverflowError) as error:
            raise CorruptError(f"{tag}: {str(error)[:200]}") from None
        return self.maker.construct(frame.row, made)

    cdef object value_of(self, uint32_t row, int depth):
        """A node as a form sees it: a leaf's value, a list or a dict of such; or the node."""
        cdef Row* r = &self.tape.rows[row]
        cdef Part* part
        cdef uint32_t i
        if r.kind <= STR and not r.first:
            return self.tape.leaf(row)
        if depth and not r.flags & AGAIN and (r.kind == LIST or r.kind == DICT):
            if not r.first:
                return [] if r.kind == LIST else {}
            part = &self.tape.parts[r.first]
            if not part.next and holds(r, part.op):
                values = [self.value_of(self.tape.children[part.start + i], depth - 1) for i in range(part.count)]
                if r.kind == LIST:
                    return values
                if all([type(key) is str for key in values[::2]]):
                    return dict(zip(values[::2], values[1::2], strict=True))
        return node(self.tape, row)


def read(bytes text, forms):
    """The graph of a text in UTF-8, which the caller vouches for. ``forms``: by tag, a function that makes of fields
    ("call" or "new", callee, arguments, state), or raises ValueError.

    CorruptError, and TruncatedError where the text only ends too early, with the offset in bytes; LimitError.
    """
    cdef Reader reader = Reader(text, forms)
    cdef bint paused = pause(len(text))
    try:
        reader.run()
    except CorruptError as error:
        if error.offset is None:
            error.offset = reader.p - reader.start
        raise
    finally:
        if paused:
            resume()
    return reader.builder.finish(reader.root)
