# The elements of perdure's XML, by number, and how values are spelt in them.

from libc.stdint cimport uint8_t

# What an element is for the one around it, as bits.
cdef enum:
    ROOT = 1
    VALUE = 2
    PLAIN = 4     # a <str> whose text counts, not its node
    CHAR_ = 8
    ENTRY_ = 16
    KEY_ = 32
    MAKING = 64
    WHOLE_ARGS = 128
    KEYWORDS = 256
    STEP = 512
    FIRST = 1024  # what is called before there is a value

cdef enum:
    _DOCUMENT, _PERDURE, _NONE, _TRUE, _FALSE, _INT, _FLOAT, _STR, _CHAR, _BYTES, _BYTEARRAY, _STRING, _BUFFER, _LIST
    _TUPLE, _SET, _FROZENSET, _DICT, _ENTRY, _KEY, _NAME, _EXTENSION, _PERSISTENT, _REF, _OBJECT, _CALL, _INSTANCE
    _ALTERED, _CALLEE, _ARGS, _ARGUMENTS, _KWARGS, _ITEMS, _PAIRS, _ADDS, _STATE, _EFFECT, _ATTR
    _FORM   # and those that follow: one for each form
    MOST_ELEMENTS = 128

cdef enum:
    LAST = 4    # the stage that comes again and again
    KEYED = 9   # of an entry, behind its key

cdef struct Element:
    int role
    int accepts
    int stage       # its turn among what makes an object
    uint8_t kind    # of the node that it begins as
    uint8_t op
    bint text
    bint labelled   # whether it may have an id
    bint needed     # its attribute

cdef Element* elements
cdef str NAMESPACE
cdef str VERSIONS     # what another one's number follows
cdef str SPACE
cdef list names       # by element
cdef list attributes  # by element: the one that it has besides its id; of a form, all, as a tuple
cdef dict numbers     # elements by what expat calls them

cdef enum:
    MOST_DIGITS = 640  # of an int in decimal: the least that sys.set_int_max_str_digits can forbid more than

cdef bint is_blank(str text) noexcept
cdef bint is_digits(str text) noexcept
cdef bint is_hex(str text, Py_ssize_t begin) noexcept
cdef bint is_code(str text) except -1
cdef bint is_label(str text) except -1
cpdef double real(str text) except? -1.0
