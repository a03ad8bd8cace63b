"""What must be known of rows before, and while, a document is written: who needs an id, what an attribute can hold."""

from cpython.bytes cimport PyBytes_AS_STRING
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport uint8_t, uint32_t

from perdure._engine.graph.stack cimport *
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.text.formed cimport first_step, holds
from perdure._engine.text.xml_output cimport fits


cdef class Survey(Output):
    """A document that is being written, and what its tape is known to hold."""

    def __cinit__(self, Tape tape, *_):
        self.tape = tape
        self.names = {}
        self.seen = <uint8_t*>PyMem_Calloc(tape.row_count, sizeof(uint8_t))
        if self.seen == NULL:
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self.seen)

    cdef int look(self, uint32_t root) except -1:
        """How many places lead to a row from this one, and which rows are altered."""
        cdef Tape tape = self.tape
        cdef Stack waiting
        cdef uint32_t row, part, child, i
        cdef Row* r
        cdef Part* p
        row = found(tape, root)
        if self.seen[row]:
            self.seen[row] |= AGAIN_SEEN if has_identity(&tape.rows[row]) else 0
            return 0
        self.seen[row] = ONCE
        begin_stack(&waiting)
        try:
            push_row(&waiting, row)
            while waiting.count:
                waiting.count -= 1
                row = waiting.at[waiting.count]
                r = &tape.rows[row]
                part = r.first
                while part:
                    p = &tape.parts[part]
                    if r.kind != OBJECT and not holds(r, p.op):
                        self.seen[row] |= ALTERED
                    for i in range(p.count):
                        child = found(tape, tape.children[p.start + i])
                        if self.seen[child]:
                            self.seen[child] |= AGAIN_SEEN if has_identity(&tape.rows[child]) else 0
                            continue
                        self.seen[child] = ONCE
                        if tape.rows[child].first:
                            push_row(&waiting, child)
                    part = p.next
        finally:
            end_stack(&waiting)
        return 0

    cdef Py_ssize_t count(self, uint32_t row) noexcept:
        """Of the children that a node of its kind has, up to where it is altered."""
        cdef uint32_t part = self.tape.rows[row].first, end = first_step(self.tape, row)
        cdef Py_ssize_t n = 0
        while part != end:
            n += self.tape.parts[part].count
            part = self.tape.parts[part].next
        return n

    cdef bint is_empty(self, uint32_t row) noexcept:
        """Whether it is the empty tuple, which goes without saying among arguments."""
        return self.tape.rows[row].kind == TUPLE and not self.tape.rows[row].first

    cdef Text text_of(self, uint32_t row) except *:
        """A STR as UTF-8, with surrogates."""
        cdef Text text
        if self.tape.rows[row].op != OP_UNICODE:
            return self.tape.argument(row)
        self.held = self.tape.leaf(row).encode("utf-8", "surrogatepass")
        text.data = <const unsigned char*>PyBytes_AS_STRING(self.held)
        text.n = len(self.held)
        return text

    cdef bytes name_of(self, uint32_t row):
        """``module:qualname``, where an attribute can hold that."""
        cdef bytes whole
        if self.tape.rows[row].kind != NAME:
            return None
        if row not in self.names:
            module, name = self.tape.name(row)
            whole = f"{module}:{name}".encode("utf-8", "surrogatepass")
            sound = ":" not in module and fits(whole, len(whole))
            self.names[row] = whole if sound else None
        return self.names[row]

    cdef bint is_label(self, uint32_t row) except -1:
        """Whether a key is a text that an attribute can hold."""
        cdef Text text
        if self.tape.rows[row].kind != STR or self.seen[row] & ALTERED:
            return False
        text = self.text_of(row)
        return fits(text.data, text.n)

    cdef bint is_attributes(self, uint32_t row) except -1:
        """Whether a state is a dict of attributes, which needs no id."""
        cdef uint32_t part = self.tape.rows[row].first
        cdef Part* p
        cdef uint32_t i
        if self.tape.rows[row].kind != DICT or self.seen[row] & (AGAIN_SEEN | ALTERED) or not self.count(row):
            return False
        while part:
            p = &self.tape.parts[part]
            for i in range(0, p.count, 2):
                if not self.is_label(found(self.tape, self.tape.children[p.start + i])):
                    return False
            part = p.next
        return True


cdef bint has_identity(Row* r) noexcept:
    return (STRING <= r.kind and r.kind != NAME and r.kind != EXTENSION
            and (r.op != OP_EMPTY_TUPLE or r.first != 0))  # an altered one is like no other
