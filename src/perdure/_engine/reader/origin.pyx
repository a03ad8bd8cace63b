# cython: wraparound=True, boundscheck=True
"""Where in the object a load failed: `root['users'][3].session`.

Nothing is recorded while a load succeeds. When it fails, the stack and the marks are still
there, and so is the rest of the stream: following the opcodes that would have come next, without
executing them, shows which container would have taken what failed, under which key, and so on
up to the root. Where the stream ends too early, the containers on the stack are taken to be
filled by what lies above their marks.
"""

from cpython.object cimport PyObject
from libc.stdint cimport uint64_t
from libc.string cimport memchr
from perdure._engine.opcodes cimport *
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.machine cimport *

cdef enum:
    MOST_VALUES = 100_000  # on the stack, beyond which no place is looked for
    MOST_OPCODES = 20_000  # that are followed
    MOST_PARTS = 40        # of a path; the middle of a deeper one is left out

cdef object FAILED = object()  # what could not be made; then what took it
cdef object OTHER = object()   # any value of no interest here
cdef object STATE = object()   # marks a part that BUILD may turn into an attribute


cdef class Container:
    """A container on the stack: of which kind, and how many items it has already."""
    cdef str kind
    cdef Py_ssize_t size

    def __cinit__(self, str kind, Py_ssize_t size=0):
        self.kind = kind
        self.size = size


cdef object origin_of(Machine* m):
    """The path, or None where there is nothing to say."""
    cdef Py_ssize_t count = m.sp - m.stack
    cdef Py_ssize_t i
    if count > MOST_VALUES or m.mark_count > MOST_VALUES:
        return None
    stack = [summary(m.stack[i]) for i in range(count)]
    marks = [m.marks[i] for i in range(1, m.mark_count)]
    if m.mark_count:
        marks.append(m.fence - m.stack)
    return Follower(stack, marks).path(m)


cdef object summary(PyObject* slot):
    cdef object value
    if is_lazy(slot):
        return Container("dict")
    value = <object>slot
    kind = type(value)
    if kind is list:
        return Container("list", len(value))
    if kind is dict:
        return Container("dict", len(value))
    if kind is set:
        return Container("set", len(value))
    if kind is int or kind is str:
        return value
    return OTHER


cdef class Follower:
    cdef list stack, marks, parts
    cdef Py_ssize_t failed  # the position of FAILED, or -1

    def __cinit__(self, list stack, list marks):
        self.stack = stack
        self.marks = marks
        self.parts = []
        self.failed = -1

    cdef object path(self, Machine* m):
        cdef const unsigned char* end = m.end if m.outer == NULL else m.outer
        cdef Py_ssize_t steps = 0
        cdef const unsigned char* p = m.p
        cdef int op
        done = False
        try:
            while p < end and steps < MOST_OPCODES:
                op = p[0]
                p = self.follow(m, op, p + 1, end, steps == 0)
                if p == NULL:
                    break
                if op == OP_STOP:
                    done = True
                    break
                steps += 1
        except (IndexError, UnicodeDecodeError):
            pass
        if not done:
            self.close_all()
        return self.text()

    # -- what an opcode does to the stack

    cdef const unsigned char* follow(self, Machine* m, int op, const unsigned char* p,
                                     const unsigned char* end, bint first) except? NULL:
        """Past the opcode's argument; NULL where it cannot be followed. The first opcode is the
        one that failed: what it would have made, or filled, is what we look for."""
        cdef Py_ssize_t left = end - p
        cdef uint64_t n = 0
        cdef int width
        value = OTHER
        pushes = False
        # the argument
        if op == OP_SHORT_BINUNICODE or op == OP_SHORT_BINBYTES or op == OP_SHORT_BINSTRING or op == OP_LONG1:
            width = 1
        elif op == OP_BINUNICODE or op == OP_BINBYTES or op == OP_BINSTRING or op == OP_LONG4:
            width = 4
        elif op == OP_BINUNICODE8 or op == OP_BINBYTES8 or op == OP_BYTEARRAY8:
            width = 8
        else:
            width = 0
        if width:
            if left < width:
                return NULL
            n = p[0] if width == 1 else u32(p) if width == 4 else u64(p)
            p += width
            if n > <uint64_t>(end - p):
                return NULL
            if (op == OP_SHORT_BINUNICODE or op == OP_BINUNICODE) and n <= 200:
                value = (<const char*>p)[:n].decode("utf-8", "replace")
            p += n
            pushes = True
        elif op == OP_BININT1 or op == OP_BINGET or op == OP_BINPUT or op == OP_EXT1 or op == OP_PROTO:
            width = 1
        elif op == OP_BININT2 or op == OP_EXT2:
            width = 2
        elif op == OP_BININT or op == OP_LONG_BINGET or op == OP_LONG_BINPUT or op == OP_EXT4:
            width = 4
        elif op == OP_BINFLOAT or op == OP_FRAME:
            width = 8
        if width and not pushes:
            if left < width:
                return NULL
            n = p[0] if width == 1 else p[0] | <uint64_t>p[1] << 8 if width == 2 else u32(p) if width == 4 else u64(p)
            p += width
        if (op == OP_INT or op == OP_LONG or op == OP_FLOAT or op == OP_STRING or op == OP_UNICODE or op == OP_GET
                or op == OP_PUT or op == OP_PERSID or op == OP_GLOBAL or op == OP_INST):
            for _ in range(2 if op == OP_GLOBAL or op == OP_INST else 1):
                p = <const unsigned char*>memchr(p, 10, end - p)
                if p == NULL:
                    return NULL
                p += 1
            pushes = op != OP_PUT and op != OP_INST

        # its effect
        if op == OP_BININT1 or op == OP_BININT2:
            self.push(<object>n, first)
        elif op == OP_BINGET or op == OP_LONG_BINGET:
            if n < <uint64_t>m.memo_filled and m.memo[n] != NULL:
                value = summary(m.memo[n])
            self.push(value, first)
        elif pushes or (op == OP_BININT or op == OP_BINFLOAT or op == OP_NONE or op == OP_NEWTRUE or op == OP_NEWFALSE
                        or op == OP_EXT1 or op == OP_EXT2 or op == OP_EXT4 or op == OP_NEXT_BUFFER
                        or op == OP_EMPTY_TUPLE):
            self.push(value, first)
        elif op == OP_EMPTY_LIST:
            self.push(Container("list"), first)
        elif op == OP_EMPTY_DICT:
            self.push(Container("dict"), first)
        elif op == OP_EMPTY_SET:
            self.push(Container("set"), first)
        elif op == OP_MARK:
            self.marks.append(len(self.stack))
        elif op == OP_POP or op == OP_POP_MARK or op == OP_DUP:
            return NULL
        elif op == OP_APPEND or op == OP_SETITEM:
            self.fill(len(self.stack) - (1 if op == OP_APPEND else 2), op == OP_SETITEM, first)
        elif op == OP_APPENDS or op == OP_SETITEMS or op == OP_ADDITEMS:
            self.fill(self.marks.pop(), op == OP_SETITEMS, first)
        elif op == OP_TUPLE1 or op == OP_TUPLE2 or op == OP_TUPLE3:
            self.gather(len(self.stack) - (op - OP_TUPLE1 + 1), "tuple", first)
        elif op == OP_TUPLE or op == OP_LIST or op == OP_FROZENSET or op == OP_DICT:
            self.gather(self.marks.pop(), "set" if op == OP_FROZENSET else "dict" if op == OP_DICT else "list", first)
        elif op == OP_INST or op == OP_OBJ:
            self.call(len(self.stack) - self.marks.pop(), first)
        elif op == OP_REDUCE or op == OP_NEWOBJ:
            self.call(2, first)
        elif op == OP_NEWOBJ_EX:
            self.call(3, first)
        elif op == OP_STACK_GLOBAL:
            self.call(2, first)
        elif op == OP_BINPERSID:
            self.call(1, first)
        elif op == OP_BUILD:
            self.build(first)
        elif (op != OP_MEMOIZE and op != OP_PUT and op != OP_BINPUT and op != OP_LONG_BINPUT and op != OP_PROTO
              and op != OP_FRAME and op != OP_STOP and op != OP_READONLY_BUFFER):
            return NULL
        return p

    cdef int push(self, object value, bint first) except -1:
        if first:
            self.failed = len(self.stack)
        self.stack.append(FAILED if first else value)
        return 0

    cdef int fill(self, Py_ssize_t start, bint pairs, bint first) except -1:
        """The container under `start` takes what lies above."""
        target = self.stack[start - 1]
        if first:
            self.failed = start - 1
        elif self.failed >= start:
            self.add_part(target, start, pairs)
            self.failed = start - 1
        elif isinstance(target, Container):
            (<Container>target).size += len(self.stack) - start
        del self.stack[start:]
        return 0

    cdef int add_part(self, object target, Py_ssize_t start, bint pairs) except -1:
        cdef Py_ssize_t at = self.failed - start
        kind = (<Container>target).kind if isinstance(target, Container) else "dict" if pairs else "list"
        if pairs:
            if at & 1:
                key = self.stack[self.failed - 1]
                self.parts.append((STATE, key) if key is not OTHER else "[...]")
            else:
                self.parts.append(" (a key)")
        elif kind == "set":
            self.parts.append(" (an element)")
        else:
            self.parts.append(f"[{at + ((<Container>target).size if isinstance(target, Container) else 0)}]")
        return 0

    cdef int gather(self, Py_ssize_t start, str kind, bint first) except -1:
        """A new tuple, list, set or dict of what lies above `start`."""
        if start < 0:
            raise IndexError
        if first:
            self.failed = start
        elif self.failed >= start:
            self.add_part(Container(kind), start, kind == "dict")
            self.failed = start
        del self.stack[start:]
        self.stack.append(FAILED if self.failed == start else OTHER)
        return 0

    cdef int call(self, Py_ssize_t count, bint first) except -1:
        """`count` values make one: the arguments of a call have no place in the object."""
        cdef Py_ssize_t start = len(self.stack) - count
        if start < 0:
            raise IndexError
        if first:
            self.failed = start
        elif self.failed >= start:
            if self.parts:  # else it was the call that failed
                if isinstance(self.parts[-1], str):
                    self.parts.pop()
                self.parts.append(" (an argument)")
            self.failed = start
        del self.stack[start:]
        self.stack.append(FAILED if self.failed == start else OTHER)
        return 0

    cdef int build(self, bint first) except -1:
        cdef Py_ssize_t instance = len(self.stack) - 2
        if instance < 0:
            raise IndexError
        if first:
            self.failed = instance
        elif self.failed > instance:
            if self.parts and self.parts[-1] == "[1]":  # the slots of (None, slots)
                self.parts.pop()
            if self.parts and isinstance(self.parts[-1], tuple):
                key = self.parts.pop()[1]
                self.parts.append(f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r:.100}]")
            else:
                self.parts.append(" (its state)")
            self.failed = instance
        del self.stack[instance + 1:]
        return 0

    # -- where the stream says no more

    cdef int close_all(self) except -1:
        """Every open mark is closed as what lies under it suggests."""
        if self.failed < 0:
            self.failed = len(self.stack)
            self.stack.append(FAILED)
        while self.marks:
            start = self.marks.pop()
            if self.failed < start:
                continue
            target = self.stack[start - 1] if start else OTHER
            outer = self.marks[-1] if self.marks else 0
            if isinstance(target, Container) and start > outer:
                pairs = (<Container>target).kind == "dict"
                if pairs and not (self.failed - start) & 1 and self.failed + 1 < len(self.stack):
                    pairs = False
                self.add_part(target, start, pairs)
                self.failed = start - 1
            else:
                self.add_part(Container("list"), start, False)
                self.failed = start
            del self.stack[self.failed + 1:]
            self.close_single(outer)
        self.close_single(0)
        return 0

    cdef int close_single(self, Py_ssize_t bottom) except -1:
        """What lies directly under it, without a mark, may be the dict or list of one item."""
        while self.failed > bottom:
            under = self.stack[self.failed - 1]
            if isinstance(under, Container):
                if (<Container>under).kind != "list":
                    break
                self.parts.append(f"[{(<Container>under).size}]")
                self.failed -= 1
            elif self.failed - 2 >= bottom and isinstance(self.stack[self.failed - 2], Container) \
                    and (<Container>self.stack[self.failed - 2]).kind == "dict":
                self.parts.append((STATE, under) if under is not OTHER else "[...]")
                self.failed -= 2
            else:
                break
        return 0

    cdef str text(self):
        parts = []
        for part in reversed(self.parts):
            if isinstance(part, tuple):
                part = f"[{part[1]!r:.100}]"
            parts.append(part)
        if len(parts) > MOST_PARTS:
            parts[MOST_PARTS // 2:-MOST_PARTS // 2] = ["..."]
        return "root" + "".join(parts)
