"""From a JSON text to a tape: the vocabulary of docs/json.md, in an envelope.

Nothing is imported or built; a name is two strings. What a text says is checked as it is read, in its order: an error
is where `p` stands.
"""

from binascii import a2b_base64

from cpython.mem cimport PyMem_Realloc
from libc.stdint cimport uint8_t, uint32_t

from perdure._engine.collector cimport pause, resume
from perdure._engine.graph.nodes cimport Node, node
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.text.json_machine cimport *
from perdure._engine.text.scanner cimport space

from perdure.errors import CorruptError

cdef uint8_t filling[WORD_STEPS]
filling[<int>WORD_ITEMS] = OP_APPENDS
filling[<int>WORD_PAIRS] = OP_SETITEMS
filling[<int>WORD_ADDS] = OP_ADDITEMS
filling[<int>WORD_STATE] = OP_BUILD
filling[<int>WORD_CALL] = OP_POP


cdef class Reader(Machine):
    """The machine, and what tags mean."""
    cdef dict callees    # by name: what forms call

    def __cinit__(self, dict forms):
        self.callees = {}

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
        cdef int bit
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
