# The graph of a stream as four columns: rows (one a node), parts (what fills a node, one an opcode), children
# (the nodes of a part), and the bytes that the leaves lie in.
#
# Rules:
# - A node is its row's index. Row 0 is nobody's: 0 stands for "none".
# - A leaf is its opcode with its argument, where the stream has them: `at` says where. Nothing is copied.
# - Children and parts are only ever added: an edit adds what is new and links it in.
# - A row may stand for another one (FORWARD), which an edit put in its place: `found` follows.

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from perdure._engine.opcodes cimport OP_FLOAT, OP_INT, OP_LONG, OP_PERSID, OP_STRING, OP_UNICODE

cdef enum Kind:
    FORWARD     # stands for the row `first`
    NONE
    BOOL
    INT
    FLOAT
    STR
    STRING      # a str of Python 2: bytes, whose encoding only who loads them knows
    BYTES
    BYTEARRAY
    BUFFER      # out of band
    LIST
    TUPLE
    DICT
    SET
    FROZENSET
    NAME        # of a class, a function or whatever else is found by its module and name
    EXTENSION   # the same, by a number of copyreg's registry
    OBJECT      # what a callable makes, or a class's __new__
    PERSISTENT  # what the reader's persistent_load makes of an id

cdef enum:
    MEMO = 1      # the stream put it into the memo
    READONLY = 2  # a BUFFER, by READONLY_BUFFER
    ENTERED = 4   # by the writer, which is inside of it
    AGAIN = 8     # and a second time

cdef struct Row:
    uint64_t at
    uint32_t first  # of its parts
    uint32_t last
    uint32_t uses   # how many children it is among
    uint8_t kind
    uint8_t op      # the opcode that made it
    uint8_t flags
    uint8_t width   # of the bytes at `at` before the argument

cdef struct Part:
    uint32_t start  # of its children
    uint32_t count
    uint32_t next   # part of the same node
    uint8_t op      # that took the children

cdef struct Text:
    const unsigned char* data
    Py_ssize_t n

cdef class Tape:
    cdef Row* rows
    cdef Part* parts
    cdef uint32_t* children
    cdef Py_ssize_t row_count, row_room, part_count, part_room, child_count, child_room
    cdef readonly uint32_t root
    cdef readonly int protocol
    cdef int memo_op               # by which the stream puts into its memo: MEMOIZE, BINPUT or PUT; 0: it does not
    cdef readonly Py_ssize_t end   # of the stream, in the first source
    cdef list frames               # where FRAME opcodes lie
    cdef list dropped              # nodes of calls that were made for their effect, before there was anything else
    cdef dict attempts             # node: the part with what it was being made of when it was found made already
    # Sources: the stream, and those of what edits added; or what is put here, leaf by leaf.
    cdef const unsigned char* base
    cdef Py_ssize_t size
    cdef list sources              # (where it begins, memoryview)
    cdef unsigned char* own
    cdef Py_ssize_t own_room

    cdef uint32_t add_row(self, int kind, int op, uint64_t at, int width) except 0
    cdef uint32_t add_part(self, uint32_t row, int op, const uint32_t* nodes, Py_ssize_t count) except 0
    cdef const unsigned char* bytes_at(self, uint64_t at) noexcept
    cdef uint64_t add_source(self, view) except? 0
    cdef unsigned char* put(self, Py_ssize_t n) except NULL
    cdef uint32_t put_leaf(self, int kind, int op, int width, const unsigned char* data, Py_ssize_t n) except 0
    cdef Text argument(self, uint32_t row) noexcept
    cdef Py_ssize_t size_of(self, uint32_t row) noexcept
    cdef object leaf(self, uint32_t row)
    cdef object view(self, uint32_t row)
    cdef object name(self, uint32_t row)


cdef tuple kind_names  # by Kind


cdef inline uint32_t found(Tape tape, uint32_t row) noexcept:
    """The row that stands for this one now."""
    while tape.rows[row].kind == FORWARD:
        row = tape.rows[row].first
    return row


cdef inline bint is_line_leaf(int op) noexcept:
    """Whether an opcode pushes a leaf whose argument is a line."""
    return op == OP_INT or op == OP_LONG or op == OP_FLOAT or op == OP_STRING or op == OP_UNICODE or op == OP_PERSID
