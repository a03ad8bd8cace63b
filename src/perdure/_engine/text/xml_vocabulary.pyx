"""The elements of perdure's XML, and how values are spelt in them (docs/xml.md)."""

from libc.stdint cimport uint8_t
from struct import unpack

from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *

cdef Element table[MOST_ELEMENTS]
cdef Element* elements = table
cdef str NAMESPACE = "urn:perdure:graph:1"
cdef str VERSIONS = "urn:perdure:graph:"
cdef str SPACE = " \t\r\n"
cdef list names = []
cdef list attributes = []
cdef dict numbers = {}


def define(int what, str name, int role, int accepts, *, bint text=False, bint labelled=False, attribute=None,
           bint needed=False, int kind=FORWARD, int op=0, int stage=0):
    """An element of the vocabulary."""
    cdef Element* e = &elements[what]
    e.role = role
    e.accepts = accepts
    e.text = text
    e.labelled = labelled
    e.needed = needed
    e.kind = <uint8_t>kind
    e.op = <uint8_t>op
    e.stage = stage
    names.append(name)
    attributes.append(attribute)
    if name:
        numbers[f"{NAMESPACE} {name}"] = what


cdef int set_up() except -1:
    define(_DOCUMENT, "", 0, ROOT)
    define(_PERDURE, "perdure", ROOT, VALUE | FIRST)
    define(_NONE, "none", VALUE, 0)
    define(_TRUE, "true", VALUE, 0)
    define(_FALSE, "false", VALUE, 0)
    define(_INT, "int", VALUE, 0, text=True)
    define(_FLOAT, "float", VALUE, 0, text=True)
    define(_STR, "str", VALUE | PLAIN, CHAR_, text=True)
    define(_CHAR, "char", CHAR_, 0, attribute="code", needed=True)
    define(_BYTES, "bytes", VALUE, 0, text=True, labelled=True)
    define(_BYTEARRAY, "bytearray", VALUE, 0, text=True, labelled=True)
    define(_STRING, "string", VALUE, 0, text=True, labelled=True)
    define(_BUFFER, "buffer", VALUE, 0, labelled=True, attribute="readonly")
    define(_LIST, "list", VALUE, VALUE, labelled=True, kind=LIST, op=OP_EMPTY_LIST)
    define(_TUPLE, "tuple", VALUE, VALUE, labelled=True, kind=TUPLE, op=OP_EMPTY_TUPLE)
    define(_SET, "set", VALUE, VALUE, labelled=True, kind=SET, op=OP_EMPTY_SET)
    define(_FROZENSET, "frozenset", VALUE, VALUE, labelled=True, kind=FROZENSET, op=OP_FROZENSET)
    define(_DICT, "dict", VALUE, ENTRY_, labelled=True, kind=DICT, op=OP_EMPTY_DICT)
    define(_ENTRY, "entry", ENTRY_, VALUE | KEY_, attribute="key")
    define(_KEY, "key", KEY_, VALUE)
    define(_NAME, "name", VALUE, PLAIN, text=True)
    define(_EXTENSION, "extension", VALUE, 0, attribute="code", needed=True)
    define(_PERSISTENT, "persistent", VALUE, VALUE, labelled=True, kind=PERSISTENT, op=OP_BINPERSID)
    define(_REF, "ref", VALUE, 0, attribute="id", needed=True)
    define(_OBJECT, "object", VALUE, MAKING | WHOLE_ARGS | KEYWORDS | STEP, labelled=True, attribute="class",
           kind=OBJECT, op=OP_NEWOBJ)
    define(_CALL, "call", VALUE, MAKING | WHOLE_ARGS | STEP, labelled=True, attribute="function", kind=OBJECT,
           op=OP_REDUCE)
    define(_INSTANCE, "instance", VALUE, MAKING | STEP, labelled=True, attribute="class", kind=OBJECT, op=OP_OBJ)
    define(_ALTERED, "altered", VALUE, VALUE | STEP)
    define(_CALLEE, "callee", MAKING, VALUE, stage=1)
    define(_ARGS, "args", MAKING, VALUE, stage=2)
    define(_ARGUMENTS, "arguments", WHOLE_ARGS, VALUE, stage=2)
    define(_KWARGS, "kwargs", KEYWORDS, VALUE, stage=3)
    define(_ITEMS, "items", STEP, VALUE, stage=LAST)
    define(_PAIRS, "pairs", STEP, ENTRY_, stage=LAST)
    define(_ADDS, "adds", STEP, VALUE, stage=LAST)
    define(_STATE, "state", STEP, VALUE, stage=LAST)
    define(_EFFECT, "effect", STEP | FIRST, VALUE, stage=LAST)
    define(_ATTR, "attr", STEP, VALUE, attribute="name", needed=True, stage=LAST)

set_up()


def define_form(str name, tuple attributes_of, bint child, bint parts):
    """A form's element: its attributes, whether it takes a value, or the texts of <str>."""
    if f"{NAMESPACE} {name}" in numbers:
        return
    define(len(names), name, VALUE, VALUE if child else PLAIN if parts else 0, text=True, labelled=True,
           attribute=attributes_of, kind=OBJECT, op=OP_REDUCE)


# -- texts


cdef bint is_blank(str text) noexcept:
    cdef Py_UCS4 c
    for c in text:
        if c != 32 and c != 10 and c != 13 and c != 9:
            return False
    return True


cdef bint is_digits(str text) noexcept:
    cdef Py_UCS4 c
    for c in text:
        if not 48 <= c <= 57:
            return False
    return len(text) > 0


cdef bint is_hex(str text, Py_ssize_t begin) noexcept:
    cdef Py_UCS4 c
    cdef Py_ssize_t i
    for i in range(begin, len(text)):
        c = text[i]
        if not (48 <= c <= 57 or 97 <= c <= 102):
            return False
    return len(text) > begin


cdef bint is_code(str text) except -1:
    return len(text) <= 6 and is_hex(text, 0) and int(text, 16) <= 0x10FFFF


cdef bint is_label(str text) except -1:
    cdef Py_UCS4 c
    for c in text:
        if not (48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122 or c == 95 or c == 46 or c == 45):
            return False
    return 0 < len(text) <= 100


cpdef double real(str text) except? -1.0:
    """A float as the vocabulary spells it; ValueError where it is none."""
    cdef Py_UCS4 c
    cdef int state = 0  # 1: among digits; 2: behind the point; 3: behind an e; 4: and its sign; 5: among its digits
    cdef Py_ssize_t i = 1 if text.startswith("-") else 0
    cdef Py_ssize_t n = len(text)
    if text == "nan":
        return unpack(">d", b"\x7f\xf8\0\0\0\0\0\0")[0]
    if text[i:] == "inf":
        return float(text)
    if n == 20 and text.startswith("nan:") and is_hex(text, 4):
        value = unpack(">d", bytes.fromhex(text[4:]))[0]
        if value != value:
            return value
        n = 0
    for i in range(i, n):
        c = text[i]
        if 48 <= c <= 57:
            state = 1 if state == 0 else 5 if state == 3 or state == 4 else state
        elif c == 46 and state == 1:
            state = 2
        elif (c == 101 or c == 69) and (state == 1 or state == 2):
            state = 3
        elif (c == 43 or c == 45) and state == 3:
            state = 4
        else:
            n = 0
            break
    if not 0 < n <= 2000 or not (state == 1 or state == 2 or state == 5):
        raise ValueError(f"the float {text!r:.80}")
    return float(text)


def number(str text):
    """An int, a float or a bool; ValueError where it is none."""
    digits = text[1:] if text.startswith("-") else text
    if is_digits(digits) and len(text) <= MOST_DIGITS:
        return int(text)
    return text == "true" if text == "true" or text == "false" else real(text)
