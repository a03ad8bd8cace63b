# What the machine of a JSON text and its reader of tags share.

from libc.stdint cimport uint8_t, uint32_t

from perdure._engine.graph.assembly cimport Builder
from perdure._engine.graph.stack cimport Stack
from perdure._engine.graph.tape cimport Tape, Text
from perdure._engine.text.scanner cimport Scanner

cdef enum:  # what a frame is
    ARRAY      # a list
    MEMBERS    # a dict
    SEQUENCE   # [nodes] of a tag
    PAIRS      # [[key, value]] of a tag, or {key: value}
    PAIR
    TAGGED     # an object whose first key is a tag
    STEPS      # [[what, nodes]]
    STEP
    ENVELOPE

cdef enum:  # what is expected
    VALUE
    FIRST_ITEM
    AFTER
    KEY
    FIELD
    STEP_OR_END

cdef enum:  # what an object lacks yet
    CALLEE
    ARGUMENTS
    KEYWORDS
    FILLED

cdef enum:  # words: fields, and tags beside the Kinds, which are those of containers
    WORD_NEW = 20
    WORD_ARGS
    WORD_ARGUMENTS
    WORD_KWARGS
    WORD_ITEMS
    WORD_PAIRS
    WORD_ADDS
    WORD_STATE
    WORD_CALL
    WORD_STEPS
    WORD_BEFORE
    WORD_VALUE
    REF = 40
    ID
    NEW
    CALL
    INST
    BYTES_
    BYTEARRAY_
    STRING_
    FLOAT_
    INT_
    STR_
    NAME_
    EXTENSION_
    BUFFER_
    PERSISTENT_
    ALTERED_
    FORM       # and those of the forms, from here on

cdef struct Frame:
    uint8_t what
    uint8_t tag
    uint8_t op       # by which what comes is taken
    uint8_t stage
    uint8_t seen     # which fillings came
    uint32_t row
    uint32_t callee
    uint32_t args
    uint32_t kwargs
    Py_ssize_t base  # of its nodes

cdef struct Known:
    const unsigned char* data
    Py_ssize_t n
    uint32_t row

cdef class Machine(Scanner):
    cdef Builder builder
    cdef Tape tape
    cdef Frame* frames
    cdef Py_ssize_t depth, frame_room
    cdef Stack nodes         # of the frames that are open
    cdef Known* known        # strings that came: keys, words and names, each in its third
    cdef size_t known_slots  # of a third, a power of two
    cdef dict words          # tags and fields: their numbers
    cdef list forms          # by number: (tag, function)
    cdef Stack labelled      # by $id, as long as they come in order
    cdef dict labels         # the other ones
    cdef bint enveloped, before
    cdef uint32_t root

    cdef Frame* open(self, int what, uint32_t row, int op) except NULL
    cdef int push(self, uint32_t row) except -1
    cdef Known* place(self, int third, Text text) noexcept
    cdef bint is_known(self, Known* known, Text text) noexcept
    cdef int remember(self, Known* known, Text text, uint32_t row) except -1
    cdef uint32_t key(self, Text text) except 0
    cdef int word_number(self, Text text) except -1
    cdef int run(self) except -1
    cdef int begin(self) except -1
    cdef int value(self) except -1
    cdef uint32_t small_integer(self, long long value) except 0
    cdef int deliver(self, uint32_t row) except -1
    cdef int after(self) except -1
    cdef int pair(self) except -1
    cdef int member(self) except -1
    cdef int close(self) except -1

    # The reader's:
    cdef int opened(self) except -1
    cdef int field(self) except -1
    cdef int step(self) except -1
    cdef int take_node(self, Frame* frame, uint32_t row) except -1
    cdef int take_nodes(self, Py_ssize_t base) except -1
    cdef int close_tagged(self) except -1
