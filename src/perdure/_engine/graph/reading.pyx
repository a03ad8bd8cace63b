# cython: wraparound=True
# (Negative indices in here are those of C pointers, below the top of a stack.)
"""From a stream to its tape: the unpickling machine with nodes for values.

Nothing is imported, called or built, and no byte of an argument is copied. What the machine would refuse whatever a
policy says (an opcode out of place, a length without its bytes, text that is none) is refused here too; what only a
call could tell is not.

- `p` stays on the opcode until it has succeeded, so that an error knows its offset.
- Memory is a small multiple of the bytes that were read: no length allocates before its bytes exist.
"""

from os import urandom

from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memchr, memset

from perdure._engine.graph.stack cimport doubled
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *

from perdure.errors import CorruptError, TruncatedError

cdef enum:
    DENSE = 4096  # memo indices below this, or near what is in use, lie in the array

cdef extern from *:
    """
    #define PERDURE_U16(p) ((uint32_t)(p)[0] | (uint32_t)(p)[1] << 8)
    #define PERDURE_U32(p) (PERDURE_U16(p) | PERDURE_U16((p) + 2) << 16)
    #define PERDURE_U64(p) ((uint64_t)PERDURE_U32(p) | (uint64_t)PERDURE_U32((p) + 4) << 32)
    """
    uint32_t u32 "PERDURE_U32"(const unsigned char*) noexcept
    uint64_t u64 "PERDURE_U64"(const unsigned char*) noexcept

cdef uint64_t chance = int.from_bytes(urandom(8), "little") | 1

# What an opcode that pushes a leaf pushes, and the bytes of its fixed argument: a number, or what follows is long.
cdef uint8_t leaf_kind[256]
cdef uint8_t fixed[256]
cdef uint8_t counted[256]  # whether the fixed argument is a length


cdef void set_up():
    memset(leaf_kind, 0, 256)
    memset(fixed, 0, 256)
    memset(counted, 0, 256)
    for op, kind, width in (
        (OP_NONE, NONE, 0), (OP_NEWTRUE, BOOL, 0), (OP_NEWFALSE, BOOL, 0), (OP_BININT1, INT, 1), (OP_BININT2, INT, 2),
        (OP_BININT, INT, 4), (OP_BINFLOAT, FLOAT, 8), (OP_EMPTY_LIST, LIST, 0), (OP_EMPTY_DICT, DICT, 0),
        (OP_EMPTY_SET, SET, 0), (OP_EMPTY_TUPLE, TUPLE, 0), (OP_NEXT_BUFFER, BUFFER, 0),
        (OP_EXT1, EXTENSION, 1), (OP_EXT2, EXTENSION, 2), (OP_EXT4, EXTENSION, 4),
    ):
        leaf_kind[<int>op] = <uint8_t>(<int>kind)
        fixed[<int>op] = <uint8_t>(<int>width)
    for op, kind, width in (
        (OP_LONG1, INT, 1), (OP_LONG4, INT, 4), (OP_SHORT_BINUNICODE, STR, 1), (OP_BINUNICODE, STR, 4),
        (OP_BINUNICODE8, STR, 8), (OP_SHORT_BINBYTES, BYTES, 1), (OP_BINBYTES, BYTES, 4), (OP_BINBYTES8, BYTES, 8),
        (OP_BYTEARRAY8, BYTEARRAY, 8), (OP_SHORT_BINSTRING, STRING, 1), (OP_BINSTRING, STRING, 4),
    ):
        leaf_kind[<int>op] = <uint8_t>(<int>kind)
        fixed[<int>op] = <uint8_t>(<int>width)
        counted[<int>op] = 1
    fixed[<int>OP_PROTO] = fixed[<int>OP_BINGET] = fixed[<int>OP_BINPUT] = 1
    fixed[<int>OP_LONG_BINGET] = fixed[<int>OP_LONG_BINPUT] = 4
    fixed[<int>OP_FRAME] = 8

set_up()


cdef class Reading:
    """The stack, marks and memo of one pass over a stream."""
    cdef Tape tape
    cdef uint32_t* stack
    cdef uint32_t* sp
    cdef uint32_t* fence   # the topmost mark, or the bottom
    cdef uint32_t* limit
    cdef Py_ssize_t* marks
    cdef Py_ssize_t mark_count, mark_room
    cdef uint32_t* memo    # 0: nothing
    cdef Py_ssize_t memo_filled, memo_room, memo_count
    cdef dict far          # memo indices far beyond what is in use, times `chance`: no stream can choose such keys
    cdef list popped       # by the opcodes just before this one, the topmost first; it is still open what for
    cdef bint popped_mark
    cdef bint named        # something, on lines

    def __cinit__(self, Tape tape):
        self.tape = tape
        self.stack = <uint32_t*>PyMem_Malloc(256 * sizeof(uint32_t))
        self.marks = <Py_ssize_t*>PyMem_Malloc(64 * sizeof(Py_ssize_t))
        self.memo = <uint32_t*>PyMem_Malloc(256 * sizeof(uint32_t))
        if self.stack == NULL or self.marks == NULL or self.memo == NULL:
            raise MemoryError
        self.sp = self.fence = self.stack
        self.limit = self.stack + 256
        self.mark_room = 64
        self.memo_room = 256
        self.far = {}
        self.popped = []

    def __dealloc__(self):
        PyMem_Free(self.stack)
        PyMem_Free(self.marks)
        PyMem_Free(self.memo)

    cdef int grow(self) except -1:
        cdef Py_ssize_t used = self.sp - self.stack
        cdef Py_ssize_t fence = self.fence - self.stack
        cdef Py_ssize_t room = 2 * (self.limit - self.stack)
        cdef uint32_t* moved = <uint32_t*>PyMem_Realloc(self.stack, room * sizeof(uint32_t))
        if moved == NULL:
            raise MemoryError
        self.stack = moved
        self.sp = moved + used
        self.fence = moved + fence
        self.limit = moved + room
        return 0

    cdef inline int push(self, uint32_t row) except -1:
        if self.sp == self.limit:
            self.grow()
        self.sp[0] = row
        self.sp += 1
        return 0

    cdef inline int want(self, Py_ssize_t count) except -1:
        if self.sp - self.fence < count:
            raise CorruptError("unexpected MARK found" if self.mark_count else "unpickling stack underflow")
        return 0

    cdef int mark(self) except -1:
        if self.mark_count == self.mark_room:
            self.marks = <Py_ssize_t*>doubled(self.marks, &self.mark_room, sizeof(Py_ssize_t))
        self.marks[self.mark_count] = self.fence - self.stack
        self.mark_count += 1
        self.fence = self.sp
        return 0

    cdef uint32_t* pop_mark(self) except NULL:
        """Where the values above the topmost mark begin; the mark goes."""
        cdef uint32_t* items = self.fence
        if self.mark_count == 0:
            raise CorruptError("could not find MARK")
        self.mark_count -= 1
        self.fence = self.stack + self.marks[self.mark_count]
        return items

    # -- memo

    cdef int put(self, uint64_t index) except -1:
        cdef uint32_t* moved
        cdef Py_ssize_t room = self.memo_room
        self.want(1)
        self.tape.rows[self.sp[-1]].flags |= MEMO
        if index >= <uint64_t>self.memo_filled:
            if index > DENSE and index > 4 * <uint64_t>self.memo_count:
                self.memo_count += <uint64_t>(index * chance) not in self.far
                self.far[<uint64_t>(index * chance)] = self.sp[-1]
                return 0
            while room <= <Py_ssize_t>index:
                room *= 2
            if room > self.memo_room:
                moved = <uint32_t*>PyMem_Realloc(self.memo, room * sizeof(uint32_t))
                if moved == NULL:
                    raise MemoryError
                self.memo = moved
                self.memo_room = room
            memset(self.memo + self.memo_filled, 0, (<Py_ssize_t>index + 1 - self.memo_filled) * sizeof(uint32_t))
            self.memo_filled = <Py_ssize_t>index + 1
        if self.far and self.far.pop(<uint64_t>(index * chance), None) is not None:
            self.memo_count -= 1
        self.memo_count += self.memo[index] == 0
        self.memo[index] = self.sp[-1]
        return 0

    cdef uint32_t got(self, uint64_t index) except 0:
        cdef uint32_t row = self.memo[index] if index < <uint64_t>self.memo_filled else 0
        if row == 0 and self.far:
            row = self.far.get(<uint64_t>(index * chance), 0)
        if row == 0:
            raise CorruptError(f"Memo value not found at index {index}")
        return row

    # -- nodes

    cdef int close(self, int kind, int op, uint64_t at, uint32_t* items) except -1:
        """What lies above ``items`` becomes the children of a new node."""
        cdef Tape tape = self.tape
        cdef uint32_t row = tape.add_row(kind, op, at, 1)
        if self.sp > items:
            tape.add_part(row, op, items, self.sp - items)
        self.sp = items
        return self.push(row)

    cdef int fill(self, int op, int kind, uint32_t* items) except -1:
        """What lies above ``items`` fills the node under it."""
        cdef uint8_t target
        if items - self.fence < 1:
            raise CorruptError("unexpected MARK found" if self.mark_count else "unpickling stack underflow")
        target = self.tape.rows[items[-1]].kind
        if target != kind and target < NAME:
            raise CorruptError(f"{kind_names[target]} is not filled like this")
        self.tape.add_part(items[-1], op, items, self.sp - items)
        self.sp = items
        return 0

    cdef int settle(self) except -1:
        """What was popped is not needed. A call among it was made for its effect: it belongs to what lay under it."""
        cdef uint32_t row
        for row in reversed(self.popped):
            if self.tape.rows[row].kind == OBJECT and not self.tape.rows[row].uses:
                if self.sp > self.fence:
                    self.tape.add_part(self.sp[-1], OP_POP, &row, 1)
                else:
                    self.tape.dropped.append(row)
                    self.tape.rows[row].uses += 1
        self.popped = []
        self.popped_mark = False
        return 0

    cdef bint is_made_of_popped(self, Row* r) noexcept:
        """Whether a node's children can be what has just been popped: of the same kinds, and no call but the same."""
        cdef Tape tape = self.tape
        cdef Part* part = &tape.parts[r.first]
        cdef uint32_t other, child
        cdef Py_ssize_t i, n = len(self.popped)
        if n != part.count:
            return False
        for i in range(n):
            other = self.popped[n - 1 - i]
            child = tape.children[part.start + i]
            if other != child and (tape.rows[other].kind != tape.rows[child].kind or tape.rows[other].kind == OBJECT):
                return False
        return True

    cdef bint given_up(self, uint32_t row) except -1:
        """Whether what has just been popped was to become this node, which is got instead: its making had led back to
        it, and it was made there. The writer does it again."""
        cdef Tape tape = self.tape
        cdef Row* r = &tape.rows[row]
        cdef uint32_t other = self.popped[0]
        cdef uint32_t* items
        cdef Py_ssize_t n = len(self.popped)
        if r.first == 0 or row in tape.attempts:
            return False
        if r.kind == OBJECT:
            if n != 1 or tape.rows[other].kind != OBJECT or tape.rows[other].op != r.op:
                return False
            if tape.children[tape.parts[tape.rows[other].first].start] != tape.children[tape.parts[r.first].start]:
                return False
            tape.attempts[row] = tape.add_part(0, OP_POP, &other, 1)
        elif (r.kind == TUPLE or r.kind == FROZENSET) and self.is_made_of_popped(r):
            items = <uint32_t*>PyMem_Malloc(n * sizeof(uint32_t))
            if items == NULL:
                raise MemoryError
            try:
                for i in range(n):
                    items[i] = self.popped[n - 1 - i]
                tape.attempts[row] = tape.add_part(0, OP_POP_MARK if self.popped_mark else OP_POP, items, n)
            finally:
                PyMem_Free(items)
        else:
            return False
        self.popped = []
        self.popped_mark = False
        return True


cdef uint32_t read(Tape tape, uint64_t begin, Py_ssize_t size) except 0:
    """The node of a stream that begins at an offset of the tape's; `tape.end` is just behind its STOP."""
    cdef Reading r = Reading(tape)
    cdef const unsigned char* base = tape.bytes_at(begin)
    cdef const unsigned char* p = base
    cdef const unsigned char* end = base + size
    cdef uint32_t* items
    cdef uint32_t row
    cdef uint64_t n
    cdef int op = 0
    cdef bint waiting = False
    try:
        while True:
            if p >= end:
                raise TruncatedError("Ran out of input", p - base)
            op = p[0]
            if waiting and op != OP_POP and op != OP_POP_MARK:
                waiting = False
                if op != OP_BINGET and op != OP_LONG_BINGET and op != OP_GET:
                    r.settle()
            if end - p - 1 < fixed[op]:
                raise TruncatedError("pickle data was truncated", p - base)
            if leaf_kind[op]:
                row = tape.add_row(leaf_kind[op], op, begin + (p - base), 1 + fixed[op])
                n = 1 + fixed[op]
                if counted[op]:
                    n = p[1] if fixed[op] == 1 else u32(p + 1) if fixed[op] == 4 else u64(p + 1)
                    if n > <uint64_t>(end - p - 1 - fixed[op]):
                        raise TruncatedError("pickle data was truncated", p - base)
                    if leaf_kind[op] == STR and not is_utf8(p + 1 + fixed[op], n):
                        raise CorruptError("text that is not UTF-8")
                    n += 1 + fixed[op]
                elif leaf_kind[op] == EXTENSION and load_code(p, fixed[op]) == 0:
                    raise CorruptError("EXT specifies code <= 0")
                if r.sp == r.limit:
                    r.grow()
                r.sp[0] = row
                r.sp += 1
                p += n
            elif op == OP_MEMOIZE:
                r.put(r.memo_count)
                tape.memo_op = op
                p += 1
            elif op == OP_BINPUT or op == OP_LONG_BINPUT:
                tape.memo_op = OP_BINPUT
                r.put(p[1] if op == OP_BINPUT else u32(p + 1))
                p += 1 + fixed[op]
            elif op == OP_BINGET or op == OP_LONG_BINGET:
                row = r.got(p[1] if op == OP_BINGET else u32(p + 1))
                if r.popped and not r.given_up(row):
                    r.settle()
                r.push(row)
                p += 1 + fixed[op]
            elif op == OP_MARK:
                r.mark()
                p += 1
            elif op == OP_APPENDS or op == OP_SETITEMS or op == OP_ADDITEMS:
                items = r.pop_mark()
                if op == OP_SETITEMS and (r.sp - items) & 1:
                    raise CorruptError("odd number of items for SETITEMS")
                r.fill(op, LIST if op == OP_APPENDS else DICT if op == OP_SETITEMS else SET, items)
                p += 1
            elif op == OP_APPEND or op == OP_SETITEM or op == OP_BUILD:
                r.want(3 if op == OP_SETITEM else 2)
                r.fill(op, LIST if op == OP_APPEND else DICT if op == OP_SETITEM else OBJECT,
                       r.sp - (2 if op == OP_SETITEM else 1))
                p += 1
            elif op == OP_TUPLE1 or op == OP_TUPLE2 or op == OP_TUPLE3:
                r.want(op - OP_TUPLE1 + 1)
                r.close(TUPLE, op, begin + (p - base), r.sp - (op - OP_TUPLE1 + 1))
                p += 1
            elif op == OP_TUPLE or op == OP_LIST or op == OP_DICT or op == OP_FROZENSET:
                items = r.pop_mark()
                if op == OP_DICT and (r.sp - items) & 1:
                    raise CorruptError("odd number of items for DICT")
                r.close(TUPLE if op == OP_TUPLE else LIST if op == OP_LIST else DICT if op == OP_DICT else FROZENSET,
                        op, begin + (p - base), items)
                p += 1
            elif op == OP_STACK_GLOBAL:
                r.want(2)
                if tape.rows[r.sp[-1]].kind != STR or tape.rows[r.sp[-2]].kind != STR:
                    raise CorruptError("STACK_GLOBAL requires str")
                r.close(NAME, op, begin + (p - base), r.sp - 2)
                p += 1
            elif op == OP_REDUCE or op == OP_NEWOBJ or op == OP_NEWOBJ_EX:
                r.want(3 if op == OP_NEWOBJ_EX else 2)
                r.close(OBJECT, op, begin + (p - base), r.sp - (3 if op == OP_NEWOBJ_EX else 2))
                p += 1
            elif op == OP_OBJ:
                items = r.pop_mark()
                if r.sp == items:
                    raise CorruptError("unpickling stack underflow")
                r.close(OBJECT, op, begin + (p - base), items)
                p += 1
            elif op == OP_BINPERSID:
                r.want(1)
                r.close(PERSISTENT, op, begin + (p - base), r.sp - 1)
                p += 1
            elif op == OP_POP or op == OP_POP_MARK:
                if op == OP_POP_MARK or (r.mark_count and r.sp == r.fence):
                    items = r.pop_mark()
                    r.popped_mark |= op == OP_POP_MARK
                else:
                    r.want(1)
                    items = r.sp - 1
                while r.sp > items:
                    r.sp -= 1
                    r.popped.append(r.sp[0])
                p += 1
                waiting = True
            elif op == OP_DUP:
                r.want(1)
                r.push(r.sp[-1])
                p += 1
            elif op == OP_READONLY_BUFFER:
                r.want(1)
                if tape.rows[r.sp[-1]].kind != BUFFER:
                    raise CorruptError("READONLY_BUFFER of what is no buffer")
                tape.rows[r.sp[-1]].flags |= READONLY
                p += 1
            elif op == OP_PROTO:
                if p[1] > 5:
                    raise CorruptError(f"unsupported pickle protocol: {p[1]}")
                # By its protocol a name is one of Python 2, or not; so is every name before.
                if r.named and begin == 0 and (p[1] < 3) != (tape.protocol < 3):
                    raise CorruptError("PROTO in the middle of a stream")
                if begin == 0:
                    tape.protocol = p[1]
                p += 2
            elif op == OP_FRAME:
                if u64(p + 1) > <uint64_t>(end - p - 9):
                    raise TruncatedError("pickle exhausted before end of frame", p - base)
                if begin == 0:
                    tape.frames.append(p - base)
                p += 9
            elif op == OP_STOP:
                r.want(1)
                tape.end = p + 1 - base
                return r.sp[-1]
            elif takes_line(op):
                p = read_line(r, op, begin, base, p, end)
            else:
                raise CorruptError(f"invalid load key, {bytes([op])!r}.")
    except CorruptError as error:
        if getattr(error, "offset", None) is None:
            raise CorruptError(f"{error} (at byte {p - base})", p - base) from None
        raise


cdef uint64_t load_code(const unsigned char* p, int width) noexcept:
    """The number of an EXT opcode; 0 where it is none."""
    cdef uint64_t n = p[1] if width == 1 else p[1] | (<uint64_t>p[2] << 8) if width == 2 else u32(p + 1)
    return n if n < 0x80000000 else 0


cdef bint takes_line(int op) noexcept:
    return is_line_leaf(op) or op == OP_GET or op == OP_PUT or op == OP_GLOBAL or op == OP_INST


cdef const unsigned char* read_line(Reading r, int op, uint64_t begin, const unsigned char* base,
                                    const unsigned char* p, const unsigned char* end) except NULL:
    """An opcode of protocol 0, whose argument is a line; where the next one begins."""
    cdef Tape tape = r.tape
    cdef uint64_t at = begin + (p - base)
    cdef const unsigned char* stop = <const unsigned char*>memchr(p + 1, 10, end - p - 1)
    cdef uint32_t* items
    cdef uint32_t name
    cdef Py_ssize_t i, depth
    if stop == NULL:
        raise TruncatedError("pickle data was truncated", p - base)
    line = p[1:stop - p]
    if op == OP_GET or op == OP_PUT:
        index = index_of(line)
        if op == OP_PUT:
            r.put(index)
            tape.memo_op = op
        else:
            name = r.got(index)
            if r.popped and not r.given_up(name):
                r.settle()
            r.push(name)
        return stop + 1
    if op == OP_GLOBAL or op == OP_INST:
        stop = <const unsigned char*>memchr(stop + 1, 10, end - stop - 1)
        if stop == NULL:
            raise TruncatedError("pickle data was truncated", p - base)
        name = tape.add_row(NAME, op, at, 1)
        r.named = True
        tape.name(name)  # raises where it is no text
        if op == OP_GLOBAL:
            r.push(name)
            return stop + 1
        items = r.pop_mark()
        if r.sp == r.limit:
            depth = items - r.stack
            r.grow()
            items = r.stack + depth
        for i in range(r.sp - items, 0, -1):  # the class goes first, under its arguments
            items[i] = items[i - 1]
        items[0] = name
        r.sp += 1
        r.close(OBJECT, op, at, items)
        return stop + 1
    if op == OP_INT and (line == b"00" or line == b"01"):
        name = tape.add_row(BOOL, op, at, 1)
    else:
        name = tape.add_row(
            FLOAT if op == OP_FLOAT else STRING if op == OP_STRING else STR if op == OP_UNICODE
            else PERSISTENT if op == OP_PERSID else INT, op, at, 1)
        tape.leaf(name)  # raises where the line is nothing of the kind
    r.push(name)
    return stop + 1


cdef uint64_t index_of(bytes line) except? 0:
    if not line.strip().isdigit() or len(line) > 19:
        raise CorruptError("a memo index that is no number")
    return int(line)


cdef bint is_utf8(const unsigned char* s, uint64_t n) noexcept:
    """With surrogates, which pickle writes as it finds them."""
    cdef const unsigned char* end = s + n
    cdef uint32_t c
    cdef int more, i
    while end - s >= 8 and not u64(s) & <uint64_t>0x8080808080808080:
        s += 8
    while s < end:
        c = s[0]
        if c < 0x80:
            s += 1
            continue
        if c < 0xC2 or c > 0xF4:
            return False
        more = 1 if c < 0xE0 else 2 if c < 0xF0 else 3
        if end - s <= more:
            return False
        c &= 0x3F >> more
        for i in range(1, more + 1):
            if s[i] & 0xC0 != 0x80:
                return False
            c = c << 6 | (s[i] & 0x3F)
        if (more == 2 and c < 0x800) or (more == 3 and not 0x10000 <= c <= 0x10FFFF):
            return False
        s += more + 1
    return True
