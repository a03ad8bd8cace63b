"""Which names a stream would look up, without building or importing anything.

STACK_GLOBAL takes its names from the stack. Picklers push the two of them just before, so a quick
pass over the opcodes finds them there (`skim`), and goes over the memo's a second time where one of
them was got from it. A stream that pushes them otherwise is followed exactly (`follow`), with a
stack that knows of each value only whether it is a text of the stream.
"""

from libc.stdint cimport uint64_t
from libc.string cimport memchr, memset
from perdure._engine.opcodes cimport *
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.machine cimport argument_size

from perdure._engine.reader.names cimport extension_name, renamed

from bisect import bisect_left
from os import urandom

from perdure.errors import CorruptError, TruncatedError

cdef enum:
    MOST = 100_000  # names in one answer
    LONG = 600      # bytes of a text, beyond which it can be no name that anybody trusts: its beginning stands for it

cdef struct Entry:
    const unsigned char* text  # NULL: so many other values
    Py_ssize_t n
    int op                     # by which the text came


cdef class Listing:
    """The stack, marks and memo of one pass."""
    cdef Entry* stack
    cdef Py_ssize_t* marks
    cdef Py_ssize_t depth, room, mark_count, mark_room
    cdef dict memo     # index: (text, opcode)
    cdef Py_ssize_t count  # of memo entries, for MEMOIZE
    cdef dict found    # (module, name): None, in the order in which they come
    cdef bint python2
    cdef bint exact
    cdef bint skipping  # names on lines are not noted, nor the stack kept
    cdef const unsigned char* shown  # the opcode whose text was looked at last, and what it was
    cdef object shown_text
    cdef object chance  # makes indices keys that no stream can choose

    def __cinit__(self):
        self.room = self.mark_room = 64
        self.stack = <Entry*>PyMem_Malloc(self.room * sizeof(Entry))
        self.marks = <Py_ssize_t*>PyMem_Malloc(self.mark_room * sizeof(Py_ssize_t))
        if self.stack == NULL or self.marks == NULL:
            raise MemoryError
        self.memo = {}
        self.found = {}
        self.chance = int.from_bytes(urandom(7), "little")

    def __dealloc__(self):
        PyMem_Free(self.stack)
        PyMem_Free(self.marks)

    cdef inline Py_ssize_t floor(self) noexcept:
        return self.marks[self.mark_count - 1] if self.mark_count else 0

    cdef int push_text(self, const unsigned char* text, Py_ssize_t n, int op) except -1:
        if self.depth == self.room:
            self.grow()
        self.stack[self.depth].text = text
        self.stack[self.depth].n = n
        self.stack[self.depth].op = op
        self.depth += 1
        return 0

    cdef inline int push(self) except -1:
        if self.depth > self.floor() and self.stack[self.depth - 1].text == NULL:
            self.stack[self.depth - 1].n += 1
            return 0
        return self.push_text(NULL, 1, 0)

    cdef inline int pop(self, Py_ssize_t count) except -1:
        cdef Entry* top
        while count > 0:
            if self.depth <= self.floor():
                raise CorruptError("unpickling stack underflow")
            top = &self.stack[self.depth - 1]
            if top.text == NULL and top.n > count:
                top.n -= count
                return 0
            count -= 1 if top.text != NULL else top.n
            self.depth -= 1
        return 0

    cdef int grow(self) except -1:
        cdef Entry* moved = <Entry*>PyMem_Realloc(self.stack, 2 * self.room * sizeof(Entry))
        if moved == NULL:
            raise MemoryError
        self.stack = moved
        self.room *= 2
        return 0

    cdef int mark(self) except -1:
        cdef Py_ssize_t* moved
        if self.mark_count == self.mark_room:
            moved = <Py_ssize_t*>PyMem_Realloc(self.marks, 2 * self.mark_room * sizeof(Py_ssize_t))
            if moved == NULL:
                raise MemoryError
            self.marks = moved
            self.mark_room *= 2
        self.marks[self.mark_count] = self.depth
        self.mark_count += 1
        return 0

    cdef int pop_mark(self) except -1:
        if self.mark_count == 0:
            raise CorruptError("could not find MARK")
        self.mark_count -= 1
        self.depth = self.marks[self.mark_count]
        return 0

    cdef int put(self, object index) except -1:
        cdef Entry* top
        if self.depth <= self.floor():
            raise CorruptError("unpickling stack underflow")
        top = &self.stack[self.depth - 1]
        if top.text != NULL:
            self.memo[index ^ self.chance] = (<Py_ssize_t>top.text, top.n, top.op)
        else:
            self.memo.pop(index ^ self.chance, None)
        return 0

    cdef int get(self, object index) except -1:
        found = self.memo.get(index ^ self.chance)
        if found is None:
            return self.push()
        return self.push_text(<const unsigned char*><Py_ssize_t>found[0], found[1], found[2])

    cdef int note(self, object module, object name) except -1:
        if self.python2:
            module, name = renamed(module, name)
        if len(self.found) < MOST:
            self.found[module, name] = None
        return 0

    cdef int stack_global(self) except -1:
        cdef Entry* top
        if self.depth - self.floor() < 2 or self.stack[self.depth - 1].text == NULL or \
                self.stack[self.depth - 2].text == NULL:
            raise CorruptError("STACK_GLOBAL requires str")
        top = &self.stack[self.depth - 1]
        self.note(text_of(top - 1), text_of(top))
        self.depth -= 2
        return self.push()


cdef object text_of(Entry* entry):
    cdef bytes raw
    if entry.n > LONG:
        return (<bytes>entry.text[:LONG]).decode("ascii", "replace") + "..."
    raw = entry.text[:entry.n]
    if entry.op == OP_UNICODE:
        return raw.decode("raw-unicode-escape")
    if entry.op == OP_STRING:
        return raw[1:len(raw) - 1].decode("unicode-escape")
    if entry.op == OP_BINSTRING or entry.op == OP_SHORT_BINSTRING:
        return raw.decode("latin-1")
    return raw.decode("utf-8", "surrogatepass")


def names_in(data, *, bint fix_imports=True):
    """The (module, name) pairs that the first pickle in a bytes-like object looks up, each once, in the
    order in which they come; as Python 3 spells them. CorruptError where the stream is malformed."""
    cdef const unsigned char[::1] view = data
    cdef Listing listing = Listing()
    cdef const unsigned char* start
    cdef const unsigned char* p
    if view.shape[0] == 0:
        raise TruncatedError("Ran out of input", 0)
    start = p = &view[0]
    try:
        if not skim_names(listing, &p, start + view.shape[0], fix_imports):
            listing = Listing()
            listing.exact = True
            p = start
            follow(listing, &p, start + view.shape[0], fix_imports)
    except CorruptError as error:
        raise type(error)(f"{error} (at byte {p - start})", p - start) from None
    except UnicodeDecodeError as error:
        raise CorruptError(f"{error} (at byte {p - start})", p - start) from None
    return list(listing.found)


# ---- the quick pass ------------------------------------------------------------------------

cdef struct Skim:
    const unsigned char* last    # the opcode that pushed the topmost value, a text or a GET; NULL: unknown
    const unsigned char* before  # the same for the value under it
    Py_ssize_t count             # of memo entries
    uint64_t* wanted             # memo indices whose texts are looked for, as bits; or NULL
    Py_ssize_t wanted_bits


cdef bint skim_names(Listing listing, const unsigned char** cursor, const unsigned char* end,
                     bint fix_imports) except -1:
    """Whether the names could be found that way."""
    cdef const unsigned char* start = cursor[0]
    cdef Skim state
    uses = []     # (module or None, name or None, module's memo index, name's, where)
    puts = {}     # memo index: ([where, ...], [text or None, ...])
    memset(&state, 0, sizeof(Skim))
    listing.python2 = fix_imports
    if not skim(listing, &state, cursor, end, fix_imports, uses, puts):
        return False
    wanted = {index for use in uses for index in use[2:4] if index is not None}
    if wanted:
        state.wanted_bits = max(wanted) + 1
        if state.wanted_bits > end - start:
            return False
        state.wanted = <uint64_t*>PyMem_Malloc((state.wanted_bits + 63) // 64 * 8)
        if state.wanted == NULL:
            raise MemoryError
        memset(state.wanted, 0, (state.wanted_bits + 63) // 64 * 8)
        for index in wanted:
            state.wanted[<Py_ssize_t>index >> 6] |= <uint64_t>1 << (<Py_ssize_t>index & 63)
        state.last = state.before = NULL
        state.count = 0
        cursor[0] = start
        try:
            skim(listing, &state, cursor, end, fix_imports, None, puts)
        finally:
            PyMem_Free(state.wanted)
    for module, name, module_index, name_index, where in uses:
        if module_index is not None:
            module = text_put(puts, module_index, where)
        if name_index is not None:
            name = text_put(puts, name_index, where)
        if module is None or name is None:
            return False
        listing.note(module, name)
    return True


cdef object text_put(dict puts, object index, object where):
    """What the memo held under an index at a place in the stream, if that was a text for certain."""
    places, texts = puts.get(index, ((), ()))
    at = bisect_left(places, where)
    return texts[at - 1] if at else None


cdef object text_at(const unsigned char* p):
    """The text that an opcode pushes."""
    cdef Entry entry
    cdef int size = ARGUMENT[p[0]]
    entry.op = p[0]
    entry.text = p + 1 + size
    entry.n = <Py_ssize_t>length(p, size)
    if size == 0:
        entry.n = <const unsigned char*>memchr(entry.text, 10, 1 << 62) - entry.text  # the pass has seen its end
    return text_of(&entry)


cdef bint skim(Listing listing, Skim* s, const unsigned char** cursor, const unsigned char* end, bint fix_imports,
               list uses, dict puts) except -1:
    """One pass: with `uses`, collects what is looked up; with `s.wanted`, the texts put under those indices."""
    cdef const unsigned char* p = cursor[0]
    cdef const unsigned char* start = p
    cdef const unsigned char* q
    cdef uint64_t n
    cdef int op, size
    while True:
        if unlikely(end - p < 10) and (p >= end or end - p - 1 < ARGUMENT[p[0]]):
            cursor[0] = p
            raise TruncatedError("pickle data was truncated")
        op = p[0]
        if op == OP_MEMOIZE:
            if s.wanted != NULL and s.count < s.wanted_bits and s.wanted[s.count >> 6] >> (s.count & 63) & 1:
                note_put(listing, s, puts, s.count, p - start)
            s.count += 1
            p += 1
            continue
        elif op == OP_SHORT_BINUNICODE:
            n = p[1]
            if unlikely(n > <uint64_t>(end - p - 2)):
                cursor[0] = p
                raise TruncatedError("pickle data was truncated")
            s.before = s.last
            s.last = p
            p += 2 + n
            continue
        elif op == OP_BINGET or op == OP_LONG_BINGET:
            s.before = s.last
            s.last = p
            p += 2 if op == OP_BINGET else 5
            continue
        elif op == OP_BINPUT or op == OP_LONG_BINPUT:
            n = p[1] if op == OP_BINPUT else u32(p + 1)
            if s.wanted != NULL and n < <uint64_t>s.wanted_bits and s.wanted[n >> 6] >> (n & 63) & 1:
                note_put(listing, s, puts, n, p - start)
            s.count += 1
            p += 2 if op == OP_BINPUT else 5
            continue
        size = ARGUMENT[op]
        q = p + 1 + size
        if op == OP_BINUNICODE or op == OP_BINUNICODE8 or op == OP_BINSTRING or op == OP_SHORT_BINSTRING:
            n = length(p, size)
            if n > <uint64_t>(end - q):
                cursor[0] = p
                raise TruncatedError("pickle data was truncated")
            s.before = s.last
            s.last = p
            p = q + n
            continue
        if op == OP_STACK_GLOBAL and uses is not None:
            cursor[0] = p
            if s.last == NULL or s.before == NULL:
                return False
            uses.append((pushed(s.before), pushed(s.last), got(s.before), got(s.last), p - start))
        if op == OP_FRAME:
            p = q
            continue
        s.last = NULL  # whatever comes: no text is known to be on top
        if (op == OP_SHORT_BINBYTES or op == OP_BINBYTES or op == OP_BINBYTES8 or op == OP_BYTEARRAY8
                or op == OP_LONG1 or op == OP_LONG4):
            n = length(p, size)
            if n > <uint64_t>(end - q):
                cursor[0] = p
                raise TruncatedError("pickle data was truncated")
            p = q + n
        elif IS_LINE[op]:
            cursor[0] = p
            if op == OP_GET or op == OP_PUT:
                return False  # protocol 0 has no STACK_GLOBAL, and its memo is text
            if op == OP_UNICODE or op == OP_STRING or uses is None:
                listing.skipping = True
            p = follow_line(listing, p, end, op)
            listing.skipping = False
        elif op == OP_STOP:
            cursor[0] = p
            return True
        elif op == OP_PROTO:
            listing.python2 = p[1] < 3 and fix_imports
            p = q
        elif (op == OP_EXT1 or op == OP_EXT2 or op == OP_EXT4) and uses is not None:
            cursor[0] = p
            note_extension(listing, p, op)
            p = q
        elif IS_OPCODE[op]:
            p = q
        else:
            cursor[0] = p
            raise CorruptError(f"invalid load key, {chr(op)!r}.")


cdef int note_put(Listing listing, Skim* s, dict puts, Py_ssize_t index, Py_ssize_t where) except -1:
    text = None
    if s.last != NULL and s.last[0] != OP_BINGET and s.last[0] != OP_LONG_BINGET:
        if listing.shown != s.last:
            listing.shown = s.last
            listing.shown_text = text_at(s.last)
        text = listing.shown_text
    places, texts = puts.setdefault(index, ([], []))
    if not texts or texts[len(texts) - 1] is not text:
        places.append(where)
        texts.append(text)
    return 0


cdef object pushed(const unsigned char* p):
    return None if p[0] == OP_BINGET or p[0] == OP_LONG_BINGET else text_at(p)


cdef object got(const unsigned char* p):
    return p[1] if p[0] == OP_BINGET else u32(p + 1) if p[0] == OP_LONG_BINGET else None


cdef unsigned char ARGUMENT[256]
cdef bint IS_LINE[256]
cdef bint IS_OPCODE[256]


cdef int set_up() except -1:
    cdef int i
    for i in range(256):
        ARGUMENT[i] = argument_size(i)
        IS_LINE[i] = i in (
            OP_INT, OP_LONG, OP_FLOAT, OP_STRING, OP_UNICODE, OP_GET, OP_PUT, OP_PERSID, OP_GLOBAL, OP_INST,
        )
        IS_OPCODE[i] = i in (
            OP_BININT, OP_BININT1, OP_BININT2, OP_BINFLOAT, OP_NONE, OP_NEWTRUE, OP_NEWFALSE, OP_EMPTY_LIST,
            OP_EMPTY_DICT, OP_EMPTY_TUPLE, OP_EMPTY_SET, OP_NEXT_BUFFER, OP_READONLY_BUFFER, OP_APPEND, OP_APPENDS,
            OP_SETITEM, OP_SETITEMS, OP_ADDITEMS, OP_LIST, OP_TUPLE, OP_DICT, OP_FROZENSET, OP_OBJ, OP_TUPLE1,
            OP_TUPLE2, OP_TUPLE3, OP_BUILD, OP_REDUCE, OP_NEWOBJ, OP_NEWOBJ_EX, OP_BINPERSID, OP_POP, OP_POP_MARK,
            OP_DUP, OP_MARK, OP_STACK_GLOBAL, OP_FRAME,
        )
    return 0


set_up()


# ---- the exact pass ------------------------------------------------------------------------

cdef int follow(Listing listing, const unsigned char** cursor, const unsigned char* end, bint fix_imports) except -1:
    """Runs the pass; the cursor stands at the opcode in work."""
    cdef const unsigned char* p
    cdef const unsigned char* q
    cdef uint64_t n
    cdef int op, size
    listing.python2 = fix_imports
    while True:
        p = cursor[0]
        if p >= end or end - p - 1 < argument_size(p[0]):
            raise TruncatedError("pickle data was truncated")
        op = p[0]
        size = argument_size(op)
        q = p + 1 + size
        if op == OP_STOP:
            return 0
        elif op == OP_MEMOIZE:
            listing.put(listing.count)
            listing.count += 1
        elif op == OP_BINGET:
            listing.get(p[1])
        elif op == OP_LONG_BINGET:
            listing.get(u32(p + 1))
        elif op == OP_BINPUT or op == OP_LONG_BINPUT:
            listing.put(p[1] if op == OP_BINPUT else u32(p + 1))
            listing.count += 1
        elif op == OP_MARK:
            listing.mark()
        elif (op == OP_SHORT_BINUNICODE or op == OP_BINUNICODE or op == OP_BINUNICODE8 or op == OP_BINSTRING
                or op == OP_SHORT_BINSTRING):
            n = length(p, size)
            if n > <uint64_t>(end - q):
                raise TruncatedError("pickle data was truncated")
            listing.push_text(q, <Py_ssize_t>n, op)
            q += n
        elif (op == OP_SHORT_BINBYTES or op == OP_BINBYTES or op == OP_BINBYTES8 or op == OP_BYTEARRAY8
                or op == OP_LONG1 or op == OP_LONG4):
            n = length(p, size)
            if n > <uint64_t>(end - q):
                raise TruncatedError("pickle data was truncated")
            listing.push()
            q += n
        elif (op == OP_BININT or op == OP_BININT1 or op == OP_BININT2 or op == OP_BINFLOAT or op == OP_NONE
                or op == OP_NEWTRUE or op == OP_NEWFALSE or op == OP_EMPTY_LIST or op == OP_EMPTY_DICT
                or op == OP_EMPTY_TUPLE or op == OP_EMPTY_SET or op == OP_NEXT_BUFFER):
            listing.push()
        elif op == OP_APPENDS or op == OP_SETITEMS or op == OP_ADDITEMS:
            listing.pop_mark()
        elif op == OP_LIST or op == OP_TUPLE or op == OP_DICT or op == OP_FROZENSET or op == OP_OBJ:
            listing.pop_mark()
            listing.push()
        elif op == OP_TUPLE1 or op == OP_TUPLE2 or op == OP_TUPLE3:
            listing.pop(op - OP_TUPLE1 + 1)
            listing.push()
        elif op == OP_APPEND or op == OP_BUILD:
            listing.pop(1)
        elif op == OP_SETITEM:
            listing.pop(2)
        elif op == OP_REDUCE or op == OP_NEWOBJ or op == OP_NEWOBJ_EX:
            listing.pop(3 if op == OP_NEWOBJ_EX else 2)
            listing.push()
        elif op == OP_BINPERSID:
            listing.pop(1)
            listing.push()
        elif op == OP_POP:
            if listing.mark_count and listing.depth == listing.floor():
                listing.pop_mark()
            else:
                listing.pop(1)
        elif op == OP_POP_MARK:
            listing.pop_mark()
        elif op == OP_DUP:
            if listing.depth <= listing.floor():
                raise CorruptError("unpickling stack underflow")
            if listing.stack[listing.depth - 1].text == NULL:
                listing.push()
            else:
                listing.push_text(listing.stack[listing.depth - 1].text, listing.stack[listing.depth - 1].n,
                                  listing.stack[listing.depth - 1].op)
        elif op == OP_STACK_GLOBAL:
            listing.stack_global()
        elif op == OP_EXT1 or op == OP_EXT2 or op == OP_EXT4:
            note_extension(listing, p, op)
        elif op == OP_PROTO:
            listing.python2 = p[1] < 3 and fix_imports
        elif op == OP_FRAME or op == OP_READONLY_BUFFER:
            pass
        else:
            q = follow_line(listing, p, end, op)
        cursor[0] = q


cdef inline uint64_t length(const unsigned char* p, int size) noexcept:
    return p[1] if size == 1 else u32(p + 1) if size == 4 else u64(p + 1)


cdef int note_extension(Listing listing, const unsigned char* p, int op) except -1:
    cdef long code = p[1] if op == OP_EXT1 else p[1] | p[2] << 8 if op == OP_EXT2 else <long>u32(p + 1)
    try:
        module, name = extension_name(code)
    except ValueError as error:
        raise CorruptError(str(error))
    listing.note(module, name)
    return listing.push()


cdef const unsigned char* follow_line(Listing listing, const unsigned char* p, const unsigned char* end,
                                      int op) except NULL:
    """Opcodes of protocol 0: their argument is a line of text, or two."""
    cdef const unsigned char* line = p + 1
    cdef const unsigned char* stop
    cdef const unsigned char* second
    if not IS_LINE[op]:
        raise CorruptError(f"invalid load key, {chr(op)!r}.")
    stop = <const unsigned char*>memchr(line, 10, end - line)
    if stop == NULL:
        raise TruncatedError("pickle data was truncated")
    if op == OP_GLOBAL or op == OP_INST:
        second = stop + 1
        stop = <const unsigned char*>memchr(second, 10, end - second)
        if stop == NULL:
            raise TruncatedError("pickle data was truncated")
        if listing.skipping:
            return stop + 1
        listing.note((<bytes>line[:second - line - 1]).decode(), (<bytes>second[:stop - second]).decode())
        if op == OP_INST and listing.exact:
            listing.pop_mark()
        listing.push()
    elif listing.skipping:
        pass
    elif op == OP_UNICODE or op == OP_STRING:
        listing.push_text(line, stop - line, op)
    elif op == OP_GET or op == OP_PUT:
        try:
            index = int(<bytes>line[:stop - line])
        except ValueError as error:
            raise CorruptError(str(error))
        if op == OP_GET:
            listing.get(index)
        else:
            listing.put(index)
            listing.count += 1
    else:
        listing.push()
    return stop + 1
