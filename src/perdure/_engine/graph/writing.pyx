"""From a tape to its stream: each node once, where it is first met, in the opcodes that it was read from.

So a stream of a depth-first writer, as all picklers are, comes back byte for byte. What led back to itself through its
own making is written as picklers do it: made inside, then the outer one is dropped for the inner. Frames come last: the
same opcodes keep the frames that they came in.
"""

from cpython.bytes cimport PyBytes_AS_STRING
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from perdure._engine.graph.stack cimport doubled
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *

from perdure.errors import CorruptError

cdef enum:
    FRAME_TARGET = 65536
    FRAME_HEADER = 9
    SMALLEST_FRAME = 4
    TRIED = 2

# A node whose parts are being written; `part` is the one that is open, `next` its next child.
cdef struct Step:
    uint32_t row
    uint32_t part
    uint32_t next
    int made   # 1: its opcode is out, what follows fills it; TRIED: see Tape.attempts


class Circle(Exception):
    """A node is made of itself; caught in `write` alone."""


cdef class Writing:
    cdef Tape tape
    cdef unsigned char* base
    cdef Py_ssize_t n, room
    cdef Step* steps
    cdef Py_ssize_t depth, step_room
    cdef uint32_t* memo     # by row: its index + 1
    cdef uint32_t memo_count
    cdef int memo_op
    cdef bint all           # every node gets a place in the memo, whoever wants it
    cdef list cuts          # where frames may end: (offset, whether what follows is a long argument, which has none)
    cdef Py_ssize_t cut

    def __cinit__(self, Tape tape, bint all):
        cdef Py_ssize_t i
        self.all = all
        self.tape = tape
        self.room = 4096
        self.step_room = 64
        self.base = <unsigned char*>PyMem_Malloc(self.room)
        self.steps = <Step*>PyMem_Malloc(self.step_room * sizeof(Step))
        self.memo = <uint32_t*>PyMem_Malloc(tape.row_count * sizeof(uint32_t))
        if self.base == NULL or self.steps == NULL or self.memo == NULL:
            raise MemoryError
        for i in range(tape.row_count):
            self.memo[i] = 0
            tape.rows[i].flags &= ~(ENTERED | AGAIN)
        self.memo_op = tape.memo_op
        if not self.memo_op:
            self.memo_op = OP_MEMOIZE if tape.protocol >= 4 else OP_BINPUT if tape.protocol >= 1 else OP_PUT
        self.cuts = []

    def __dealloc__(self):
        PyMem_Free(self.base)
        PyMem_Free(self.steps)
        PyMem_Free(self.memo)

    cdef bytes stream(self):
        cdef Tape tape = self.tape
        cdef unsigned char* p
        if tape.protocol >= 2:
            p = self.more(2)
            p[0] = OP_PROTO
            p[1] = <unsigned char>tape.protocol
        for row in tape.dropped:
            self.run(row)
            self.code(OP_POP)
        self.run(tape.root)
        self.code(OP_STOP)
        return self.framed()

    # -- bytes

    cdef unsigned char* more(self, Py_ssize_t n) except NULL:
        """Room for a whole opcode."""
        cdef unsigned char* moved
        cdef Py_ssize_t room = self.room
        if self.n - self.cut + n > FRAME_TARGET:
            self.cut = self.n
            self.cuts.append((self.n, n >= FRAME_TARGET))
        while room - self.n < n:
            room *= 2
        if room > self.room:
            moved = <unsigned char*>PyMem_Realloc(self.base, room)
            if moved == NULL:
                raise MemoryError
            self.base = moved
            self.room = room
        self.n += n
        return self.base + self.n - n

    cdef inline int code(self, int op) except -1:
        self.more(1)[0] = <unsigned char>op
        return 0

    cdef int indexed(self, int op, int long_op, int line_op, uint32_t index) except -1:
        """PUT or GET of a memo index, in the form that the stream has."""
        cdef unsigned char* p
        cdef int i
        if self.memo_op == OP_PUT:
            line = b"%c%d\n" % (line_op, index)
            memcpy(self.more(len(line)), PyBytes_AS_STRING(line), len(line))
        elif index < 256:
            p = self.more(2)
            p[0] = <unsigned char>op
            p[1] = <unsigned char>index
        else:
            p = self.more(5)
            p[0] = <unsigned char>long_op
            for i in range(4):
                p[1 + i] = <unsigned char>(index >> (8 * i))
        return 0

    cdef int get(self, uint32_t row) except -1:
        return self.indexed(OP_BINGET, OP_LONG_BINGET, OP_GET, self.memo[row] - 1)

    cdef int memoize(self, uint32_t row) except -1:
        cdef Row* r = &self.tape.rows[row]
        if not r.flags & MEMO and ((r.uses < 2 and not self.all) or NONE <= r.kind <= FLOAT
                                   or (r.op == OP_EMPTY_TUPLE and not r.first)):
            return 0
        self.memo_count += 1
        self.memo[row] = self.memo_count
        if self.memo_op == OP_MEMOIZE:
            return self.code(OP_MEMOIZE)
        return self.indexed(OP_BINPUT, OP_LONG_BINPUT, OP_PUT, self.memo_count - 1)

    # -- nodes

    cdef int enter(self, uint32_t row) except -1:
        """A node's opcode, or what comes before it; its parts are left as a step."""
        cdef Row* r
        cdef Py_ssize_t size
        cdef int made
        row = found(self.tape, row)
        r = &self.tape.rows[row]
        if self.memo[row]:
            return self.get(row)
        if r.flags & AGAIN:
            raise Circle
        if self.tape.attempts and not r.flags & ENTERED and row in self.tape.attempts:
            r.flags |= ENTERED
            if takes_mark(r.op):
                self.code(OP_MARK)
            return self.push(row, self.tape.attempts[row], TRIED)
        made = not has_making(r)
        if made:
            size = self.tape.size_of(row)
            memcpy(self.more(size), self.tape.bytes_at(r.at), size)
            if r.flags & READONLY:
                self.code(OP_READONLY_BUFFER)
            self.memoize(row)
            if not r.first:
                return 0
        else:
            r.flags |= AGAIN if r.flags & ENTERED else ENTERED
            if takes_mark(r.op):
                self.code(OP_MARK)
        return self.push(row, r.first, made)

    cdef int push(self, uint32_t row, uint32_t part, int made) except -1:
        if self.depth == self.step_room:
            self.steps = <Step*>doubled(self.steps, &self.step_room, sizeof(Step))
        self.steps[self.depth].row = row
        self.steps[self.depth].part = part
        self.steps[self.depth].next = 0
        self.steps[self.depth].made = made
        self.depth += 1
        return 0

    cdef int run(self, uint32_t root) except -1:
        cdef Step* s
        cdef Part* part
        cdef uint32_t row
        cdef int op
        self.enter(root)
        while self.depth:
            s = &self.steps[self.depth - 1]
            row = s.row
            op = self.tape.rows[row].op
            part = &self.tape.parts[s.part] if s.part else NULL
            if s.made == TRIED:
                if s.next < part.count:
                    s.next += 1
                    self.enter(self.tape.children[part.start + s.next - 1])
                else:
                    self.depth -= 1
                    self.give_up(row, part)
                continue
            if not s.made:
                if part != NULL and part.op == op:
                    if s.next < part.count:
                        s.next += 1
                        if op != OP_INST or s.next > 1:  # INST has its class's name in its own argument
                            self.enter(self.tape.children[part.start + s.next - 1])
                        continue
                    s.part = part.next
                s.next = 0
                s.made = True
                if not self.make(row):
                    self.depth -= 1
                continue
            if part == NULL:
                self.depth -= 1
                continue
            if s.next == 0 and takes_mark(part.op):
                self.code(OP_MARK)
            if s.next < part.count:
                s.next += 1
                self.enter(self.tape.children[part.start + s.next - 1])
                continue
            self.code(part.op)
            s.part = part.next
            s.next = 0
        return 0

    cdef int give_up(self, uint32_t row, Part* part) except -1:
        """What a node was being made of goes, for the node that was made meanwhile."""
        if part.op == OP_POP_MARK:
            self.code(OP_POP_MARK)
        else:
            for _ in range(part.count + takes_mark(self.tape.rows[row].op)):
                self.code(OP_POP)
        return self.enter(row)  # where an edit took it out of there, it is made now

    cdef bint make(self, uint32_t row) except -1:
        """The opcode that makes a node of what it is made of; False where it was made meanwhile."""
        cdef Row* r = &self.tape.rows[row]
        cdef Py_ssize_t n = self.tape.parts[r.first].count if r.first and self.tape.parts[r.first].op == r.op else 0
        r.flags &= ~(AGAIN if r.flags & AGAIN else ENTERED)
        if self.memo[row]:
            if r.op == OP_TUPLE or r.op == OP_FROZENSET:
                if self.memo_op != OP_PUT:
                    self.code(OP_POP_MARK)
                else:
                    for _ in range(n + 1):
                        self.code(OP_POP)
            elif r.kind == TUPLE:
                for _ in range(n):
                    self.code(OP_POP)
            else:
                self.put_making(row)
                self.code(OP_POP)
            self.get(row)
            return False
        self.put_making(row)
        self.memoize(row)
        return True

    cdef int put_making(self, uint32_t row) except -1:
        cdef Row* r = &self.tape.rows[row]
        cdef Py_ssize_t size
        if r.op == OP_INST:
            size = self.tape.size_of(row)
            memcpy(self.more(size), self.tape.bytes_at(r.at), size)
            return 0
        return self.code(r.op)

    # -- frames

    cdef bytes framed(self):
        """The stream, in frames where its protocol has them."""
        cdef Tape tape = self.tape
        cdef Py_ssize_t end, at = 2
        source = self.unframed()
        if source is not None:
            return source
        if tape.protocol < 4:
            return self.base[:self.n]
        pieces = [self.base[:2]]
        cuts = [*self.cuts, (self.n, False)]
        bare = False
        for end, long_one in cuts:
            if end - at >= SMALLEST_FRAME and not bare:
                pieces.append(bytes([OP_FRAME]) + (end - at).to_bytes(8, "little"))
            pieces.append(self.base[at:end])
            at, bare = end, long_one
        return b"".join(pieces)

    cdef bytes unframed(self):
        """The source, where it holds the same opcodes; else None."""
        cdef Tape tape = self.tape
        cdef Py_ssize_t at = 0, written = 0, upto
        for upto in [*tape.frames, tape.end]:
            if at and frame_size(tape.base + at) > <uint64_t>(upto - at):
                return None  # a frame that does not end where the next one begins, or the stream
            if self.n - written < upto - at or memcmp(self.base + written, tape.base + at, upto - at) != 0:
                return None
            written += upto - at
            at = upto + FRAME_HEADER
        return tape.base[:tape.end] if written == self.n else None


cdef inline uint64_t frame_size(const unsigned char* p) noexcept:
    """How many bytes are in the frame whose header ends at p."""
    cdef uint64_t size = 0
    cdef int i
    for i in range(8):
        size = size << 8 | (p - 1 - i)[0]
    return size


cdef bint has_making(Row* r) noexcept:
    """Whether the node's opcode comes after what it is made of."""
    cdef int op = r.op
    return (OP_TUPLE1 <= op <= OP_TUPLE3 or op == OP_TUPLE or op == OP_LIST or op == OP_DICT or op == OP_FROZENSET
            or op == OP_STACK_GLOBAL or op == OP_REDUCE or op == OP_NEWOBJ or op == OP_NEWOBJ_EX or op == OP_OBJ
            or (op == OP_INST and r.kind == OBJECT) or op == OP_BINPERSID)


cdef bint takes_mark(int op) noexcept:
    return (op == OP_TUPLE or op == OP_LIST or op == OP_DICT or op == OP_FROZENSET or op == OP_OBJ or op == OP_INST
            or op == OP_APPENDS or op == OP_SETITEMS or op == OP_ADDITEMS)


cdef bytes write(Tape tape):
    """CorruptError where a node can't be made without itself."""
    try:
        return Writing(tape, False).stream()
    except Circle:  # one that no reference marks as such: tuple -> list -> tuple
        try:
            return Writing(tape, True).stream()
        except Circle:
            raise CorruptError("a node is made of itself") from None
