"""Looking ahead over a stream for the memo indices that it reads: see scan.pxd."""

from libc.stdint cimport uint64_t, uint8_t
from libc.string cimport memchr, memset
from perdure._engine.opcodes cimport *
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.machine cimport *
from perdure._engine.reader.scan cimport *

cdef enum:
    ODD = 255      # not an opcode, or STOP, or one whose argument is a line: see `scan`
    COUNTED = 16   # plus the width of the count that follows
    PUTS = 32      # plus the width of the index
    GETS = 48

cdef uint8_t shapes[256]  # an opcode's bytes after itself, or one of the above


cdef void set_up():
    cdef int op
    memset(shapes, ODD, 256)
    for op in (OP_NONE, OP_NEWTRUE, OP_NEWFALSE, OP_EMPTY_LIST, OP_APPEND, OP_APPENDS, OP_LIST, OP_EMPTY_TUPLE,
               OP_TUPLE, OP_TUPLE1, OP_TUPLE2, OP_TUPLE3, OP_EMPTY_DICT, OP_DICT, OP_SETITEM, OP_SETITEMS,
               OP_EMPTY_SET, OP_ADDITEMS, OP_FROZENSET, OP_POP, OP_DUP, OP_MARK, OP_POP_MARK, OP_STACK_GLOBAL,
               OP_REDUCE, OP_BUILD, OP_OBJ, OP_NEWOBJ, OP_NEWOBJ_EX, OP_BINPERSID, OP_NEXT_BUFFER,
               OP_READONLY_BUFFER):
        shapes[op] = 0
    for op in (OP_BININT1, OP_EXT1, OP_PROTO):
        shapes[op] = 1
    for op in (OP_BININT2, OP_EXT2):
        shapes[op] = 2
    for op in (OP_BININT, OP_EXT4):
        shapes[op] = 4
    for op in (OP_BINFLOAT, OP_FRAME):
        shapes[op] = 8
    for op in (OP_LONG1, OP_SHORT_BINSTRING, OP_SHORT_BINBYTES, OP_SHORT_BINUNICODE):
        shapes[op] = COUNTED + 1
    for op in (OP_LONG4, OP_BINSTRING, OP_BINBYTES, OP_BINUNICODE):
        shapes[op] = COUNTED + 4
    for op in (OP_BINBYTES8, OP_BYTEARRAY8, OP_BINUNICODE8):
        shapes[op] = COUNTED + 8
    shapes[<int>OP_MEMOIZE] = PUTS
    shapes[<int>OP_BINPUT] = PUTS + 1
    shapes[<int>OP_LONG_BINPUT] = PUTS + 4
    shapes[<int>OP_BINGET] = GETS + 1
    shapes[<int>OP_LONG_BINGET] = GETS + 4

set_up()


cdef inline uint64_t number(const unsigned char* p, int width) noexcept:
    if width == 1:
        return p[0]
    return u32(p) if width == 4 else u64(p)


cdef int mark_read(Machine* m, uint64_t index) noexcept:
    cdef Py_ssize_t words = m.memo_reads_bits >> 6
    cdef Py_ssize_t more
    cdef uint64_t* grown
    if index >= <uint64_t>m.memo_reads_bits:
        more = words * 2 if words * 2 > <Py_ssize_t>(index >> 6) + 8 else <Py_ssize_t>(index >> 6) + 8
        grown = <uint64_t*>PyMem_Realloc(m.memo_reads, more * sizeof(uint64_t))
        if grown == NULL:
            return -1
        memset(grown + words, 0, (more - words) * sizeof(uint64_t))
        m.memo_reads = grown
        m.memo_reads_bits = more << 6
    m.memo_reads[index >> 6] |= <uint64_t>1 << (index & 63)
    return 0


cdef int scan(Machine* m, const unsigned char* p) noexcept:
    """Notes the indices read from p (an opcode) on; m.scanned tells whether that is known."""
    cdef const unsigned char* end = m.end if m.outer == NULL else m.outer
    cdef uint64_t count = m.memo_count
    cdef uint64_t n
    cdef int shape, width, op
    m.scanned = -1
    if m.read != NULL or m.keeps_memo or m.memo_filled != m.memo_count or m.memo_sparse != NULL:
        return 0
    while p < end:
        op = p[0]
        shape = shapes[op]
        p += 1
        if shape < COUNTED:
            p += shape
        elif shape == ODD:
            if op == OP_GET or op == OP_PUT or op == OP_PERSID or op == OP_INST:
                return 0  # protocol 0: not worth it
            n = 2 if op == OP_GLOBAL else 1
            if op == OP_STOP or op != OP_GLOBAL and op != OP_INT and op != OP_LONG and op != OP_FLOAT \
                    and op != OP_STRING and op != OP_UNICODE:
                break
            while n and p < end:
                p = <const unsigned char*>memchr(p, 10, end - p)
                if p == NULL:
                    p = end
                    break
                p += 1
                n -= 1
        else:
            width = shape & 15
            if end - p < width:
                break
            if shape < PUTS:
                n = number(p, width)
                p += width
                if n > <uint64_t>(end - p):
                    break
                p += n
            elif shape < GETS:
                if width and number(p, width) != count:
                    return 0
                count += 1
                p += width
            else:
                n = number(p, width)
                p += width
                if n < count and mark_read(m, n) < 0:
                    return 0
    m.scanned = 1
    return 0
