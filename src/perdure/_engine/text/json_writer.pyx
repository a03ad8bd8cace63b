"""From a tape to a JSON text, in the vocabulary of docs/json.md.

Rules:
- No recursion: what is open is a stack of steps, so that depth costs memory and nothing else.
- Every node can be written, those too that no pickler makes: what has no form of its own stands in "steps".
- The text is tagged as soon as one value in it is; then it gets its envelope.
"""

from binascii import b2a_base64
from operator import itemgetter

from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp, memset

from perdure._engine.graph.nodes cimport Graph, Node
from perdure._engine.graph.stack cimport doubled
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.text.formed cimport first_step, value_of, values_of
from perdure._engine.text.json_output cimport Output, has_lone
from perdure._engine.text.output cimport put_byte, put_number

cdef enum:
    SEQUENCE   # children of parts, with commas between
    OBJECT_    # what an object is made of and filled with
    STEPS      # the same, each step by its name
    PIECES     # of a form: bytes, and nodes between them

cdef enum:
    ITEMS
    PAIRS      # [key, value]
    MEMBERS    # "key": value

cdef struct Step:
    uint8_t what
    uint8_t style
    uint8_t phase
    uint8_t first   # whether nothing has been written yet
    uint32_t row
    uint32_t part   # that is next
    uint32_t end    # the part before which a sequence ends
    uint32_t next   # child of the part
    const char* closing

cdef object first = itemgetter(0)

cdef dict filling = {
    OP_APPEND: "items", OP_APPENDS: "items", OP_SETITEM: "pairs", OP_SETITEMS: "pairs", OP_ADDITEMS: "adds",
    OP_BUILD: "state", OP_POP: "call",
}
cdef const char* tags[20]
memset(tags, 0, sizeof(tags))
tags[<int>LIST] = b'"$list":['
tags[<int>TUPLE] = b'"$tuple":['
tags[<int>SET] = b'"$set":['
tags[<int>FROZENSET] = b'"$frozenset":['


cdef class Writer(Output):
    cdef Step* steps
    cdef Py_ssize_t depth, room
    cdef uint32_t* labels   # by row; 0: none yet
    cdef uint32_t label_count
    cdef object forms
    cdef dict form_of       # callee's row: its form
    cdef list pieces        # of the forms that are open: iterators
    cdef list orders        # of the sorted dicts that are open
    cdef set altered        # rows in $altered
    cdef bint bare          # so far nothing is tagged, and keys that look like tags stand as they are
    cdef bint dollars       # there are such keys
    cdef bint sorting, inlined

    def __cinit__(self, Tape tape, forms, bint sorting, bint safe, bint inlined, bint bare):
        self.tape = tape
        self.forms = forms
        self.sorting = sorting
        self.safe = safe
        self.inlined = inlined
        self.bare = bare
        self.form_of = {}
        self.pieces = []
        self.orders = []
        self.altered = set()
        self.room = 64
        self.steps = <Step*>PyMem_Malloc(self.room * sizeof(Step))
        self.labels = <uint32_t*>PyMem_Calloc(tape.row_count, sizeof(uint32_t))
        if self.steps == NULL or self.labels == NULL:
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self.steps)
        PyMem_Free(self.labels)

    cdef bytes text(self):
        """None where the text turned out to be tagged and keys that look like tags stand in it."""
        cdef uint32_t row
        if self.tape.dropped:
            self.tag(b'"before":[')
            for row in self.tape.dropped:
                self.run(row)
                self.say(b",")
            self.out.n -= 1
            self.say(b"],")
        cdef Py_ssize_t begin = self.out.n
        self.run(self.tape.root)
        if not self.tagged:
            return self.out.base[:self.out.n]
        if self.dollars:
            return None
        return b'{"$perdure":1,%b"value":%b}' % (self.out.base[:begin], self.out.base[begin:self.out.n])

    cdef Step* push(self, int what) except NULL:
        cdef Step* step
        if self.depth == self.room:
            self.steps = <Step*>doubled(self.steps, &self.room, sizeof(Step))
        step = &self.steps[self.depth]
        self.depth += 1
        memset(step, 0, sizeof(Step))
        step.what = <uint8_t>what
        step.first = True
        return step

    cdef int run(self, uint32_t row) except -1:
        cdef Step* step
        self.enter(row)
        while self.depth:
            step = &self.steps[self.depth - 1]
            if step.what == SEQUENCE:
                self.go_on(step)
            elif step.what == OBJECT_:
                self.object_goes_on(step)
            elif step.what == STEPS:
                self.steps_go_on(step)
            else:
                self.pieces_go_on()
        return 0

    # -- nodes

    cdef int enter(self, uint32_t row) except -1:
        """Writes a leaf; of anything else what comes before its first part."""
        cdef Row* r
        cdef uint32_t label = 0
        row = found(self.tape, row)
        r = &self.tape.rows[row]
        if r.first and self.altered_from(row):
            return self.alter(row)
        if r.kind <= STR:
            return self.leaf(row)
        if r.kind == NAME:
            self.tag(b'{"$name":')
            self.put_name(row)
            return self.say(b"}")
        if r.kind == PERSISTENT and self.inlined:
            return self.enter(self.tape.children[self.tape.parts[r.first].start])
        if self.labels[row]:
            self.tag(b'{"$ref":')
            put_number(&self.out, self.labels[row])
            return self.say(b"}")
        if r.uses > 1 and r.kind != EXTENSION:
            self.label_count += 1
            self.labels[row] = label = self.label_count
        if LIST <= r.kind <= FROZENSET:
            return self.container(row, label)
        if r.kind == OBJECT:
            return self.made_object(row, label)
        self.open_tagged(label)
        if r.kind == PERSISTENT:
            self.say(b'"$persistent":')
            if r.op == OP_PERSID:
                self.plain(self.tape.leaf(row))
                return self.say(b"}")
            self.push(STEPS).phase = 1
            return self.enter(self.tape.children[self.tape.parts[r.first].start])
        if r.kind == BUFFER:
            return self.say(b'"$buffer":true}' if r.flags & READONLY else b'"$buffer":false}')
        if r.kind == EXTENSION:
            self.say(b'"$extension":')
            self.plain(self.tape.leaf(row))
            return self.say(b"}")
        self.say(b'"$bytes":"' if r.kind == BYTES else b'"$bytearray":"' if r.kind == BYTEARRAY else b'"$string":"')
        self.say_bytes(b2a_base64(self.tape.view(row), newline=False))
        return self.say(b'"}')

    cdef uint32_t altered_from(self, uint32_t row) except? 0:
        """The first step of what has none in its own form, and is not in an $altered yet."""
        cdef Row* r = &self.tape.rows[row]
        if not r.first or LIST <= r.kind <= FROZENSET or r.kind == OBJECT or row in self.altered:
            return 0
        return first_step(self.tape, row)

    cdef int alter(self, uint32_t row) except -1:
        self.tag(b'{"$altered":')
        self.push(STEPS).part = self.altered_from(row)
        self.altered.add(row)
        return self.enter(row)

    # -- containers

    cdef int container(self, uint32_t row, uint32_t label) except -1:
        cdef Row* r = &self.tape.rows[row]
        cdef uint32_t part = first_step(self.tape, row)
        cdef int keys = 0
        cdef Step* step
        if r.kind == DICT:
            keys = self.keys_of(row, part)
        if not label and not part and (r.kind == LIST or keys):
            self.say(b"{" if keys else b"[")
            step = self.push(SEQUENCE)
            step.closing = b"}" if keys else b"]"
        else:
            self.open_tagged(label)
            if r.kind == DICT:
                self.say(b'"$dict":{' if keys else b'"$dict":[')
            else:
                self.say(tags[r.kind])
            if part:
                step = self.push(STEPS)
                step.part = part
                step.row = row
                step = self.push(SEQUENCE)
                step.closing = b"}" if keys else b"]"
            else:
                step = self.push(SEQUENCE)
                step.closing = b"}}" if keys else b"]}"
        step.style = MEMBERS if keys else PAIRS if r.kind == DICT else ITEMS
        step.row = row
        step.part = r.first
        step.end = part
        if keys and self.sorting and r.first != part:
            return self.sort(step)
        return 0

    cdef int keys_of(self, uint32_t row, uint32_t end) except -1:
        """1 where the keys can be a JSON object's; else 0."""
        cdef Tape tape = self.tape
        cdef uint32_t part = tape.rows[row].first, key
        cdef uint32_t i
        cdef Part* p
        cdef Text text
        cdef bint dollars = False
        while part != end:
            p = &tape.parts[part]
            for i in range(0, p.count, 2):
                key = found(tape, tape.children[p.start + i])
                if tape.rows[key].kind != STR or tape.rows[key].op == OP_UNICODE or tape.rows[key].first:
                    return 0
                if self.labels[key]:  # looked at before
                    continue
                text = tape.argument(key)
                if text.n and text.data[0] == 36:
                    dollars = True
                    if not self.bare or (row == tape.root and text.n == 8 and memcmp(text.data, b"$perdure", 8) == 0):
                        return 0
                elif has_lone(text.data, text.n):
                    return 0
                else:
                    self.labels[key] = 1
            part = p.next
        self.dollars |= dollars
        return 1

    cdef int sort(self, Step* step) except -1:
        """By key: the sequence's children come in an order of their own then."""
        cdef uint32_t part = step.part, i
        cdef list pairs = []
        while part != step.end:
            for i in range(0, self.tape.parts[part].count, 2):
                key = self.tape.children[self.tape.parts[part].start + i]
                pairs.append((self.tape.leaf(found(self.tape, key)), key,
                              self.tape.children[self.tape.parts[part].start + i + 1]))
            part = self.tape.parts[part].next
        pairs.sort(key=first)
        self.orders.append([row for pair in pairs for row in pair[1:]])
        step.phase = 1
        return 0

    cdef int go_on(self, Step* step) except -1:
        """A sequence's next child."""
        cdef Part* part
        cdef uint32_t i, row
        if step.phase:
            order = self.orders[len(self.orders) - 1]
            if step.next == len(order):
                self.orders.pop()
                return self.close(step)
            i = step.next
            row = order[i]
        else:
            while True:
                if step.part == step.end:
                    return self.close(step)
                part = &self.tape.parts[step.part]
                if step.next < part.count:
                    break
                step.part = part.next
                step.next = 0
            i = step.next
            row = self.tape.children[part.start + i]
        step.next = i + 1
        if step.style == ITEMS:
            if not step.first:
                put_byte(&self.out, 44)
            step.first = False
        elif i % 2 == 0:
            if not step.first:
                put_byte(&self.out, 44)
            step.first = False
            if step.style == MEMBERS:
                self.leaf(found(self.tape, row))
                put_byte(&self.out, 58)
                return 0
            put_byte(&self.out, 91)
        elif step.style == PAIRS:
            put_byte(&self.out, 44)
            if LIST > self.tape.rows[row].kind > 0 and not self.tape.rows[row].first:  # nothing stays open
                self.enter(row)
                return put_byte(&self.out, 93)
            self.push(STEPS).phase = 2
            return self.enter(row)
        return self.enter(row)

    cdef inline int close(self, Step* step) except -1:
        self.depth -= 1
        return self.say(step.closing)

    cdef int steps_go_on(self, Step* step) except -1:
        """Phase 0: the first step is to come; 1, 2: only a bracket is; 3: the next step is; 4: its bracket before."""
        cdef uint32_t part = step.part
        cdef Part* p
        cdef const char* closing
        if step.phase == 1 or step.phase == 2:
            closing = b"}" if step.phase == 1 else b"]"
            self.depth -= 1
            return self.say(closing)
        if step.phase == 0:
            self.say(b',"steps":[')
        elif step.phase == 4:
            self.say(b"]")
        if not part:
            self.depth -= 1
            return self.say(b"]}")
        if step.phase:
            self.say(b",")
        p = &self.tape.parts[part]
        self.say_bytes(b'["%b",' % (<str>filling[p.op]).encode())
        step.phase = 4
        if p.op == OP_BUILD or p.op == OP_POP:
            step.part = p.next
            return self.enter(self.tape.children[p.start])
        step.part = self.end_of_run(part)
        return self.sequence(part, step.part)

    cdef uint32_t end_of_run(self, uint32_t part) noexcept:
        """The next part that fills in another way."""
        cdef int op = family(self.tape.parts[part].op)
        while part and family(self.tape.parts[part].op) == op:
            part = self.tape.parts[part].next
        return part

    cdef int sequence(self, uint32_t part, uint32_t end) except -1:
        cdef Step* step = self.push(SEQUENCE)
        step.part = part
        step.end = end
        step.style = PAIRS if family(self.tape.parts[part].op) == OP_SETITEMS else ITEMS
        step.closing = b"]"
        return self.say(b"[")

    # -- objects

    cdef int made_object(self, uint32_t row, uint32_t label) except -1:
        cdef Row* r = &self.tape.rows[row]
        cdef uint32_t callee = found(self.tape, self.tape.children[self.tape.parts[r.first].start])
        cdef Step* step
        if (r.op == OP_REDUCE or r.op == OP_NEWOBJ) and self.by_form(row, callee, label):
            return 0
        self.open_tagged(label)
        if r.op == OP_REDUCE:
            self.say(b'"$call":')
        else:
            self.say(b'"$inst":' if r.op == OP_INST or r.op == OP_OBJ else b'"$object":')
        step = self.push(OBJECT_)
        step.row = row
        step.part = self.tape.parts[r.first].next
        if not self.altered_from(callee):
            if self.has_plain_name(callee):
                return self.put_name(callee)
            if self.tape.rows[callee].kind == STR:
                return self.no_name(callee)
        return self.enter(callee)

    cdef int no_name(self, uint32_t row) except -1:
        """A string where one would be read as a name."""
        cdef Py_ssize_t begin = self.out.n
        self.tag(b'{"$str":[')
        self.leaf(row)
        if self.out.base[begin + 9] == 34:
            return self.say(b"]}")
        self.out.n = begin  # it is a $str by itself
        return self.leaf(row)

    cdef int object_goes_on(self, Step* step) except -1:
        cdef Row* r = &self.tape.rows[step.row]
        cdef uint32_t children = self.tape.parts[r.first].start
        cdef uint32_t row, part = step.part
        cdef Part* p
        cdef Step* inner
        if step.phase == 0:
            step.phase = 1
            if r.op == OP_INST or r.op == OP_OBJ:
                if self.tape.parts[r.first].count > 1:
                    self.say(b',"args":[')
                    inner = self.push(SEQUENCE)
                    inner.part = r.first
                    inner.end = part
                    inner.next = 1
                    inner.closing = b"]"
                    return 0
            else:
                row = found(self.tape, self.tape.children[children + 1])
                if not self.is_own_tuple(row):
                    self.say(b',"arguments":')
                    return self.enter(row)
                if self.tape.rows[row].first:
                    self.say(b',"args":[' if r.op == OP_REDUCE else b',"new":[')
                    inner = self.push(SEQUENCE)
                    inner.part = self.tape.rows[row].first
                    inner.closing = b"]"
                    return 0
        if step.phase == 1:
            step.phase = 2
            if r.op == OP_NEWOBJ_EX:
                self.say(b',"kwargs":')
                return self.enter(self.tape.children[children + 2])
        if step.phase == 2:
            step.phase = 3
            if part and not self.is_simple(part):
                step.what = STEPS
                step.phase = 0
                return 0
        if not part:
            self.depth -= 1
            return self.say(b"}")
        p = &self.tape.parts[part]
        if p.op == OP_BUILD:
            self.say(b',"state":')
            step.part = p.next
            return self.enter(self.tape.children[p.start])
        step.part = self.end_of_run(part)
        self.say(b',"adds":' if p.op == OP_ADDITEMS else b',"items":' if family(p.op) == OP_APPENDS else b',"pairs":')
        return self.sequence(part, step.part)

    cdef bint is_own_tuple(self, uint32_t row) noexcept:
        """Whether the arguments are a tuple that nobody else knows."""
        cdef Row* r = &self.tape.rows[row]
        return r.kind == TUPLE and r.uses <= 1 and (not r.first or (self.tape.parts[r.first].op == r.op
                                                                    and not self.tape.parts[r.first].next))

    cdef bint is_simple(self, uint32_t part) noexcept:
        """Whether each kind of step comes once, and no call is made for its effect."""
        cdef int seen = 0, this, op
        while part:
            op = family(self.tape.parts[part].op)
            this = 1 if op == OP_APPENDS else 2 if op == OP_SETITEMS else 4 if op == OP_ADDITEMS else 8
            if seen & this or op == OP_POP:
                return False
            seen |= this
            part = self.end_of_run(part) if this != 8 else self.tape.parts[part].next
        return True

    # -- forms

    cdef bint by_form(self, uint32_t row, uint32_t callee, uint32_t label) except -1:
        """Whether the object is written in a form of its own."""
        cdef Row* r = &self.tape.rows[row]
        cdef Part* made = &self.tape.parts[r.first]
        cdef uint32_t args = found(self.tape, self.tape.children[made.start + 1])
        cdef uint32_t part = made.next, part_of_args
        cdef Py_ssize_t begin
        state = None
        if self.altered_from(callee):
            return False
        if callee in self.form_of:
            form = self.form_of[callee]
        else:
            form = None
            if self.tape.rows[callee].kind == NAME:
                form = self.forms.get(":".join(self.tape.name(callee)))
                self.form_of[callee] = form
            elif self.tape.rows[callee].kind == OBJECT and self.tape.rows[callee].uses == 1:
                form = self.forms.get("")
        if form is None or not self.is_own_tuple(args) or (part and (self.tape.parts[part].next
                                                                     or self.tape.parts[part].op != OP_BUILD)):
            return False
        part_of_args = self.tape.rows[args].first
        values = []
        if part_of_args:
            made = &self.tape.parts[part_of_args]
            values = values_of(self.tape, made.start, made.count, 2)
        if part:
            state = value_of(self.tape, self.tape.children[self.tape.parts[part].start], 3)
            if state is None:  # which is not the same as to have none
                return False
        if self.tape.rows[callee].kind == NAME:
            fields = form("call" if r.op == OP_REDUCE else "new", values, state)
        else:
            fields = form(value_of(self.tape, callee, 0), values, state)
        if fields is None:
            return False
        self.open_tagged(label)
        pieces = []
        begin = self.out.n
        begun = False
        for key, value in fields:
            if begun:
                put_byte(&self.out, 44)
            begun = True
            self.plain(key)
            put_byte(&self.out, 58)
            if type(value) is Node:
                pieces.append(self.out.base[begin:self.out.n])
                pieces.append(value)
                self.out.n = begin
            elif type(value) is bytes:
                put_byte(&self.out, 34)
                self.say_bytes(value)
                put_byte(&self.out, 34)
            else:
                self.plain(value)
        put_byte(&self.out, 125)
        if pieces:
            pieces.append(self.out.base[begin:self.out.n])
            self.out.n = begin
            self.pieces.append(iter(pieces))
            self.push(PIECES)
        return True

    cdef int pieces_go_on(self) except -1:
        for piece in self.pieces[len(self.pieces) - 1]:
            if type(piece) is Node:
                return self.enter((<Node>piece).row)
            self.say_bytes(piece)
        self.pieces.pop()
        self.depth -= 1
        return 0


cdef inline int family(int op) noexcept:
    return OP_APPENDS if op == OP_APPEND else OP_SETITEMS if op == OP_SETITEM else op


def write(Graph graph, forms, *, bint sort_keys=False, bint safe_integers=False, bint inlined=False):
    """The text of a graph, in UTF-8. ``forms``: by "module:qualname" of what is called, a function that makes of
    ("call" or "new", arguments, state) the tag and the fields of an object in a form of its own, or None.
    ``inlined``: a persistent id stands for itself."""
    text = (<Writer>Writer(graph.tape, forms, sort_keys, safe_integers, inlined, True)).text()
    if text is None:
        text = (<Writer>Writer(graph.tape, forms, sort_keys, safe_integers, inlined, False)).text()
    return text
